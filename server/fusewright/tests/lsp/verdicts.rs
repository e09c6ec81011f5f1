//! Verdicts in the editor, from a simulated harness: on their lines, stale after an edit, back after undo.

use serde_json::{Value, json};

use crate::workshop::{
    CONVERT, GENERATE, LINE_OF_KERNEL, LINE_OF_LOAD, LINE_OF_MARKER, LINE_OF_REFERENCE, LINE_OF_WRAPPER,
    Workshop, able, pair,
};

fn line(diagnostic: &Value) -> u32 {
    diagnostic["range"]["start"]["line"].as_u64().unwrap().try_into().unwrap()
}

#[test]
fn each_ruling_stands_on_its_line_with_its_code() {
    let workshop = Workshop::new();
    for (simulated, code, severity, at, message) in [
        (
            "pass",
            "FW505",
            3,
            LINE_OF_WRAPPER,
            "Right, and 2.31x as fast as the reference (between 2.20x and 2.40x)",
        ),
        ("slower", "FW503", 2, LINE_OF_WRAPPER, "0.50x: slower than the reference"),
        ("untimed", "FW506", 3, LINE_OF_WRAPPER, "Right; there is no GPU to time it on"),
        (
            "wrong",
            "FW501",
            1,
            LINE_OF_WRAPPER,
            "4 of 6 elements differ\noutput[1, 2]: expected 0.5, got nan (4 of 6 elements differ)",
        ),
        ("compile", "FW502", 1, LINE_OF_LOAD, "TRITON does not compile: CompilationError: no such shape"),
        ("inputs", "FW502", 1, 30, "TEST fails to make the inputs: ValueError: no inputs"),
        ("rejected", "FW504", 1, LINE_OF_WRAPPER, "the kernel was not launched"),
    ] {
        let (mut client, uri) = workshop.open(&format!("{simulated}.py"), simulated);
        let (verdict, diagnostics, status) = client.verify(&uri, 1);
        assert_eq!(diagnostics.len(), 1, "{simulated}: {diagnostics:#?}");
        let found = &diagnostics[0];
        assert_eq!(found["code"], code, "{simulated}");
        assert_eq!(found["severity"], severity, "{simulated}");
        assert_eq!(found["source"], "fusewright", "{simulated}");
        assert_eq!(line(found), at, "{simulated}");
        assert_eq!(found["message"], message, "{simulated}");
        assert_eq!(status["verdict"]["verdict"], verdict["verdict"], "{simulated}");
        client.finish();
    }
}

#[test]
fn a_mismatch_points_at_the_wrapper_and_names_reference_and_kernel() {
    let workshop = Workshop::new();
    let (mut client, uri) = workshop.open("pair.py", "wrong");
    let (_, diagnostics, _) = client.verify(&uri, 1);
    assert_eq!(diagnostics[0]["range"]["start"]["character"], 4, "the name, not the line");
    let related = diagnostics[0]["relatedInformation"].as_array().unwrap();
    let places: Vec<_> = related
        .iter()
        .map(|one| {
            (one["location"]["range"]["start"]["line"].as_u64().unwrap(), one["message"].as_str().unwrap())
        })
        .collect();
    assert_eq!(
        places,
        [
            (u64::from(LINE_OF_REFERENCE), "the expected values come from here, evaluated in float64"),
            (u64::from(LINE_OF_KERNEL), "relu_kernel: 1 launch"),
        ]
    );
    client.finish();
}

#[test]
fn what_could_not_be_judged_is_said_and_is_no_diagnostic() {
    let workshop = Workshop::new();
    let (mut client, uri) = workshop.open("pair.py", "unjudged");
    let (verdict, diagnostics, status) = client.verify(&uri, 1);
    assert_eq!(verdict["reason"], "there is no room for the inputs");
    assert_eq!(diagnostics, Vec::<Value>::new());
    assert_eq!(status["text"], "not judged");
    assert_eq!(
        client.lenses(&uri),
        [GENERATE, "! not judged · Verify again", "What is missing on this machine", CONVERT]
    );
    client.finish();
}

#[test]
fn an_edit_makes_the_verdict_stale_and_undoing_it_brings_it_back() {
    let workshop = Workshop::new();
    let (mut client, uri) = workshop.open("pair.py", "pass");
    client.verify(&uri, 1);
    assert_eq!(client.lenses(&uri), [GENERATE, "✓ pass 2.31x · Verify again", "Archive", CONVERT]);

    let at = json!({"line": LINE_OF_KERNEL + 1, "character": 4});
    client.change(&uri, 2, json!([{"range": {"start": at, "end": at}, "text": "#"}]));
    let stale = client.diagnostics(&uri, 2);
    assert_eq!(stale[0]["code"], "FW507");
    assert_eq!(stale[0]["severity"], 4);
    assert_eq!(stale[0]["message"], "The code changed since its verdict (pass 2.31x): verify it again.");
    assert_eq!(client.status("stale")["text"], "stale: pass 2.31x");
    assert_eq!(client.lenses(&uri), [GENERATE, "▶ Verify again", CONVERT]);

    let after = json!({"line": LINE_OF_KERNEL + 1, "character": 5});
    client.change(&uri, 3, json!([{"range": {"start": at, "end": after}, "text": ""}]));
    assert_eq!(client.codes(&uri, 3), ["FW505"]);
    client.status("verified");

    // Text outside the blocks is not judged: the verdict stays, and moves with its lines.
    let top = json!({"line": 1, "character": 0});
    client.change(&uri, 4, json!([{"range": {"start": top, "end": top}, "text": "\n\n\n"}]));
    let moved = client.diagnostics(&uri, 4);
    assert_eq!((moved[0]["code"].as_str().unwrap(), line(&moved[0])), ("FW505", LINE_OF_WRAPPER + 3));
    client.finish();
}

