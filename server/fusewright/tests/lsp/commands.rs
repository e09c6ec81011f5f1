//! Commands: archive, cancel, init; refusals; progress; two servers on one workspace.

use serde_json::{Value, json};

use crate::client::Client;
use crate::workshop::{CONVERT, GENERATE, LINE_OF_MARKER, Workshop, able, pair};

fn archive(uri: &str) -> Value {
    json!({"command": "fusewright.archive", "arguments": [uri]})
}

#[test]
fn what_passed_is_archived_once() {
    let workshop = Workshop::new();
    let (mut client, uri) = workshop.open("pair.py", "pass");
    let early = client.refused("workspace/executeCommand", archive(&uri));
    assert_eq!(early["message"], "this pair has no verdict yet: verify it first, then archive it");
    client.verify(&uri, 1);
    let archived = client.ok("workspace/executeCommand", archive(&uri));
    assert_eq!(archived["line"], 1);
    assert_eq!(
        archived["path"],
        workshop.path("triton_training_data/output/training_data.jsonl").display().to_string()
    );
    let lines = workshop.dataset();
    assert_eq!(lines.len(), 1);
    let keys: Vec<_> = lines[0].as_object().unwrap().keys().cloned().collect();
    assert_eq!(keys, ["description", "python_code", "triton_code", "test_code"]);
    let twin = client.refused("workspace/executeCommand", archive(&uri));
    assert!(twin["message"].as_str().unwrap().contains("already"), "{twin}");
    assert_eq!(workshop.dataset().len(), 1);
    client.finish();
}

#[test]
fn what_is_stale_or_unfit_is_not_archived() {
    let workshop = Workshop::new();
    let (mut client, uri) = workshop.open("pair.py", "wrong");
    client.verify(&uri, 1);
    assert_eq!(client.lenses(&uri), [GENERATE, "✗ wrong · Verify again", CONVERT]);
    let unfit = client.refused("workspace/executeCommand", archive(&uri));
    assert!(unfit["message"].as_str().unwrap().contains("its verdict is \"wrong\""), "{unfit}");
    client.change(&uri, 2, json!([{"text": pair("pass")}]));
    client.diagnostics(&uri, 2);
    client.status("stale");
    let stale = client.refused("workspace/executeCommand", archive(&uri));
    assert_eq!(stale["message"], "the code changed since its verdict: verify it again, then archive it");
    assert_eq!(workshop.dataset().len(), 0);
    client.finish();
}

#[test]
fn lenses_and_actions_offer_the_same_commands() {
    let workshop = Workshop::new();
    let (mut client, uri) = workshop.open("pair.py", "pass");
    client.verify(&uri, 1);
    let lenses = client.ok("textDocument/codeLens", json!({"textDocument": {"uri": uri}}));
    let actions = client.actions(&uri, LINE_OF_MARKER, Value::Null);
    let commands = |list: &[Value]| -> Vec<(Value, Value)> {
        let call = |one: &Value| (one["command"]["command"].clone(), one["command"]["arguments"].clone());
        list.iter().map(call).collect()
    };
    assert_eq!(commands(lenses.as_array().unwrap()), commands(&actions));
    assert_eq!(actions.len(), 4);
    client.finish();
}

#[test]
fn fixes_are_offered_one_by_one_and_together() {
    let workshop = Workshop::new();
    for (capabilities, place) in [
        (able(), "/edit/documentChanges/0/edits/0/newText".to_owned()),
        (
            json!({"textDocument": {"codeAction": {"codeActionLiteralSupport": {"codeActionKind": {"valueSet": []}}}}}),
            format!(
                "/edit/changes/{}/0/newText",
                workshop.uri("pair.py").replace('~', "~0").replace('/', "~1")
            ),
        ),
    ] {
        let mut client = workshop.server(capabilities, json!({}));
        let uri = workshop.uri("pair.py");
        client.open(&uri, &pair("pass").replace("# <TRITON>", "#<TRITION>"));
        let codes = client.codes(&uri, 1);
        assert!(codes.contains(&"FW106".to_owned()), "{codes:?}");
        let fixes = client.actions(&uri, LINE_OF_MARKER, json!(["quickfix"]));
        assert_eq!(fixes[0].pointer(&place), Some(&json!("# <TRITON>")), "{fixes:#?}");
        assert_eq!(fixes[0]["diagnostics"][0]["code"], "FW106");
        let all = client.actions(&uri, LINE_OF_MARKER, json!(["source.fixAll"]));
        assert_eq!(all[0]["kind"], "source.fixAll.fusewright");
        assert_eq!(all[0].pointer(&place), Some(&json!("# <TRITON>")), "{all:#?}");
        assert_eq!(client.actions(&uri, LINE_OF_MARKER, json!(["refactor"])), Vec::<Value>::new());
        client.finish();
    }
}

