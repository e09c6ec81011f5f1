//! Kernels written from the editor: who writes, what is seen meanwhile, and the one edit at the end.

use std::ops::Range;

use serde_json::{Value, json};

use crate::client::Client;
use crate::model_server::ModelServer;
use crate::workshop::{LINE_OF_WRAPPER, Workshop, able, pair};

/// A client that shows everything of ours.
fn all() -> Value {
    let mut options =
        json!({"status": true, "answers": true, "differences": true, "secrets": true, "languageModel": true});
    options["settings"] = recorded();
    options
}

fn recorded() -> Value {
    json!({"model": {"provider": "recorded", "answers": "answers"}})
}

/// What a model answers to have `pair(simulated)` written.
pub(crate) fn answer(simulated: &str) -> String {
    let text = pair(simulated);
    format!("Here it is.\n\n```python\n{}```\n", &text[code(&text)])
}

/// Where the code of TRITON is.
fn code(text: &str) -> Range<usize> {
    let start = text.find("# <TRITON>\n").unwrap() + "# <TRITON>\n".len();
    start..text.find("# </TRITON>").unwrap()
}

impl Workshop {
    fn record(&self, name: &str, answer: &str) {
        std::fs::create_dir_all(self.path("answers")).unwrap();
        std::fs::write(self.path("answers").join(format!("{name}.md")), answer).unwrap();
    }

    /// A server with one document open.
    fn writing(&self, options: Value, text: &str) -> (Client, String) {
        let mut client = self.server(able(), options);
        let uri = self.uri("pair.py");
        client.open(&uri, text);
        client.diagnostics(&uri, 1);
        (client, uri)
    }
}

/// Makes the edit that the server asks for, as an editor does; gives the new text.
pub(crate) fn make(client: &mut Client, request: &Value, text: &str) -> String {
    let change = &request["params"]["edit"]["documentChanges"][0];
    let edits = change["edits"].as_array().unwrap();
    assert_eq!(edits.len(), 1, "one edit is one step of undo");
    let starts: Vec<usize> =
        std::iter::once(0).chain(text.match_indices('\n').map(|(at, _)| at + 1)).collect();
    let offset = |place: &Value| {
        let number = |name: &str| usize::try_from(place[name].as_u64().unwrap()).unwrap();
        starts[number("line")] + number("character")
    };
    let range = &edits[0]["range"];
    let mut text = text.to_owned();
    text.replace_range(offset(&range["start"])..offset(&range["end"]), edits[0]["newText"].as_str().unwrap());
    let version = i32::try_from(change["textDocument"]["version"].as_i64().unwrap()).unwrap() + 1;
    let uri = change["textDocument"]["uri"].as_str().unwrap();
    client.change(uri, version, json!([{"text": text}]));
    client.reply(request, json!({"applied": true}));
    let codes = client.codes(uri, version);
    let structural = |code: &&String| code.starts_with("FW1") || code.starts_with("FW2");
    assert_eq!(codes.iter().find(structural), None, "{text}");
    text
}

#[test]
fn a_kernel_is_written_by_one_edit_that_names_the_version() {
    let workshop = Workshop::new();
    workshop.record("pair", &answer("slower"));
    let text = pair("wrong");
    let (mut client, uri) = workshop.writing(all(), &text);
    assert_eq!(client.lenses(&uri)[0], "✦ Generate Triton with recorded answers");
    let id = client.command("fusewright.generate", &uri);
    let shown = client.expect("fusewright/answer");
    assert_eq!(shown["stage"], "begin");
    assert_eq!(shown["text"], answer("slower"));
    let request = client.expect_request("workspace/applyEdit");
    let change = &request["params"]["edit"]["documentChanges"][0]["textDocument"];
    assert_eq!(*change, json!({"uri": uri, "version": 1}));
    assert_eq!(client.status("writing")["uri"], uri);
    let lenses = client.lenses(&uri);
    assert!(!lenses.contains(&"■ Cancel".to_owned()), "nothing is left to cancel: {lenses:?}");
    assert_eq!(make(&mut client, &request, &text), pair("slower"), "nothing else is touched");
    let done = client.answer(id).unwrap();
    assert_eq!(done["applied"], true);
    assert!(done["message"].as_str().unwrap().contains("It is not verified yet."), "{done}");
    assert_eq!(client.expect("fusewright/answer")["stage"], "end");
    client.status("idle");
    client.finish_past_status();
}

