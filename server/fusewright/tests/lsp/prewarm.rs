//! What is made ready when a pair is opened, and where.

use std::time::{Duration, Instant};

use serde_json::json;

use crate::workshop::{Workshop, able, pair};

/// What the simulated harness was asked for, once that is as much as was expected, or after a while.
fn asked(workshop: &Workshop, expected: usize) -> Vec<String> {
    let end = Instant::now() + Duration::from_secs(20);
    loop {
        let text = std::fs::read_to_string(workshop.home().join("asked")).unwrap_or_default();
        let verbs: Vec<String> = text.lines().map(str::to_owned).collect();
        if verbs.len() >= expected || Instant::now() > end {
            return verbs;
        }
        std::thread::sleep(Duration::from_millis(10));
    }
}

#[test]
fn the_harness_is_ready_before_the_first_verdict_in_a_trusted_folder() {
    let workshop = Workshop::new();
    let mut client = workshop.server(able(), json!({"trusted": true}));
    client.answer_always(&["workspace/codeLens/refresh", "workspace/inlayHint/refresh"]);
    for name in ["one.py", "two.py"] {
        client.open(&workshop.uri(name), &pair("pass"));
        client.diagnostics(&workshop.uri(name), 1);
    }
    assert_eq!(asked(&workshop, 1), ["prewarm"]);
    let uri = workshop.uri("two.py");
    let id = client.command("fusewright.verify", &uri);
    client.answer(id).unwrap();
    client.diagnostics(&uri, 1);
    client.expect("window/showMessage");
    assert_eq!(asked(&workshop, 2), ["prewarm", "verify"]);
    client.finish();
}

#[test]
fn nothing_is_started_where_nobody_said_that_the_folder_is_trusted() {
    let workshop = Workshop::new();
    let mut client = workshop.server(able(), json!({}));
    client.answer_always(&["workspace/codeLens/refresh", "workspace/inlayHint/refresh"]);
    let uri = workshop.uri("pair.py");
    client.open(&uri, &pair("pass"));
    client.diagnostics(&uri, 1);
    let id = client.command("fusewright.verify", &uri);
    client.answer(id).unwrap();
    client.diagnostics(&uri, 1);
    client.expect("window/showMessage");
    // Whatever opening it had started would have been asked before.
    assert_eq!(asked(&workshop, 1), ["verify"]);
    client.finish();
}

#[test]
fn a_file_that_is_no_pair_starts_nothing() {
    let workshop = Workshop::new();
    let mut client = workshop.server(able(), json!({"trusted": true}));
    let uri = workshop.uri("plain.py");
    client.open(&uri, "import torch\n");
    client.diagnostics(&uri, 1);
    // The pool that would start it starts with the first job, and ends with the server.
    client.finish();
    assert_eq!(asked(&workshop, 0), Vec::<String>::new());
}