#[test]
fn progress_is_shown_and_its_cancel_button_cancels() {
    let workshop = Workshop::new();
    let mut capabilities = able();
    capabilities["window"] = json!({"workDoneProgress": true});
    let mut client = workshop.server(capabilities, json!({}));
    let uri = workshop.uri("pair.py");
    client.open(&uri, &pair("waits"));
    client.diagnostics(&uri, 1);
    let id = client.command("fusewright.verify", &uri);
    let create = client.expect_request("window/workDoneProgress/create");
    let token = create["params"]["token"].clone();
    client.reply(&create, Value::Null);
    let begin = client.expect("$/progress");
    assert_eq!(begin["token"], token);
    assert_eq!(begin["value"]["kind"], "begin");
    assert_eq!(begin["value"]["title"], "Verifying pair.py");
    assert_eq!(begin["value"]["cancellable"], true);
    assert_eq!(client.lenses(&uri), ["■ Cancel"]);
    client.notify("window/workDoneProgress/cancel", json!({"token": token}));
    assert_eq!(client.answer(id).unwrap_err()["code"], -32800);
    loop {
        let progress = client.expect("$/progress");
        if progress["value"]["kind"] == "end" {
            break;
        }
    }
    client.finish();
}

#[test]
fn progress_under_the_clients_own_token_is_not_asked_for() {
    let workshop = Workshop::new();
    let mut client = workshop.server(json!({"window": {"workDoneProgress": true}}), json!({}));
    let uri = workshop.uri("pair.py");
    client.open(&uri, &pair("pass"));
    client.diagnostics(&uri, 1);
    let id = client.ask(
        "workspace/executeCommand",
        json!({"command": "fusewright.verify", "arguments": [uri], "workDoneToken": 7}),
    );
    let mut kinds = Vec::new();
    while kinds.last() != Some(&json!("end")) {
        let progress = client.expect("$/progress");
        assert_eq!(progress["token"], 7);
        kinds.push(progress["value"]["kind"].clone());
    }
    assert_eq!(kinds[0], "begin");
    client.answer(id).unwrap();
    client.diagnostics(&uri, 1);
    // A client that shows no status is told in a message.
    let told = client.expect("window/showMessage");
    assert_eq!(
        told["message"],
        "Fusewright: pass 2.31x (relu): Right, and 2.31x as fast as the reference (between 2.20x and 2.40x)"
    );
    client.finish();
}

#[test]
fn a_second_request_for_the_same_text_joins_the_first() {
    let workshop = Workshop::new();
    let (mut client, uri) = workshop.open("pair.py", "waits");
    let first = client.command("fusewright.verify", &uri);
    let second = client.command("fusewright.verify", &uri);
    // Cancelling one of them leaves the other's work alone.
    client.notify("$/cancelRequest", json!({"id": first}));
    assert_eq!(client.answer(first).unwrap_err()["code"], -32800);
    client.notify("$/cancelRequest", json!({"id": second}));
    assert_eq!(client.answer(second).unwrap_err()["code"], -32800);
    client.status("idle");
    client.finish();
}

#[test]
fn a_newer_text_replaces_the_verification_of_the_older_one() {
    let workshop = Workshop::new();
    let (mut client, uri) = workshop.open("pair.py", "waits");
    let first = client.command("fusewright.verify", &uri);
    client.change(&uri, 2, json!([{"text": pair("pass")}]));
    client.diagnostics(&uri, 2);
    let second = client.command("fusewright.verify", &uri);
    assert_eq!(client.answer(first).unwrap_err()["code"], -32800);
    assert_eq!(client.answer(second).unwrap()["verdict"], "pass");
    assert_eq!(client.codes(&uri, 2), ["FW505"]);
    client.status("verified");
    client.finish();
}

#[test]
fn an_untrusted_folder_runs_and_writes_nothing() {
    let workshop = Workshop::new();
    let mut client = workshop.server(able(), json!({"trusted": false}));
    let uri = workshop.uri("pair.py");
    client.open(&uri, &pair("pass"));
    client.diagnostics(&uri, 1);
    for command in [
        "fusewright.generate",
        "fusewright.fix",
        "fusewright.nextIdea",
        "fusewright.runIdea",
        "fusewright.runTask",
        "fusewright.abandon",
        "fusewright.verify",
        "fusewright.archive",
        "fusewright.init",
        "fusewright.doctor",
    ] {
        let refusal =
            client.refused("workspace/executeCommand", json!({"command": command, "arguments": [uri]}));
        assert_eq!(
            refusal["message"],
            "this folder is not trusted, so nothing in it is run or written: trust it first"
        );
    }
    assert_eq!(client.lenses(&uri), Vec::<String>::new());
    // Trust is granted while the session goes on.
    let harness = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/lsp/simulated_harness.py");
    let settings = json!({"trusted": true, "settings": {"python": {"command": ["python3", harness]}}});
    client.notify("workspace/didChangeConfiguration", json!({"settings": settings}));
    assert_eq!(client.lenses(&uri), [GENERATE, "▶ Verify", CONVERT]);
    client.diagnostics(&uri, 1);
    client.finish();
}