#[test]
fn torchinductor_writes_where_no_model_is_named_and_says_what_it_is() {
    let workshop = Workshop::new();
    let text = pair("wrong");
    let without = text.replace(&text[text.find("# <TRITON>").unwrap()..text.find("# <TEST>").unwrap()], "");
    let mut capabilities = able();
    capabilities["window"] = json!({"workDoneProgress": true});
    let mut client = workshop.server(capabilities, json!({}));
    let uri = workshop.uri("pair.py");
    client.open(&uri, &without);
    client.diagnostics(&uri, 1);
    let title = "✦ Generate Triton with TorchInductor (no model)";
    assert_eq!(client.lenses(&uri)[0], title);
    let actions = client.actions(&uri, 5, Value::Null);
    let titles: Vec<_> = actions.iter().map(|one| one["title"].as_str().unwrap()).collect();
    assert!(titles.contains(&format!("Fusewright: {title}").as_str()), "{titles:?}");
    let id = client.command("fusewright.generate", &uri);
    let create = client.expect_request("window/workDoneProgress/create");
    client.reply(&create, Value::Null);
    let begin = client.expect("$/progress");
    assert_eq!(begin["value"]["title"], "TorchInductor (no model)");
    let request = client.expect_request("workspace/applyEdit");
    let whole = make(&mut client, &request, &without);
    assert!(whole.contains("# <TRITON>\n# Written by TorchInductor (torch simulated)"), "{whole}");
    assert!(whole.contains("def relu_triton(x):"), "{whole}");
    let done = client.answer(id).unwrap();
    assert_eq!(done["writer"], "TorchInductor (no model)");
    // A client that shows no status is told in a message.
    let told = client.expect("window/showMessage")["message"].as_str().unwrap().to_owned();
    assert!(told.starts_with("Fusewright: TorchInductor (no model) wrote the kernel in "), "{told}");
    while client.expect("$/progress")["value"]["kind"] != "end" {}
    client.finish();
}

#[test]
fn an_edit_elsewhere_moves_the_kernel_and_one_of_its_block_turns_it_away() {
    let workshop = Workshop::new();
    workshop.record("pair", &answer("slower"));
    let text = pair("wrong");
    let (mut client, uri) = workshop.writing(all(), &text);
    let id = client.command("fusewright.generate", &uri);
    let early = client.expect_request("workspace/applyEdit");
    let moved = text.replace("relu\"\"\"", "relu\n\nIn some more words.\"\"\"");
    client.change(&uri, 2, json!([{"text": moved}]));
    client.diagnostics(&uri, 2);
    client.reply(&early, json!({"applied": false, "failureReason": "the text changed"}));
    let again = client.expect_request("workspace/applyEdit");
    let written = make(&mut client, &again, &moved);
    assert_eq!(written[code(&written)], pair("slower")[code(&pair("slower"))]);
    assert!(written.contains("In some more words."));
    assert_eq!(client.answer(id).unwrap()["applied"], true);
    client.expect("fusewright/answer");
    client.expect("fusewright/answer");

    // Now the block itself is edited while the kernel is under way.
    let id = client.command("fusewright.generate", &uri);
    let early = client.expect_request("workspace/applyEdit");
    let own = written.replace("# simulated: slower", "# simulated: untimed");
    client.change(&uri, 4, json!([{"text": own}]));
    client.diagnostics(&uri, 4);
    client.reply(&early, json!({"applied": false}));
    let late = client.expect("fusewright/late");
    assert_eq!(late["text"], written, "the present text but for the block");
    assert_eq!(late["reason"], "the block is no longer the text that it was asked for");
    assert_eq!(late["writer"], "recorded answers");
    let done = client.answer(id).unwrap();
    assert_eq!(done["applied"], false);
    client.expect("fusewright/answer");
    client.expect("fusewright/answer");
    // The user goes on typing, and then takes the kernel after all: only the block is not their text.
    let longer = own.replace("some more", "many more");
    client.change(&uri, 5, json!([{"text": longer}]));
    let placed = client.ok("fusewright/insertion", json!({"uri": uri, "block": late["block"]}));
    assert_eq!(placed["text"], written.replace("some more", "many more"));
    client.change(&uri, 6, json!([{"text": "x = 1\n"}]));
    let none = client.refused("fusewright/insertion", json!({"uri": uri, "block": late["block"]}));
    assert_eq!(none["message"], "the document cannot take the kernel: there is no place for it in the file");
    client.read_over(&["textDocument/publishDiagnostics"]);
    client.finish_past_status();
}

