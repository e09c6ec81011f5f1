//! The file of ideas in the editor: what became of each, and what can be done with it, above its line.

use serde_json::{Value, json};

use crate::client::Client;
use crate::working::{IDEAS, answer};
use crate::workshop::Workshop;

const TEXT: &str = "relu\n# later:\nadd\n\nsoftmax\n";

impl Client {
    fn open_ideas(&mut self, uri: &str, text: &str) {
        let document = json!({"uri": uri, "languageId": "plaintext", "version": 1, "text": text});
        self.notify("textDocument/didOpen", json!({"textDocument": document}));
        assert_eq!(self.diagnostics(uri, 1), Vec::<Value>::new());
    }

    /// Each lens: its line and its title.
    fn idea_lenses(&mut self, uri: &str) -> Vec<(u64, String)> {
        let lenses = self.ok("textDocument/codeLens", json!({"textDocument": {"uri": uri}}));
        let told = |lens: &Value| {
            let title = lens["command"]["title"].as_str().unwrap().to_owned();
            (lens["range"]["start"]["line"].as_u64().unwrap(), title)
        };
        lenses.as_array().unwrap().iter().map(told).collect()
    }

    /// Clicks the lens with this title on a line; returns the request's id.
    fn click(&mut self, uri: &str, line: u64, title: &str) -> i64 {
        let lenses = self.ok("textDocument/codeLens", json!({"textDocument": {"uri": uri}}));
        let wanted =
            |lens: &&Value| lens["range"]["start"]["line"] == line && lens["command"]["title"] == title;
        let found = lenses.as_array().unwrap().iter().find(wanted);
        let command = &found.unwrap_or_else(|| panic!("no {title} on {line}: {lenses}"))["command"];
        let (name, arguments) = (&command["command"], &command["arguments"]);
        self.ask("workspace/executeCommand", json!({"command": name, "arguments": arguments}))
    }
}

fn lenses(of: &[(u64, &str)]) -> Vec<(u64, String)> {
    of.iter().map(|(line, title)| (*line, (*title).to_owned())).collect()
}

fn open(workshop: &Workshop, answers: &[(&str, String)]) -> (Client, String) {
    let mut client = workshop.with_ideas(TEXT, answers);
    client.answer_always(&["window/showDocument"]);
    client.read_over(&["fusewright/status", "fusewright/candidate", "window/logMessage"]);
    let uri = workshop.uri(IDEAS);
    client.open_ideas(&uri, TEXT);
    (client, uri)
}

#[test]
fn an_idea_is_run_skipped_and_done_again_from_its_line() {
    let workshop = Workshop::new();
    let (mut client, uri) = open(&workshop, &[("answer", answer("slower"))]);
    let all = [(0, "▶ Run"), (0, "Skip"), (0, "Run all 3 that are left")];
    let rest = [(2, "▶ Run"), (2, "Skip"), (4, "▶ Run"), (4, "Skip")];
    assert_eq!(client.idea_lenses(&uri), lenses(&[&all[..], &rest[..]].concat()));

    // Not the next one: the user jumps to it.
    let id = client.click(&uri, 2, "▶ Run");
    assert_eq!(client.answer(id).unwrap()["finished"][0]["about"], "add");
    client.expect("window/showMessage");
    let id = client.click(&uri, 4, "Skip");
    assert_eq!(client.answer(id).unwrap()["message"], "\"softmax\" is left out.");
    let now =
        [(0, "▶ Run"), (0, "Skip"), (2, "✓ archived as line 1 · Redo"), (4, "skipped · Run all the same")];
    assert_eq!(client.idea_lenses(&uri), lenses(&now));
    let titles: Vec<_> = client
        .actions(&uri, 2, Value::Null)
        .iter()
        .map(|one| one["title"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(titles, ["Fusewright: ✓ archived as line 1 · Redo"]);
    let at = json!({"textDocument": {"uri": uri}, "position": {"line": 2, "character": 1}});
    let told = client.ok("textDocument/hover", at)["contents"]["value"].as_str().unwrap().to_owned();
    assert!(told.starts_with("✓ archived as line 1\n"), "{told}");

    // The same code once more is no second example.
    let id = client.click(&uri, 4, "skipped · Run all the same");
    assert_eq!(client.answer(id).unwrap()["finished"][0]["twin"], true);
    client.expect("window/showMessage");
    assert_eq!(workshop.dataset().len(), 1);
    assert!(
        client.idea_lenses(&uri).contains(&(4, "✓ same code as line 1 of the dataset · Redo".to_owned()))
    );
    // Markers have no place here.
    let at = json!({"textDocument": {"uri": uri}, "position": {"line": 1, "character": 1}});
    assert_eq!(client.ok("textDocument/completion", at), Value::Null);
    client.finish();
}

#[test]
fn an_idea_that_fails_says_so_and_one_that_is_at_work_can_be_cancelled() {
    let workshop = Workshop::new();
    let why = "ROOT CAUSE: Unknown.\nPLANNED FIX: None.\n".to_owned();
    let (mut client, uri) = open(&workshop, &[("answer", answer("wrong")), ("answer-analysis", why)]);
    let id = client.click(&uri, 0, "▶ Run");
    client.answer(id).unwrap();
    client.expect("window/showMessage");
    assert!(client.idea_lenses(&uri).contains(&(0, "✗ abandoned after 3 attempts · Redo".to_owned())));
    let at = json!({"textDocument": {"uri": uri}, "position": {"line": 0, "character": 0}});
    let told = client.ok("textDocument/hover", at)["contents"]["value"].as_str().unwrap().to_owned();
    assert!(told.contains("4 of 6 elements differ"), "{told}");

    std::fs::write(workshop.path("answers/answer.md"), answer("waits")).unwrap();
    let id = client.click(&uri, 4, "▶ Run");
    while !client.idea_lenses(&uri).contains(&(4, "■ Cancel · attempt 1 of 3".to_owned())) {}
    let now = client.idea_lenses(&uri);
    assert_eq!(now.len(), 2, "no other idea can be begun meanwhile: {now:?}");
    let cancel = client.click(&uri, 4, "■ Cancel · attempt 1 of 3");
    assert_eq!(client.answer(cancel).unwrap(), json!(1));
    assert_eq!(client.answer(id).unwrap_err()["code"], -32800);
    assert!(client.idea_lenses(&uri).contains(&(4, "▶ Go on · attempt 1 of 3".to_owned())));
    let id = client.click(&uri, 4, "Skip");
    client.answer(id).unwrap();
    assert!(!workshop.path("triton_training_data/examples/temp_candidate.py").exists());
    client.finish();
}

#[test]
fn what_is_not_saved_yet_is_not_taken_for_another_idea() {
    let workshop = Workshop::new();
    let (mut client, uri) = open(&workshop, &[("answer", answer("slower"))]);
    client.change(&uri, 2, json!([{"text": format!("tanh\n{TEXT}")}]));
    client.diagnostics(&uri, 2);
    let id = client.click(&uri, 0, "▶ Run");
    let refusal = client.answer(id).unwrap_err()["message"].as_str().unwrap().to_owned();
    let ideas = "triton_training_data/fusion_ideas.txt";
    assert_eq!(refusal, format!("\"tanh\" is not in {ideas} on the disk: save the file first"));
    // Its line moved in the editor, and is another one on the disk.
    let id = client.click(&uri, 3, "▶ Run");
    assert_eq!(client.answer(id).unwrap()["finished"][0]["about"], "add");
    client.expect("window/showMessage");
    client.finish();
}
