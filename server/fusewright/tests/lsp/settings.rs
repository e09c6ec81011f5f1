//! Settings: the file on its lines, open and on disk; the editor's; what they silence.

use std::fs;

use serde_json::{Value, json};

use crate::workshop::{Workshop, able, pair};

const FAULTY: &str = "[verify]\nseeds = \"many\"\n\n[rules]\nignore = [\"FW101\"]\nignored = 1\n";

fn lines(diagnostics: &Value) -> Vec<u64> {
    let list = diagnostics["diagnostics"].as_array().unwrap();
    list.iter().map(|one| one["range"]["start"]["line"].as_u64().unwrap()).collect()
}

#[test]
fn a_settings_file_is_checked_on_disk_and_as_it_is_typed() {
    let workshop = Workshop::new();
    fs::write(workshop.path("fusewright.toml"), FAULTY).unwrap();
    let uri = workshop.uri("fusewright.toml");
    let mut client = workshop.server(able(), json!({}));
    // On disk, before anything is open.
    let found = client.expect("textDocument/publishDiagnostics");
    assert_eq!((found["uri"].as_str().unwrap(), lines(&found)), (uri.as_str(), vec![1, 5]));
    let message = found["diagnostics"][1]["message"].as_str().unwrap();
    assert!(message.contains("ignored"), "{message}");

    // In the editor, with every keystroke.
    let document = json!({"uri": uri, "languageId": "toml", "version": 1, "text": "[verify]\nseeds = 5\n"});
    client.notify("textDocument/didOpen", json!({"textDocument": document}));
    assert_eq!(client.diagnostics(&uri, 1), Vec::<Value>::new());
    let at = json!({"line": 1, "character": 8});
    client.change(&uri, 2, json!([{"range": {"start": at, "end": at}, "text": "x"}]));
    assert_eq!(client.diagnostics(&uri, 2)[0]["range"]["start"]["line"], 1);

    // Closed again, the file on disk speaks.
    client.notify("textDocument/didClose", json!({"textDocument": {"uri": uri}}));
    assert_eq!(lines(&client.expect("textDocument/publishDiagnostics")), Vec::<u64>::new());
    assert_eq!(lines(&client.expect("textDocument/publishDiagnostics")), [1, 5]);

    // Mended, then deleted, behind the editor's back.
    fs::write(workshop.path("fusewright.toml"), "[verify]\nseeds = 0\n").unwrap();
    let changed = |kind: u32| json!({"changes": [{"uri": uri, "type": kind}]});
    client.notify("workspace/didChangeWatchedFiles", changed(2));
    assert_eq!(lines(&client.expect("textDocument/publishDiagnostics")), [1]);
    fs::remove_file(workshop.path("fusewright.toml")).unwrap();
    client.notify("workspace/didChangeWatchedFiles", changed(3));
    assert_eq!(lines(&client.expect("textDocument/publishDiagnostics")), Vec::<u64>::new());
    client.finish();
}

#[test]
fn rules_are_silenced_by_the_file_and_by_the_editor() {
    let workshop = Workshop::new();
    let mut client = workshop.server(able(), json!({}));
    let uri = workshop.uri("pair.py");
    let text = pair("pass").replace("@triton.jit\n", "");
    client.open(&uri, &text);
    assert_eq!(client.codes(&uri, 1), ["FW204"]);
    fs::write(workshop.path("fusewright.toml"), "[rules]\nignore = [\"FW204\"]\n").unwrap();
    let toml = workshop.uri("fusewright.toml");
    client.notify("workspace/didChangeWatchedFiles", json!({"changes": [{"uri": toml, "type": 1}]}));
    assert_eq!(client.codes(&uri, 1), Vec::<String>::new());
    assert_eq!(lines(&client.expect("textDocument/publishDiagnostics")), Vec::<u64>::new());
    // The editor's settings count over the file.
    let settings = json!({"settings": {"rules": {"ignore": []}}});
    client.notify("workspace/didChangeConfiguration", json!({"settings": settings}));
    assert_eq!(client.codes(&uri, 1), ["FW204"]);
    assert_eq!(lines(&client.expect("textDocument/publishDiagnostics")), Vec::<u64>::new());
    client.finish();
}

#[test]
fn faults_of_the_editors_settings_are_told() {
    let workshop = Workshop::new();
    let mut client = workshop.server(able(), json!({"settings": {"verify": {"sedes": 1}}}));
    let told = client.expect("window/showMessage");
    let message = told["message"].as_str().unwrap();
    assert!(
        message.starts_with("Fusewright's settings in the editor: ") && message.contains("sedes"),
        "{message}"
    );
    for shape in [json!(null), json!(7), json!([]), json!({}), json!({"fusewright": null})] {
        client.notify("workspace/didChangeConfiguration", json!({"settings": shape}));
        client.expect("window/showMessage");
    }
    client.finish();
}

#[test]
fn keys_that_run_something_wait_for_the_users_word() {
    let workshop = Workshop::new();
    fs::write(workshop.path("fusewright.toml"), "[python]\ninterpreter = \"/bin/false\"\n").unwrap();
    let uri = workshop.uri("fusewright.toml");
    let mut client = workshop.server(able(), json!({}));
    let found = client.expect("textDocument/publishDiagnostics");
    assert_eq!((found["uri"].as_str().unwrap(), lines(&found)), (uri.as_str(), vec![1]));
    let message = found["diagnostics"][0]["message"].as_str().unwrap();
    assert!(message.contains("fusewright trust"), "{message}");
    client.finish();
    // The editor's own trust is the user's word.
    let mut trusted = workshop.server(able(), json!({"trusted": true}));
    assert_eq!(lines(&trusted.expect("textDocument/publishDiagnostics")), Vec::<u64>::new());
    trusted.finish();
}
