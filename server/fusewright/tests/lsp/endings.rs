//! How the server ends: at exit, at the end of its input, with its client.

use std::process::{Command, Stdio};

use serde_json::{Value, json};

use crate::client::{Client, Setup};

#[test]
fn it_ends_at_exit_while_its_input_stays_open() {
    Client::plain().finish();
}

#[test]
fn it_ends_for_a_client_that_hands_over_an_empty_object() {
    let mut client = Client::plain();
    client.ok("shutdown", json!({}));
    client.notify("exit", json!({}));
    assert_eq!(client.wait_for_end().code(), Some(0));
    client.assert_all_read();
}

#[test]
fn exit_without_shutdown_is_an_error() {
    let mut client = Client::plain();
    client.notify("exit", Value::Null);
    assert_eq!(client.wait_for_end().code(), Some(1));
    client.assert_all_read();
}

#[test]
fn it_ends_when_its_input_ends() {
    let mut client = Client::plain();
    client.close_input();
    assert_eq!(client.wait_for_end().code(), Some(1));
    client.assert_all_read();
    // Also before a word was said.
    let mut client = Client::spawn(&[]);
    client.close_input();
    assert_eq!(client.wait_for_end().code(), Some(1));
}

#[test]
fn requests_after_shutdown_are_refused() {
    let mut client = Client::plain();
    client.ok("shutdown", Value::Null);
    let error = client.refused("textDocument/hover", json!({}));
    assert_eq!(error["code"], -32600);
    client.notify("exit", Value::Null);
    assert_eq!(client.wait_for_end().code(), Some(0));
    client.assert_all_read();
}

#[cfg(target_os = "linux")]
#[test]
fn it_ends_when_its_client_ends() {
    let mut editor = Command::new("sleep").arg("600").stdin(Stdio::null()).spawn().unwrap();
    let mut client = Client::start(Setup { process_id: Some(editor.id()), ..Setup::default() });
    client.open("file:///a.py", "# <PYTHON>\n");
    client.diagnostics("file:///a.py", 1);
    editor.kill().unwrap();
    editor.wait().unwrap();
    assert_eq!(client.wait_for_end().code(), Some(1));
    client.assert_all_read();
}

#[test]
fn a_client_that_cannot_be_seen_is_no_reason_to_end() {
    // No process has this number: the largest one that Linux gives out is 2^22.
    let mut client = Client::start(Setup { process_id: Some(i32::MAX as u32), ..Setup::default() });
    client.open("file:///a.py", "");
    client.diagnostics("file:///a.py", 1);
    client.finish();
}
