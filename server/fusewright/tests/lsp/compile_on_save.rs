//! The compile check of a saved pair: only where it is switched on, on its lines, for the text it was made for.

use serde_json::{Value, json};

use crate::client::Client;
use crate::workshop::{LINE_OF_KERNEL, LINE_OF_LOAD, Workshop, able, pair};

fn open(workshop: &Workshop, simulated: &str, trusted: bool) -> (Client, String) {
    let harness = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/lsp/simulated_harness.py");
    let settings = json!({"python": {"command": ["python3", harness]}, "verify": {"compile_on_save": true}});
    let mut client = workshop.server(able(), json!({"settings": settings, "trusted": trusted}));
    let uri = workshop.uri("pair.py");
    client.open(&uri, &pair(simulated));
    assert_eq!(client.codes(&uri, 1), Vec::<String>::new());
    (client, uri)
}

fn save(client: &mut Client, uri: &str) {
    client.notify("textDocument/didSave", json!({"textDocument": {"uri": uri}}));
}

fn hints(client: &mut Client, uri: &str) -> Vec<(u64, String)> {
    let range = json!({"start": {"line": 0, "character": 0}, "end": {"line": 99, "character": 0}});
    let hints = client.ok("textDocument/inlayHint", json!({"textDocument": {"uri": uri}, "range": range}));
    let hints = hints.as_array().cloned().unwrap_or_default();
    hints
        .iter()
        .map(|hint| (hint["position"]["line"].as_u64().unwrap(), hint["label"].as_str().unwrap().to_owned()))
        .collect()
}

#[test]
fn an_error_stands_on_its_line_and_goes_with_the_text() {
    let workshop = Workshop::new();
    let (mut client, uri) = open(&workshop, "compile", true);
    save(&mut client, &uri);
    let found = client.diagnostics(&uri, 1);
    assert_eq!(found.len(), 1, "{found:#?}");
    assert_eq!((found[0]["code"].as_str(), found[0]["severity"].as_u64()), (Some("FW509"), Some(1)));
    assert_eq!(found[0]["range"]["start"]["line"], LINE_OF_LOAD);
    assert_eq!(found[0]["message"], "TRITON does not compile: CompilationError: no such shape");

    let at = json!({"line": LINE_OF_KERNEL + 1, "character": 4});
    client.change(&uri, 2, json!([{"range": {"start": at, "end": at}, "text": "#"}]));
    assert_eq!(client.codes(&uri, 2), Vec::<String>::new(), "it was said of another text");
    client.finish();
}

#[test]
fn what_a_kernel_takes_is_a_hint_on_its_line() {
    let workshop = Workshop::new();
    let (mut client, uri) = open(&workshop, "spills", true);
    assert_eq!(hints(&mut client, &uri), []);
    save(&mut client, &uri);
    let found = client.diagnostics(&uri, 1);
    assert_eq!((found[0]["code"].as_str(), found[0]["severity"].as_u64()), (Some("FW510"), Some(3)));
    assert_eq!(found[0]["range"]["start"]["line"], LINE_OF_KERNEL);
    let told = "40 registers, 2048 bytes of shared memory, 12 spilled registers".to_owned();
    assert_eq!(hints(&mut client, &uri), [(u64::from(LINE_OF_KERNEL), told)]);
    client.finish();
}

#[test]
fn an_untrusted_folder_runs_nothing() {
    let workshop = Workshop::new();
    let (mut client, uri) = open(&workshop, "compile", false);
    save(&mut client, &uri);
    // Had the save started a check, its diagnostics would come before those of this edit's version.
    let at = json!({"line": 0, "character": 3});
    client.change(&uri, 2, json!([{"range": {"start": at, "end": at}, "text": "x"}]));
    assert_eq!(client.diagnostics(&uri, 2), Vec::<Value>::new());
    assert_eq!(hints(&mut client, &uri), []);
    client.finish();
}

#[test]
fn it_is_off_unless_it_was_switched_on() {
    let workshop = Workshop::new();
    let (mut client, uri) = workshop.open("pair.py", "compile");
    save(&mut client, &uri);
    let at = json!({"line": 0, "character": 3});
    client.change(&uri, 2, json!([{"range": {"start": at, "end": at}, "text": "x"}]));
    assert_eq!(client.diagnostics(&uri, 2), Vec::<Value>::new());
    client.finish();
}
