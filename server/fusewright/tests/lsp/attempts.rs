//! What is written from the editor is kept in `attempts.jsonl`, as the command line keeps it.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::client::Client;
use crate::generating::{answer, make};
use crate::model_server::ModelServer;
use crate::workshop::{Workshop, able, pair};

/// Ends a test that would wait for ever; it measures nothing.
const LIMIT: Duration = Duration::from_mins(1);

impl Workshop {
    /// The lines of `attempts.jsonl`, once there are so many: they are written beside the work.
    fn attempts(&self, number: usize) -> Vec<Value> {
        let path = self.path("triton_training_data/output/attempts.jsonl");
        let end = Instant::now() + LIMIT;
        loop {
            let text = std::fs::read_to_string(&path).unwrap_or_default();
            let all = text.lines().count() >= number && (number == 0 || text.ends_with('\n'));
            if all || Instant::now() > end {
                let lines: Vec<_> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
                assert_eq!(lines.len(), number, "{text}");
                return lines;
            }
            std::thread::sleep(Duration::from_millis(10));
        }
    }
}

impl Workshop {
    /// How many kernels wait on the disk for their verdicts.
    fn waiting(&self) -> usize {
        let names = std::fs::read_dir(self.path("triton_training_data/output")).unwrap();
        names
            .filter(|name| name.as_ref().unwrap().file_name().to_string_lossy().contains(".waiting-"))
            .count()
    }
}

/// Asks for a kernel, answers as the model, and makes the edit.
fn written(
    client: &mut Client,
    model: &ModelServer,
    command: &str,
    uri: &str,
    text: &str,
    by: &str,
) -> String {
    let id = client.command(command, uri);
    let mut asked = model.asked();
    asked.begin();
    asked.piece(by);
    asked.end();
    let request = client.expect_request("workspace/applyEdit");
    let text = make(client, &request, text);
    assert_eq!(client.answer(id).unwrap()["applied"], true);
    text
}

#[test]
fn a_kernel_a_fix_and_an_answer_without_one_are_lines_with_their_verdicts() {
    let workshop = Workshop::new();
    let model = ModelServer::start();
    let settings =
        json!({"model": {"provider": "openai", "model": "small-coder", "base_url": model.base_url}});
    let mut client = workshop.server(able(), json!({"status": true, "settings": settings}));
    let uri = workshop.uri("pair.py");
    let text = pair("untimed");
    client.open(&uri, &text);
    client.diagnostics(&uri, 1);

    let text = written(&mut client, &model, "fusewright.generate", &uri, &text, &answer("wrong"));
    client.verify(&uri, 2);
    let [first] = &workshop.attempts(1)[..] else { unreachable!() };
    let fields = ["kind", "about", "attempt", "of", "run", "answer", "writer"];
    let told: Vec<_> = fields.iter().map(|name| &first[name]).collect();
    let whole = answer("wrong");
    let label =
        format!("small-coder at {}", model.base_url.trim_start_matches("http://").trim_end_matches("/v1"));
    let expected = json!(["generate", "pair.py", 1, 1, null, whole, label]);
    assert_eq!(json!(told), expected);
    assert_eq!(first["verdict"]["verdict"], "wrong");
    assert_eq!(first["prompt"][0]["role"], "system");
    assert_eq!(first["usage"], json!({"prompt": 100, "answer": 40}));
    assert!(first["code"]["triton"].as_str().unwrap().contains("# simulated: wrong"), "{first}");

    // The same verdict once more is no attempt more, and neither is the user's own work on the kernel.
    client.verify(&uri, 2);
    let own = text.replace("# simulated: wrong", "# simulated: slower");
    client.change(&uri, 3, json!([{"text": own}]));
    client.verify(&uri, 3);
    client.change(&uri, 4, json!([{"text": text}]));
    client.diagnostics(&uri, 4);

    let text = written(&mut client, &model, "fusewright.fix", &uri, &text, &answer("pass"));
    client.verify(&uri, 5);
    let fix = &workshop.attempts(2)[1];
    assert_eq!(
        (&fix["kind"], &fix["attempt"], &fix["verdict"]["verdict"]),
        (&json!("fix"), &json!(2), &json!("pass"))
    );

    let id = client.command("fusewright.generate", &uri);
    let mut asked = model.asked();
    asked.begin();
    asked.piece("There is no kernel for you.");
    asked.end();
    client.answer(id).unwrap_err();
    let none = &workshop.attempts(3)[2];
    assert_eq!(
        (&none["answer"], &none["verdict"]["verdict"]),
        (&json!("There is no kernel for you."), &json!("error"))
    );
    assert_eq!(none["verdict"]["error"]["type"], "NoKernel");

    // What nobody had judged is there when the session is over.
    let text = written(&mut client, &model, "fusewright.generate", &uri, &text, &answer("untimed"));
    assert!(text.contains("# simulated: untimed"));
    assert_eq!(workshop.attempts(3).len(), 3);
    client.read_over(&["textDocument/publishDiagnostics"]);
    client.finish_past_status();
    let unjudged = &workshop.attempts(4)[3];
    assert_eq!(
        (&unjudged["kind"], &unjudged["verdict"], &unjudged["analysis"], &unjudged["answer"]),
        (&json!("generate"), &Value::Null, &Value::Null, &json!(answer("untimed")))
    );
    assert_eq!(unjudged["prompt"][0]["role"], "system");
    assert!(unjudged["code"]["triton"].as_str().unwrap().contains("# simulated: untimed"));
}

#[test]
fn a_killed_server_loses_no_kernel_and_the_next_one_gives_it_its_verdict() {
    let workshop = Workshop::new();
    let model = ModelServer::start();
    let settings =
        json!({"model": {"provider": "openai", "model": "small-coder", "base_url": model.base_url}});
    let start = || workshop.server(able(), json!({"status": true, "settings": settings}));
    let uri = workshop.uri("pair.py");
    let mut client = start();
    client.open(&uri, &pair("untimed"));
    client.diagnostics(&uri, 1);
    let first = written(&mut client, &model, "fusewright.generate", &uri, &pair("untimed"), &answer("wrong"));
    let second = written(&mut client, &model, "fusewright.generate", &uri, &first, &answer("pass"));
    assert_eq!(workshop.waiting(), 2);
    client.kill();
    assert_eq!((workshop.attempts(0).len(), workshop.waiting()), (0, 2));

    // Another session finds them, and is killed as well.
    let mut client = start();
    client.open(&uri, &second);
    client.diagnostics(&uri, 1);
    client.kill();
    assert_eq!((workshop.attempts(0).len(), workshop.waiting()), (0, 2));

    let mut client = start();
    client.open(&uri, &second);
    client.diagnostics(&uri, 1);
    client.verify(&uri, 1);
    let [judged] = &workshop.attempts(1)[..] else { unreachable!() };
    assert_eq!((&judged["answer"], &judged["verdict"]["verdict"]), (&json!(answer("pass")), &json!("pass")));
    assert_eq!(judged["prompt"][0]["role"], "system");
    client.read_over(&["textDocument/publishDiagnostics"]);
    client.finish_past_status();
    let unjudged = &workshop.attempts(2)[1];
    assert_eq!((&unjudged["answer"], &unjudged["verdict"]), (&json!(answer("wrong")), &Value::Null));
    assert_eq!(workshop.waiting(), 0);
}