#[test]
fn a_kernel_that_comes_too_late_is_kept_in_a_file_where_no_difference_is_shown() {
    let workshop = Workshop::new();
    workshop.record("pair", &answer("slower"));
    let text = pair("wrong");
    let (mut client, uri) = workshop.writing(json!({"settings": recorded(), "status": true}), &text);
    let id = client.command("fusewright.generate", &uri);
    let request = client.expect_request("workspace/applyEdit");
    client.reply(&request, json!({"applied": false, "failureReason": "read-only"}));
    let kept = workshop.path("pair.late-1.py");
    let told = client.expect("window/showMessage");
    assert_eq!(told["type"], 2);
    let message = told["message"].as_str().unwrap();
    assert!(message.contains("the editor did not make the change (read-only)"), "{message}");
    assert!(message.ends_with(&format!("but in {}.", kept.display())), "{message}");
    assert_eq!(client.answer(id).unwrap()["applied"], false);
    assert_eq!(std::fs::read_to_string(kept).unwrap(), pair("slower"));
    client.finish_past_status();
}

#[test]
fn a_failed_pair_is_mended_with_its_verdict() {
    let workshop = Workshop::new();
    let model = ModelServer::start();
    let settings =
        json!({"model": {"provider": "openai", "model": "small-coder", "base_url": model.base_url}});
    let (mut client, uri) = workshop.writing(json!({"status": true, "settings": settings}), &pair("wrong"));
    let early = client.command("fusewright.fix", &uri);
    let refusal = client.answer(early).unwrap_err();
    assert_eq!(refusal["message"], "this pair has no verdict yet: verify it first, then fix it");
    client.verify(&uri, 1);
    let fix = "Fix with the verdict, by small-coder";
    assert!(client.lenses(&uri).contains(&fix.to_owned()));
    let quick = client.actions(&uri, LINE_OF_WRAPPER, json!(["quickfix"]));
    let quick = quick.iter().find(|one| one["title"] == format!("Fusewright: {fix}")).unwrap();
    assert_eq!(quick["diagnostics"][0]["code"], "FW501");
    assert_eq!(quick["command"]["command"], "fusewright.fix");
    let id = client.ask(
        "workspace/executeCommand",
        json!({"command": quick["command"]["command"], "arguments": quick["command"]["arguments"]}),
    );
    let mut asked = model.asked();
    let said = asked.body["messages"].to_string();
    assert!(said.contains("4 of 6 elements differ"), "the verdict is in the prompt: {said}");
    asked.begin();
    asked.piece(&answer("pass"));
    asked.end();
    let request = client.expect_request("workspace/applyEdit");
    assert_eq!(make(&mut client, &request, &pair("wrong")), pair("pass"));
    let done = client.answer(id).unwrap();
    assert_eq!(done["usage"], json!({"prompt": 100, "answer": 40}));
    client.finish_past_status();
}

