//! The loop in the editor: ideas and tasks worked at with the candidate open.

use serde_json::{Value, json};

use crate::client::Client;
use crate::model_server::ModelServer;
use crate::workshop::{Workshop, able, pair};

const CANDIDATE: &str = "triton_training_data/examples/temp_candidate.py";
pub(crate) const IDEAS: &str = "triton_training_data/fusion_ideas.txt";

/// A whole candidate as a model answers it.
pub(crate) fn answer(simulated: &str) -> String {
    format!("```python\n{}```\n", pair(simulated))
}

impl Workshop {
    /// A workspace with one idea and the answers to its attempts, and a server for a client that shows everything.
    fn with_idea(&self, answers: &[(&str, String)]) -> Client {
        self.with_ideas("relu\n", answers)
    }

    /// The same with these ideas.
    pub(crate) fn with_ideas(&self, ideas: &str, answers: &[(&str, String)]) -> Client {
        std::fs::write(self.path(IDEAS), ideas).unwrap();
        std::fs::create_dir_all(self.path("answers")).unwrap();
        for (name, answer) in answers {
            std::fs::write(self.path("answers").join(format!("{name}.md")), answer).unwrap();
        }
        let mut capabilities = able();
        capabilities["window"] = json!({"showDocument": {"support": true}});
        let settings = json!({"model": {"provider": "recorded", "answers": "answers"}});
        let options = json!({"status": true, "candidates": true, "settings": settings});
        self.server(capabilities, options)
    }

    fn archived(&self) -> usize {
        self.dataset().len()
    }
}

/// The result of a command of the loop, past what it shows meanwhile.
fn result(client: &mut Client, id: i64) -> Result<Value, Value> {
    client.read_over(&["fusewright/status", "window/logMessage", "textDocument/publishDiagnostics"]);
    client.answer(id)
}

#[test]
fn the_candidate_is_shown_judged_mended_and_archived() {
    let workshop = Workshop::new();
    let why = "ROOT CAUSE: The mask is missing.\nPLANNED FIX: Add it.\n".to_owned();
    let answers = [("answer-1", answer("wrong")), ("answer", answer("slower")), ("answer-analysis", why)];
    let mut client = workshop.with_idea(&answers);
    let uri = workshop.uri(CANDIDATE);
    let id = client.ask("workspace/executeCommand", json!({"command": "fusewright.nextIdea"}));
    assert_eq!(client.expect("fusewright/candidate"), json!({"uri": uri, "exists": true}));
    let show = client.expect_request("window/showDocument");
    assert_eq!(show["params"]["uri"], uri);
    // As an editor does, once it shows the file.
    client.open(&uri, &pair("wrong"));
    client.reply(&show, json!({"success": true}));
    assert_eq!(
        client.expect("fusewright/candidate"),
        json!({"uri": uri, "exists": true}),
        "the second attempt"
    );
    let codes: Vec<_> =
        std::iter::from_fn(|| Some(client.codes(&uri, 1))).find(|codes| !codes.is_empty()).unwrap();
    assert_eq!(codes, ["FW501"], "the first attempt's verdict is on its text");
    let told = client.expect("window/showMessage");
    assert_eq!(told["message"], "Fusewright: \"relu\" is archived as line 1 of the dataset");
    assert_eq!(client.expect("fusewright/candidate"), json!({"uri": uri, "exists": false}));
    let done = result(&mut client, id).unwrap();
    assert_eq!((&done["finished"][0]["attempts"], &done["left"]), (&json!(2), &json!(0)));
    assert_eq!(workshop.archived(), 1);
    assert!(!workshop.path(CANDIDATE).exists());
    client.finish();
}

