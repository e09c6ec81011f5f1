//! Order and starvation: what the framework alone gets wrong, seen from outside.

use serde_json::{Value, json};

use crate::client::Client;

const URI: &str = "file:///work-folder/pair.py";

#[test]
fn edits_that_arrive_together_apply_in_their_order_and_are_checked_at_the_last() {
    let mut client = Client::plain();
    client.open(URI, "");
    client.diagnostics(URI, 1);
    let marker = "# </TEST>\n";
    let mut bytes = Vec::new();
    for (index, letter) in marker.chars().enumerate() {
        let at = json!({"line": 0, "character": index});
        let change = json!({"range": {"start": at, "end": at}, "text": letter.to_string()});
        bytes.extend(Client::frame(&json!({
            "jsonrpc": "2.0",
            "method": "textDocument/didChange",
            "params": {"textDocument": {"uri": URI, "version": index + 2}, "contentChanges": [change]},
        })));
    }
    client.send_bytes(&bytes);
    let last = i32::try_from(marker.len()).unwrap() + 1;
    assert_eq!(client.codes(URI, last), ["FW101", "FW101", "FW105"]);
    client.finish();
}

#[test]
fn a_request_sees_every_edit_that_was_sent_before_it() {
    let mut client = Client::plain();
    client.open(URI, "");
    for version in 2..200 {
        let text = if version % 2 == 0 { "# <PYTHON>\nx = 1\n" } else { "" };
        client.change(URI, version, json!([{"text": text}]));
        let folds = client.ok("textDocument/foldingRange", json!({"textDocument": {"uri": URI}}));
        let expected = if version % 2 == 0 {
            json!([{"startLine": 0, "endLine": 1, "kind": "region"}])
        } else {
            Value::Null
        };
        assert_eq!(folds, expected, "version {version}");
    }
    client.diagnostics(URI, 199);
    client.finish();
}

#[test]
fn a_client_that_writes_much_before_it_reads_is_not_waited_for() {
    let mut client = Client::plain();
    // The answers to these are far more than a pipe holds, and none is read until all are asked.
    let text = format!("# <PYTHON>\n{}", "# </TRITON>\n".repeat(2000));
    client.open(URI, &text);
    let asked: Vec<i64> = (0..300)
        .map(|_| client.ask("textDocument/foldingRange", json!({"textDocument": {"uri": URI}})))
        .collect();
    for id in asked {
        client.answer(id).unwrap();
    }
    client.diagnostics(URI, 1);
    client.finish();
}