#[test]
fn a_kernel_is_seen_being_written_and_cancelling_closes_the_connection() {
    let workshop = Workshop::new();
    let model = ModelServer::start();
    let settings =
        json!({"model": {"provider": "openai", "model": "small-coder", "base_url": model.base_url}});
    let options = json!({"status": true, "answers": true, "settings": settings});
    let (mut client, uri) = workshop.writing(options, &pair("wrong"));
    let id = client.command("fusewright.generate", &uri);
    let mut asked = model.asked();
    asked.begin();
    asked.piece("```python\nimport torch\n");
    let first = client.expect("fusewright/answer");
    assert_eq!(first["text"], "```python\nimport torch\n");
    assert_eq!(first["writer"], "small-coder");
    loop {
        let doing = client.status("writing")["text"].as_str().unwrap().to_owned();
        if doing.contains("tokens, ") && doing.ends_with(" s") {
            assert!(doing.starts_with("writing the kernel: small-coder, "), "{doing}");
            break;
        }
    }
    assert_eq!(client.lenses(&uri), ["■ Cancel"]);
    assert_eq!(client.command_result("fusewright.cancel", &uri), json!(1));
    assert_eq!(client.answer(id).unwrap_err()["code"], -32800);
    asked.wait_for_close();
    client.status("idle");
    assert_eq!(client.expect("fusewright/answer")["stage"], "end");
    // The request's own cancellation does the same.
    let id = client.command("fusewright.generate", &uri);
    let asked = model.asked();
    client.notify("$/cancelRequest", json!({"id": id}));
    assert_eq!(client.answer(id).unwrap_err()["code"], -32800);
    asked.wait_for_close();
    client.status("idle");
    client.finish_past_status();
}

#[test]
fn a_key_comes_from_the_editors_store_and_appears_nowhere() {
    const KEY: &str = "planted-key-7f3a";
    let workshop = Workshop::new();
    let model = ModelServer::start();
    let settings =
        json!({"model": {"provider": "openai", "model": "small-coder", "base_url": model.base_url}});
    let mut client =
        workshop.loud_server(able(), json!({"status": true, "secrets": true, "settings": settings}));
    let uri = workshop.uri("pair.py");
    client.open(&uri, &pair("wrong"));
    client.diagnostics(&uri, 1);
    let id = client.command("fusewright.generate", &uri);
    let wanted = client.expect_request("fusewright/secret");
    assert_eq!(wanted["params"], json!({"name": "OPENAI_API_KEY"}));
    client.reply(&wanted, json!({"value": KEY}));
    let mut asked = model.asked();
    assert!(asked.headers.contains(&format!("Bearer {KEY}")), "{}", asked.headers);
    asked.begin();
    asked.piece("There is no kernel for you.");
    asked.end();
    let error = client.answer(id).unwrap_err();
    assert!(error["message"].as_str().unwrap().starts_with("small-coder"), "{error}");
    client.status("idle");
    let log = client.log();
    assert!(log.contains("TRACE") || log.contains("DEBUG"), "the log is as loud as it can be: {log}");
    assert!(!log.contains(KEY), "{log}");
    client.finish_past_status();
    let grep = std::process::Command::new("grep").args(["-r", KEY]).arg(workshop.path("")).output().unwrap();
    assert!(grep.stdout.is_empty(), "{}", String::from_utf8_lossy(&grep.stdout));
}

