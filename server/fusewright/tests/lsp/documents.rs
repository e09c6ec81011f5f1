//! Documents: edits in every unit, texts of every kind, diagnostics that follow them.

use serde_json::{Value, json};

use crate::client::{Client, Setup};

const URI: &str = "file:///work-folder/pair.py";

fn insert(line: u32, character: u32, text: &str) -> Value {
    replace(line, character, line, character, text)
}

fn replace(line: u32, character: u32, end_line: u32, end_character: u32, text: &str) -> Value {
    json!([{
        "range": {
            "start": {"line": line, "character": character},
            "end": {"line": end_line, "character": end_character},
        },
        "text": text,
    }])
}

/// The place of the diagnostic on an unmatched closing marker, which shows where the server sees the line.
fn place(diagnostics: &[Value], code: &str) -> Value {
    let found = diagnostics.iter().find(|one| one["code"] == code);
    found.unwrap_or_else(|| panic!("no {code} in {diagnostics:#?}"))["range"]["start"].clone()
}

#[test]
fn edits_are_counted_in_the_agreed_unit() {
    for (encoding, column) in [("utf-8", 4), ("utf-16", 2), ("utf-32", 1)] {
        let capabilities = json!({"general": {"positionEncodings": [encoding]}});
        let mut client = Client::start(Setup { capabilities, ..Setup::default() });
        // Removing the letter in front of the marker leaves a marker that nothing opens.
        client.open(URI, "x = '𝕏'\n𝕏# </TRITON>\n");
        assert_eq!(client.diagnostics(URI, 1), Vec::<Value>::new(), "{encoding}");
        client.change(URI, 2, replace(1, 0, 1, column, ""));
        let found = client.diagnostics(URI, 2);
        assert_eq!(place(&found, "FW105"), json!({"line": 1, "character": 0}), "{encoding}");
        client.finish();
    }
}

#[test]
fn lines_are_those_of_the_protocol() {
    let mut client = Client::plain();
    client.open(URI, "a = 1\u{b}\nb = '\u{85}\u{2028}'\rc = 1\r\n\u{c}\n# </TEST>\n");
    assert_eq!(place(&client.diagnostics(URI, 1), "FW105"), json!({"line": 4, "character": 0}));
    client.change(URI, 2, insert(0, 0, "\r"));
    assert_eq!(place(&client.diagnostics(URI, 2), "FW105"), json!({"line": 5, "character": 0}));
    client.finish();
}

#[test]
fn edits_outside_the_text_are_moved_into_it() {
    let mut client = Client::plain();
    client.open(URI, "x = 1");
    client.diagnostics(URI, 1);
    client.change(URI, 2, replace(7, 7, u32::MAX, u32::MAX, "\n"));
    client.diagnostics(URI, 2);
    client.change(URI, 3, replace(1, 99, 0, 99, "\n# </TEST>"));
    assert_eq!(place(&client.diagnostics(URI, 3), "FW105"), json!({"line": 1, "character": 0}));
    client.finish();
}

#[test]
fn a_version_that_does_not_rise_still_counts() {
    let mut client = Client::plain();
    client.open(URI, "");
    client.diagnostics(URI, 1);
    client.change(URI, 1, insert(0, 0, "# </TEST>\n"));
    assert_eq!(client.codes(URI, 1), ["FW101", "FW101", "FW105"]);
    client.finish();
}

#[test]
fn hostile_texts_are_only_texts() {
    let mut client = Client::plain();
    let long = "x".repeat(3_000_000);
    let deep = format!("# <PYTHON>\nx = {}", "(".repeat(20_000));
    for (index, text) in [
        "\0\0\0",
        "# <PYTHON>\0\n",
        "\u{feff}# <TEST>\r\r\n\n",
        &long,
        &deep,
        "# <PYTHON>\n# <PYTHON>\n# </PYTHON>",
    ]
    .into_iter()
    .enumerate()
    {
        let uri = format!("file:///work-folder/{index}.py");
        client.open(&uri, text);
        client.diagnostics(&uri, 1);
        client.change(&uri, 2, insert(0, 0, "\u{0}\r"));
        client.diagnostics(&uri, 2);
    }
    client.finish();
}

#[test]
fn a_text_too_large_for_a_pair_says_so() {
    let mut client = Client::plain();
    client.open(URI, &format!("# <PYTHON>\n{}", "x = 1\n".repeat(800_000)));
    let found = client.diagnostics(URI, 1);
    assert_eq!(found.len(), 1);
    assert_eq!(
        found[0]["message"],
        "This file is larger than 4 MiB, so it is not checked as a pair: split it."
    );
    client.finish();
}

#[test]
fn what_is_no_pair_and_what_is_no_python_is_left_alone() {
    let mut client = Client::plain();
    client.open(URI, "import os\n");
    assert_eq!(client.codes(URI, 1), Vec::<String>::new());
    let document =
        json!({"uri": "file:///README.md", "languageId": "markdown", "version": 1, "text": "# <PYTHON>\n"});
    client.notify("textDocument/didOpen", json!({"textDocument": document}));
    assert_eq!(client.codes("file:///README.md", 1), Vec::<String>::new());
    client.finish();
}

#[test]
fn closing_a_document_clears_its_diagnostics() {
    let mut client = Client::plain();
    client.open(URI, "# <PYTHON>\n");
    assert!(!client.codes(URI, 1).is_empty());
    client.notify("textDocument/didClose", json!({"textDocument": {"uri": URI}}));
    let cleared = client.expect("textDocument/publishDiagnostics");
    assert_eq!(cleared, json!({"uri": URI, "diagnostics": []}));
    // An edit of a document that is not open is noted and otherwise ignored.
    client.change(URI, 3, insert(0, 0, "x"));
    client.finish();
}

#[test]
fn broken_messages_do_not_end_the_server() {
    let mut client = Client::plain();
    client.send_bytes(b"Content-Length: 9\r\n\r\n{\"jsonrpc");
    let broken = client.answer_to_null();
    assert_eq!(broken["code"], -32700);
    client.notify("textDocument/didOpen", json!({"textDocument": 7}));
    client.notify("no/such/notification", json!({}));
    assert_eq!(client.refused("no/such/request", json!({}))["code"], -32601);
    assert_eq!(client.refused("textDocument/hover", json!({"position": "x"}))["code"], -32602);
    client.finish();
}