#[test]
fn an_idea_is_abandoned_after_its_attempts_and_nothing_is_left_of_it() {
    let workshop = Workshop::new();
    let why = "ROOT CAUSE: Unknown.\nPLANNED FIX: None.\n".to_owned();
    let mut client = workshop.with_idea(&[("answer", answer("wrong")), ("answer-analysis", why)]);
    let id = client.ask(
        "workspace/executeCommand",
        json!({"command": "fusewright.runIdea", "arguments": [null, {"idea": 1}]}),
    );
    let show = client.expect_request("window/showDocument");
    client.reply(&show, json!({"success": false}));
    let told = client.expect("window/showMessage");
    assert_eq!(told["type"], 2);
    let message = told["message"].as_str().unwrap();
    assert!(message.starts_with("Fusewright: \"relu\" is abandoned after 3 attempts: "), "{message}");
    client.read_over(&["fusewright/candidate"]);
    assert_eq!(result(&mut client, id).unwrap()["finished"][0]["end"], "abandoned");
    assert_eq!(workshop.archived(), 0);
    assert!(!workshop.path(CANDIDATE).exists());
    let again = json!({"command": "fusewright.nextIdea"});
    let refusal = client.refused("workspace/executeCommand", again);
    assert!(refusal["message"].as_str().unwrap().starts_with("no idea is left in "), "{refusal}");
    let senseless = json!({"command": "fusewright.runIdea"});
    let refusal = client.refused("workspace/executeCommand", senseless);
    assert!(refusal["message"].as_str().unwrap().contains("{\"idea\": line}"), "{refusal}");
    client.finish();
}

#[test]
fn a_cancelled_loop_goes_on_and_what_is_given_up_is_deleted() {
    let workshop = Workshop::new();
    let mut client = workshop.with_idea(&[("answer", answer("waits"))]);
    let uri = workshop.uri(CANDIDATE);
    let id = client.ask("workspace/executeCommand", json!({"command": "fusewright.nextIdea"}));
    let show = client.expect_request("window/showDocument");
    client.open(&uri, &pair("waits"));
    assert_eq!(client.lenses(&uri), ["■ Cancel"], "from the moment that it is shown");
    client.reply(&show, json!({"success": true}));
    client.status("verifying");
    assert_eq!(client.lenses(&uri), ["■ Cancel"]);
    let second = client.refused("workspace/executeCommand", json!({"command": "fusewright.nextIdea"}));
    assert!(second["message"].as_str().unwrap().starts_with("the loop is at work"), "{second}");
    assert_eq!(client.command_result("fusewright.cancel", &uri), json!(1));
    assert_eq!(client.answer(id).unwrap_err()["code"], -32800);
    assert!(workshop.path(CANDIDATE).exists(), "the next run goes on from there");
    client.status("idle");
    let lenses = client.lenses(&uri);
    assert!(lenses.contains(&"▶ Go on with the idea".to_owned()), "{lenses:?}");
    // Given up while it is being worked at.
    client.answer_always(&["window/showDocument"]);
    let id =
        client.ask("workspace/executeCommand", json!({"command": "fusewright.nextIdea", "arguments": [uri]}));
    client.status("verifying");
    let given_up = client.command_result("fusewright.abandon", &uri);
    assert_eq!(given_up["message"], "\"relu\" is given up.");
    assert_eq!(client.answer(id).unwrap_err()["code"], -32800);
    assert!(!workshop.path(CANDIDATE).exists());
    client.read_over(&["fusewright/candidate"]);
    client.read_over(&["fusewright/status", "window/logMessage", "textDocument/publishDiagnostics"]);
    client.finish();
}

#[test]
fn each_answer_is_seen_as_it_is_written() {
    let workshop = Workshop::new();
    std::fs::write(workshop.path(IDEAS), "relu\n").unwrap();
    let model = ModelServer::start();
    let settings =
        json!({"model": {"provider": "openai", "model": "small-coder", "base_url": model.base_url}});
    let mut client = workshop.server(able(), json!({"status": true, "answers": true, "settings": settings}));
    let id = client.ask("workspace/executeCommand", json!({"command": "fusewright.nextIdea"}));
    let why = "ROOT CAUSE: The mask is missing.\nPLANNED FIX: Add it.\n".to_owned();
    for whole in [answer("wrong"), why, answer("slower")] {
        let mut asked = model.asked();
        asked.begin();
        let (first, second) = whole.split_at(whole.len() / 2);
        asked.piece(first);
        let shown = client.expect("fusewright/answer");
        let uri = workshop.uri(CANDIDATE);
        assert_eq!(shown, json!({"uri": uri, "writer": "small-coder", "stage": "begin", "text": first}));
        asked.piece(second);
        asked.end();
        let mut rest = String::new();
        loop {
            let shown = client.expect("fusewright/answer");
            rest.push_str(shown["text"].as_str().unwrap());
            if shown["stage"] == "end" {
                break;
            }
        }
        assert_eq!(rest, second);
    }
    client.expect("window/showMessage");
    result(&mut client, id).unwrap();
    client.finish_past_status();
}