#[test]
fn the_clients_own_model_answers_in_pieces() {
    let workshop = Workshop::new();
    let settings = json!({"model": {"provider": "editor", "model": "family-x"}});
    let options = json!({"status": true, "answers": true, "languageModel": true, "settings": settings});
    let (mut client, uri) = workshop.writing(options, &pair("wrong"));
    assert_eq!(client.lenses(&uri)[0], "✦ Generate Triton with family-x in the editor");
    let id = client.command("fusewright.generate", &uri);
    let asked = client.expect_request("fusewright/complete");
    assert_eq!(asked["params"]["model"], "family-x");
    assert_eq!(asked["params"]["id"], asked["id"]);
    let messages = asked["params"]["messages"].as_array().unwrap();
    let roles: Vec<_> = messages.iter().map(|one| one["role"].as_str().unwrap()).collect();
    assert_eq!(roles, ["system", "user"]);
    assert!(messages[1]["text"].as_str().unwrap().contains("def relu_torch(x):"));
    let piece = |rest: Value| {
        let mut piece = json!({"id": asked["id"]});
        piece.as_object_mut().unwrap().extend(rest.as_object().unwrap().clone());
        piece
    };
    client.notify(
        "fusewright/completePiece",
        piece(json!({"model": "Family X", "waiting": "VS Code asks you"})),
    );
    assert_eq!(client.expect("window/logMessage")["message"], "VS Code asks you");
    let whole = answer("pass");
    let (first, second) = whole.split_at(whole.len() / 2);
    client.notify("fusewright/completePiece", piece(json!({"text": first})));
    client.notify("fusewright/completePiece", piece(json!({"text": second})));
    client.notify("fusewright/completePiece", json!({"id": "nobody's", "text": "stray"}));
    client.reply(&asked, json!({"model": "Family X"}));
    let request = client.expect_request("workspace/applyEdit");
    assert_eq!(make(&mut client, &request, &pair("wrong")), pair("pass"));
    let done = client.answer(id).unwrap();
    assert_eq!(done["writer"], "Family X in the editor");
    let mut shown = String::new();
    loop {
        let answer = client.expect("fusewright/answer");
        shown.push_str(answer["text"].as_str().unwrap());
        if answer["stage"] == "end" {
            break;
        }
    }
    assert_eq!(shown, whole);
    client.finish_past_status();
}

#[test]
fn a_prompt_is_taken_back_from_the_clients_model_and_its_refusal_is_told() {
    let workshop = Workshop::new();
    let settings = json!({"model": {"provider": "editor"}});
    let options = json!({"status": true, "languageModel": true, "settings": settings});
    let (mut client, uri) = workshop.writing(options, &pair("wrong"));
    let id = client.command("fusewright.generate", &uri);
    let asked = client.expect_request("fusewright/complete");
    client.notify("$/cancelRequest", json!({"id": id}));
    assert_eq!(client.answer(id).unwrap_err()["code"], -32800);
    assert_eq!(client.expect("$/cancelRequest"), json!({"id": asked["id"]}));
    client.status("idle");

    let id = client.command("fusewright.generate", &uri);
    let asked = client.expect_request("fusewright/complete");
    client.refuse(&asked, -32803, "you have not allowed it");
    assert_eq!(client.answer(id).unwrap_err()["message"], "you have not allowed it");
    client.status("idle");
    client.finish_past_status();

    // A client that has no model is not asked.
    let (mut client, uri) = workshop.writing(json!({"settings": settings}), &pair("wrong"));
    let id = client.command("fusewright.generate", &uri);
    let message = client.answer(id).unwrap_err()["message"].as_str().unwrap().to_owned();
    assert!(message.starts_with("this editor hands no language model on"), "{message}");
    client.finish();
}

const MODULE: &str = "import torch\n\nFACTOR = 2\n\n\ndef relu(x):\n    return torch.relu(x) * FACTOR\n";

fn selection() -> Value {
    json!({"start": {"line": 6, "character": 4}, "end": {"line": 6, "character": 10}})
}

