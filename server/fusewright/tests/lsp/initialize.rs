//! What seven real clients say first, and what they are told.

use std::fs;
use std::path::Path;

use serde_json::{Value, json};

use crate::client::Client;

fn recorded() -> Vec<(String, Value)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/initialize");
    let mut messages: Vec<_> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| {
            let path = entry.unwrap().path();
            let name = path.file_stem().unwrap().to_string_lossy().into_owned();
            (name, serde_json::from_slice(&fs::read(&path).unwrap()).unwrap())
        })
        .collect();
    messages.sort_by(|a, b| a.0.cmp(&b.0));
    messages
}

#[test]
fn every_recorded_client_is_answered_and_can_work() {
    let mut encodings = Vec::new();
    for (name, params) in recorded() {
        let mut client = Client::spawn(&[]);
        client.answer_always(&["client/registerCapability"]);
        let result = client.ok("initialize", params);
        let capabilities = &result["capabilities"];
        assert_eq!(capabilities["textDocumentSync"]["change"], 2, "{name}");
        assert_eq!(result["serverInfo"]["name"], "fusewright", "{name}");
        encodings.push(format!("{name}: {}", capabilities["positionEncoding"]));
        client.notify("initialized", json!({}));
        client.open("file:///work-folder/pair.py", "# <PYTHON>\n");
        assert!(!client.codes("file:///work-folder/pair.py", 1).is_empty(), "{name}");
        client.finish();
    }
    assert_eq!(
        encodings,
        [
            "emacs28-eglot1.9: null",
            "helix-25.01: \"utf-8\"",
            "nvim-0.10.4: \"utf-16\"",
            "nvim-0.12.4: \"utf-8\"",
            "nvim-0.7.2: null",
            "vscode-1.100.3: \"utf-16\"",
            "vscode-1.139.1: \"utf-16\"",
        ]
    );
}

#[test]
fn a_request_before_initialize_is_refused() {
    let mut client = Client::spawn(&[]);
    let error = client.refused("textDocument/hover", json!({}));
    assert_eq!(error["code"], -32002);
    client.ok("initialize", json!({"capabilities": {}}));
    client.finish();
}

#[test]
fn a_second_initialize_is_refused() {
    let mut client = Client::plain();
    let error = client.refused("initialize", json!({"capabilities": {}}));
    assert_eq!(error["code"], -32600);
    client.finish();
}