#[test]
fn the_lines_of_an_error_move_with_the_text_above_them() {
    let workshop = Workshop::new();
    let (mut client, uri) = workshop.open("pair.py", "compile");
    client.verify(&uri, 1);
    let top = json!({"line": 1, "character": 0});
    client.change(&uri, 2, json!([{"range": {"start": top, "end": top}, "text": "\n\n"}]));
    let moved = client.diagnostics(&uri, 2);
    assert_eq!((moved[0]["code"].as_str().unwrap(), line(&moved[0])), ("FW502", LINE_OF_LOAD + 2));
    client.finish();
}

#[test]
fn the_first_result_is_shown_before_the_final_one() {
    let workshop = Workshop::new();
    let (mut client, uri) = workshop.open("pair.py", "first, then waits");
    let id = client.command("fusewright.verify", &uri);
    let first = client.diagnostics(&uri, 1);
    assert_eq!(
        first[0]["message"],
        "Right, and 2.31x as fast as the reference (between 2.20x and 2.40x) (first result; still to come: audit)"
    );
    // It may not be archived yet.
    let refusal = client
        .refused("workspace/executeCommand", json!({"command": "fusewright.archive", "arguments": [uri]}));
    assert!(
        refusal["message"]
            .as_str()
            .unwrap()
            .contains("is not final yet: wait for the audit, then archive it"),
        "{refusal}"
    );
    client.command("fusewright.cancel", &uri);
    let error = client.answer(id).unwrap_err();
    assert_eq!(error["code"], -32800);
    assert_eq!(client.answer(id + 2).unwrap(), 1);
    client.status("verified");
    client.finish();
}

#[test]
fn the_final_result_follows_the_first() {
    let workshop = Workshop::new();
    let (mut client, uri) = workshop.open("pair.py", "first");
    let id = client.command("fusewright.verify", &uri);
    assert_eq!(client.answer(id).unwrap()["pending"], json!([]));
    // Both were published, or only the last: the client cannot tell, and the last one counts.
    let mut last = client.diagnostics(&uri, 1);
    if last[0]["message"].as_str().unwrap().contains("first result") {
        last = client.diagnostics(&uri, 1);
    }
    assert_eq!(last[0]["message"], "Right, and 2.31x as fast as the reference (between 2.20x and 2.40x)");
    client.status("verified");
    client.finish_past_status();
}

#[test]
fn a_verdict_of_another_server_is_known_when_the_file_is_opened() {
    let workshop = Workshop::new();
    let (mut first, uri) = workshop.open("pair.py", "pass");
    first.verify(&uri, 1);
    first.finish();
    let mut second = workshop.server(able(), json!({"status": true}));
    second.open(&uri, &pair("pass"));
    second.status("verified");
    let mut found = second.codes(&uri, 1);
    if found.is_empty() {
        found = second.codes(&uri, 1);
    }
    assert_eq!(found, ["FW505"]);
    second.finish();
}

#[test]
fn hover_hints_symbols_and_folds_know_the_pair() {
    let workshop = Workshop::new();
    let (mut client, uri) = workshop.open("pair.py", "pass");
    client.verify(&uri, 1);
    let document = json!({"uri": uri});
    let hover = |line: u32, character: u32| json!({"textDocument": document, "position": {"line": line, "character": character}});
    let page = client.ok("textDocument/hover", hover(LINE_OF_MARKER, 3));
    let page = page["contents"]["value"].as_str().unwrap();
    assert!(
        page.starts_with("**✓ pass 2.31x**")
            && page.contains("| device time | 0.231 ms reference, 0.100 ms candidate |"),
        "{page}"
    );
    assert_eq!(client.ok("textDocument/hover", hover(1, 0)), Value::Null);
    let all = json!({"start": {"line": 0, "character": 0}, "end": {"line": 99, "character": 0}});
    let hints = client.ok("textDocument/inlayHint", json!({"textDocument": document, "range": all}));
    assert_eq!(hints[0]["label"], "✓ pass 2.31x");
    assert_eq!(hints[0]["position"]["line"], LINE_OF_WRAPPER);
    let symbols = client.ok("textDocument/documentSymbol", json!({"textDocument": document}));
    let names: Vec<_> = symbols.as_array().unwrap().iter().map(|one| one["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["PYTHON", "TRITON", "TEST"]);
    let inner: Vec<_> =
        symbols[1]["children"].as_array().unwrap().iter().map(|one| one["name"].as_str().unwrap()).collect();
    assert_eq!(inner, ["relu_kernel", "relu_triton"]);
    let folds = client.ok("textDocument/foldingRange", json!({"textDocument": document}));
    assert_eq!(folds[1]["startLine"], LINE_OF_MARKER);
    client.finish();
}

#[test]
fn a_fault_of_the_text_is_said_once() {
    let workshop = Workshop::new();
    let mut client = workshop.server(able(), json!({"status": true}));
    let uri = workshop.uri("pair.py");
    client.open(&uri, &pair("pass").replace("def relu_triton(x):", "def relu_triton(x:"));
    let before = client.codes(&uri, 1);
    assert_eq!(before, ["FW109"]);
    let id = client.command("fusewright.verify", &uri);
    assert_eq!(client.answer(id).unwrap()["error"]["stage"], "parse");
    assert_eq!(client.codes(&uri, 1), before);
    client.finish_past_status();
}