#[test]
fn a_selected_function_of_any_file_becomes_a_pair() {
    let workshop = Workshop::new();
    let kernel = pair("pass");
    let kernel = kernel[code(&kernel)].replace("def relu_triton", "def relu");
    workshop.record("relu_pair", &format!("```python\n{kernel}```\n"));
    let mut capabilities = able();
    capabilities["window"] = json!({"showDocument": {"support": true}});
    capabilities["workspace"]["workspaceEdit"]["resourceOperations"] = json!(["create"]);
    let mut client = workshop.server(capabilities, json!({"status": true, "settings": recorded()}));
    let uri = workshop.uri("module.py");
    client.open(&uri, MODULE);
    assert_eq!(client.diagnostics(&uri, 1), Vec::<Value>::new());
    assert_eq!(client.lenses(&uri), Vec::<String>::new());
    let params = json!({"textDocument": {"uri": uri}, "range": selection(), "context": {"diagnostics": []}});
    let actions = client.ok("textDocument/codeAction", params);
    let action = &actions[0];
    assert_eq!(action["title"], "Fusewright: make relu a pair, its kernel written by recorded answers");
    assert_eq!(action["kind"], "refactor.extract");
    assert_eq!(client.actions(&uri, 0, Value::Null), Vec::<Value>::new(), "nothing is selected there");
    let id = client.ask(
        "workspace/executeCommand",
        json!({"command": action["command"]["command"], "arguments": action["command"]["arguments"]}),
    );
    let new = workshop.uri("relu_pair.py");
    let request = client.expect_request("workspace/applyEdit");
    let operations = &request["params"]["edit"]["documentChanges"];
    assert_eq!(operations[0]["kind"], "create");
    assert_eq!(operations[0]["uri"], new);
    let begun = operations[1]["edits"][0]["newText"].as_str().unwrap().to_owned();
    assert!(begun.contains("# <PYTHON>\nimport torch\n\n\nFACTOR = 2\n\n\ndef relu(x):\n"), "{begun}");
    assert!(begun.contains("def get_test_inputs():\n"), "{begun}");
    client.open(&new, &begun);
    client.reply(&request, json!({"applied": true}));
    client.diagnostics(&new, 1);
    let show = client.expect_request("window/showDocument");
    assert_eq!(show["params"]["uri"], new);
    client.reply(&show, json!({"success": true}));
    let request = client.expect_request("workspace/applyEdit");
    let whole = make(&mut client, &request, &begun);
    assert!(whole.contains(&format!("# <TRITON>\n{kernel}# </TRITON>")), "{whole}");
    let done = client.answer(id).unwrap();
    assert_eq!((&done["applied"], &done["uri"]), (&json!(true), &json!(new)));
    client.finish_past_status();
}

#[test]
fn a_client_that_neither_creates_nor_shows_files_gets_them_on_disk() {
    let workshop = Workshop::new();
    workshop.record("relu_pair_2", &answer("pass").replace("def relu_triton", "def relu"));
    std::fs::write(workshop.path("relu_pair.py"), "taken").unwrap();
    let (mut client, uri) = workshop.writing(json!({"settings": recorded()}), MODULE);
    let id = client.ask(
        "workspace/executeCommand",
        json!({"command": "fusewright.generate", "arguments": [uri, {"range": selection()}]}),
    );
    assert_eq!(client.answer(id).unwrap()["applied"], true);
    let text = std::fs::read_to_string(workshop.path("relu_pair_2.py")).unwrap();
    assert!(text.contains("@triton.jit") && text.contains("FACTOR = 2"), "{text}");
    assert_eq!(std::fs::read_to_string(workshop.path("relu_pair.py")).unwrap(), "taken");
    client.expect("window/showMessage");
    let nothing = json!({"command": "fusewright.generate", "arguments": [uri]});
    assert_eq!(
        client.refused("workspace/executeCommand", nothing)["message"],
        "no function is selected: select one, or put the cursor on its first line"
    );
    client.finish();
}

#[test]
fn one_thing_at_a_time_is_done_with_a_document() {
    let workshop = Workshop::new();
    let settings = json!({"model": {"provider": "editor"}});
    let options = json!({"status": true, "languageModel": true, "settings": settings});
    let (mut client, uri) = workshop.writing(options, &pair("waits"));
    let verify = client.command("fusewright.verify", &uri);
    client.status("verifying");
    // Its verdict would be on a text that is about to change.
    let first = client.command("fusewright.generate", &uri);
    assert_eq!(client.answer(verify).unwrap_err()["code"], -32800);
    client.expect_request("fusewright/complete");
    let refusal = client
        .refused("workspace/executeCommand", json!({"command": "fusewright.generate", "arguments": [uri]}));
    assert_eq!(refusal["message"], "a kernel is being written for this document: cancel that first");
    let refusal = client
        .refused("workspace/executeCommand", json!({"command": "fusewright.verify", "arguments": [uri]}));
    assert!(refusal["message"].as_str().unwrap().starts_with("the kernel is being written"), "{refusal}");
    client.notify("$/cancelRequest", json!({"id": first}));
    assert_eq!(client.answer(first).unwrap_err()["code"], -32800);
    client.expect("$/cancelRequest");
    client.status("idle");
    client.finish_past_status();
}