#[test]
fn a_command_without_its_argument_or_without_a_file_is_refused() {
    let workshop = Workshop::new();
    let mut client = workshop.server(able(), json!({}));
    for (params, message) in [
        (
            json!({"command": "fusewright.verify", "arguments": []}),
            "fusewright.verify wants the document's address as its argument".to_owned(),
        ),
        (
            json!({"command": "fusewright.verify", "arguments": ["untitled:Untitled-1"]}),
            "this document is no file and is not open".to_owned(),
        ),
        (
            json!({"command": "fusewright.verify", "arguments": [workshop.uri("gone.py")]}),
            format!("{} does not exist: check the path", workshop.path("gone.py").display()),
        ),
        (
            json!({"command": "fusewright.dance"}),
            "there is no command fusewright.dance; the commands are fusewright.generate, fusewright.fix, fusewright.verify, fusewright.archive, fusewright.cancel, fusewright.init, fusewright.doctor, fusewright.convert, fusewright.nextIdea, fusewright.runIdea, fusewright.runTask, fusewright.abandon".to_owned(),
        ),
    ] {
        let refusal = client.refused("workspace/executeCommand", params);
        assert_eq!(refusal["message"], message);
    }
    client.finish();
}

#[test]
fn a_text_that_is_no_pair_gets_a_verdict_on_its_structure() {
    let workshop = Workshop::new();
    let mut client = workshop.server(able(), json!({"status": true}));
    let uri = workshop.uri("pair.py");
    client.open(&uri, "# <PYTHON>\n");
    client.diagnostics(&uri, 1);
    client.status("idle");
    let id = client.command("fusewright.verify", &uri);
    let line = client.answer(id).unwrap();
    assert_eq!(line["verdict"], "error");
    assert_eq!(line["error"]["stage"], "parse");
    client.diagnostics(&uri, 1);
    client.finish_past_status();
}

#[test]
fn init_lays_out_the_open_folder() {
    let workshop = Workshop::new();
    let mut client = workshop.server(able(), json!({}));
    let created = client.ok("workspace/executeCommand", json!({"command": "fusewright.init"}));
    assert!(
        created.as_array().unwrap().iter().any(|one| one["path"] == "triton_training_data/fusion_ideas.txt")
    );
    assert!(workshop.path("triton_training_data/scripts/benchmark.py").is_file());
    client.expect("window/showMessage");
    let again =
        client.ok("workspace/executeCommand", json!({"command": "fusewright.init", "arguments": [null]}));
    assert!(again.as_array().unwrap().iter().all(|one| one["state"] == "kept"), "{again}");
    let told = client.expect("window/showMessage");
    assert!(told["message"].as_str().unwrap().ends_with("is a Fusewright workspace already."), "{told}");
    client.finish();
}

#[test]
fn two_servers_work_on_one_workspace() {
    let workshop = Workshop::new();
    let mut clients: Vec<(Client, String)> = Vec::new();
    for name in ["one", "two"] {
        let mut client = workshop.server(able(), json!({"status": true}));
        let uri = workshop.uri(&format!("{name}.py"));
        client.open(&uri, &pair("pass").replace("relu", name));
        client.diagnostics(&uri, 1);
        client.status("idle");
        clients.push((client, uri));
    }
    let verified: Vec<i64> =
        clients.iter_mut().map(|(client, uri)| client.command("fusewright.verify", uri)).collect();
    for ((client, uri), id) in clients.iter_mut().zip(verified) {
        client.answer(id).unwrap();
        client.diagnostics(uri, 1);
        client.status("verified");
    }
    let archived: Vec<i64> =
        clients.iter_mut().map(|(client, uri)| client.command("fusewright.archive", uri)).collect();
    let mut lines: Vec<u64> = clients
        .iter_mut()
        .zip(archived)
        .map(|((client, _), id)| client.answer(id).unwrap()["line"].as_u64().unwrap())
        .collect();
    lines.sort_unstable();
    assert_eq!(lines, [1, 2]);
    assert_eq!(workshop.dataset().len(), 2);
    for (client, _) in clients {
        client.finish();
    }
}
