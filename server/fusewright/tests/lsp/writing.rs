//! Help while writing: completion, the rules' pages, conversion.

use serde_json::{Value, json};

use crate::client::{Client, Setup};
use crate::workshop::{Workshop, able, pair};

const URI: &str = "file:///work-folder/pair.py";

fn labels(client: &mut Client, line: u32, character: u32) -> Vec<String> {
    let position = json!({"line": line, "character": character});
    let items =
        client.ok("textDocument/completion", json!({"textDocument": {"uri": URI}, "position": position}));
    let list = items.as_array().cloned().unwrap_or_default();
    list.iter().map(|item| item["label"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn markers_that_are_missing_are_completed() {
    let mut client = Client::start(Setup { capabilities: able(), ..Setup::default() });
    client.open(URI, "# <PYTHON>\nx = 1\n#\n#<tr\nx = '#\n");
    client.diagnostics(URI, 1);
    assert_eq!(labels(&mut client, 2, 1), ["# <TRITON>", "# <TEST>", "# </PYTHON>"]);
    assert_eq!(labels(&mut client, 3, 4), ["# <TRITON>"]);
    assert_eq!(labels(&mut client, 4, 6), Vec::<String>::new());
    assert_eq!(labels(&mut client, 99, 99), ["# <TRITON>", "# <TEST>", "# </PYTHON>"]);
    client.finish();
}

#[test]
fn an_empty_file_is_offered_a_whole_pair() {
    for (capabilities, has_places) in [(able(), true), (json!({}), false)] {
        let mut client = Client::start(Setup { capabilities, ..Setup::default() });
        client.open(URI, "#");
        client.diagnostics(URI, 1);
        assert_eq!(labels(&mut client, 0, 1), ["# <PYTHON>", "# <TRITON>", "# <TEST>", "# fusewright pair"]);
        let position = json!({"line": 0, "character": 1});
        let params = json!({"textDocument": {"uri": URI}, "position": position});
        let items = client.ok("textDocument/completion", params);
        let text = items[3]["textEdit"]["newText"].as_str().unwrap().to_owned();
        assert_eq!(text.contains("${"), has_places);
        if !has_places {
            client.change(URI, 2, json!([{"text": text}]));
            assert_eq!(client.codes(URI, 2), Vec::<String>::new());
        }
        client.finish();
    }
}

#[test]
fn hover_shows_the_page_of_a_broken_rule() {
    let mut client = Client::plain();
    client.open(URI, &pair("pass").replace("# <TRITON>", "#<TRITION>"));
    let found = client.diagnostics(URI, 1);
    let near_miss = found.iter().find(|one| one["code"] == "FW106").unwrap();
    let params = json!({"textDocument": {"uri": URI}, "position": near_miss["range"]["start"]});
    let hover = client.ok("textDocument/hover", params);
    assert_eq!(hover["range"], near_miss["range"]);
    assert!(hover["contents"]["value"].as_str().unwrap().contains("FW106"), "{hover}");
    client.finish();
}

#[test]
fn a_pair_is_converted_by_an_edit_of_the_clients() {
    let workshop = Workshop::new();
    let (mut client, uri) = workshop.open("pair.py", "pass");
    let lens = client.ok("textDocument/codeLens", json!({"textDocument": {"uri": uri}}));
    let convert =
        lens.as_array().unwrap().iter().find(|one| one["command"]["command"] == "fusewright.convert");
    assert_eq!(convert.unwrap()["command"]["title"], "Convert to the open style");
    let id = client.command("fusewright.convert", &uri);
    let request = client.expect_request("workspace/applyEdit");
    let change = &request["params"]["edit"]["documentChanges"][0];
    assert_eq!(change["textDocument"], json!({"uri": uri, "version": 1}));
    assert!(!change["edits"].as_array().unwrap().is_empty());
    client.reply(&request, json!({"applied": true}));
    assert_eq!(client.answer(id).unwrap(), json!({"style": "open"}));

    let id = client.command("fusewright.convert", &uri);
    let request = client.expect_request("workspace/applyEdit");
    client.reply(&request, json!({"applied": false, "failureReason": "the text changed"}));
    let error: Value = client.answer(id).unwrap_err();
    assert_eq!(error["message"], "the editor did not make the change: the text changed");
    client.finish();
}

/// What an action does to the document: its edits, as the client is to make them.
fn apply(text: &str, action: &Value) -> String {
    let changes = action["edit"]["documentChanges"][0]["edits"].as_array().unwrap();
    let starts: Vec<usize> =
        std::iter::once(0).chain(text.match_indices('\n').map(|(at, _)| at + 1)).collect();
    let offset = |place: &Value| {
        // The texts of these tests are ASCII.
        let number = |name: &str| usize::try_from(place[name].as_u64().unwrap()).unwrap();
        starts[number("line")] + number("character")
    };
    let mut text = text.to_owned();
    for edit in changes.iter().rev() {
        let range = offset(&edit["range"]["start"])..offset(&edit["range"]["end"]);
        text.replace_range(range, edit["newText"].as_str().unwrap());
    }
    text
}

#[test]
fn a_finding_is_silenced_and_the_comment_taken_away_when_it_is_not_needed() {
    let mut client = Client::start(Setup { capabilities: able(), ..Setup::default() });
    let good = pair("pass");
    let bare = good.replace("tl.load(x_ptr + at, mask=at < n)", "tl.load(x_ptr + at)");
    client.open(URI, &bare);
    assert_eq!(client.codes(URI, 1), ["FW303"]);
    let line = bare.lines().position(|line| line.contains("tl.load")).unwrap();
    let params = |line: usize| {
        let at = json!({"line": line, "character": 8});
        json!({"textDocument": {"uri": URI}, "range": {"start": at, "end": at}, "context": {"diagnostics": [], "only": ["quickfix"]}})
    };
    let actions = client.ok("textDocument/codeAction", params(line));
    let ignore =
        actions.as_array().unwrap().iter().find(|one| one["title"] == "Ignore FW303 on this line").unwrap();
    let silenced = apply(&bare, ignore);
    assert!(silenced.contains("tl.load(x_ptr + at)  # fusewright: ignore[FW303]\n"), "{silenced}");
    client.change(URI, 2, json!([{"text": silenced}]));
    assert_eq!(client.codes(URI, 2), Vec::<String>::new());

    // Once the load has a mask, the comment is what is wrong, and mending all takes it away.
    let unused = silenced.replace("tl.load(x_ptr + at)", "tl.load(x_ptr + at, mask=at < n)");
    client.change(URI, 3, json!([{"text": unused}]));
    assert_eq!(client.codes(URI, 3), ["FW209"]);
    let all = client.actions(URI, 0, json!(["source.fixAll.fusewright"]));
    assert_eq!(apply(&unused, &all[0]), good);
    client.finish();
}

#[test]
fn missing_blocks_and_inputs_are_offered_and_what_is_there_stays() {
    let mut client = Client::start(Setup { capabilities: able(), ..Setup::default() });
    let reference = "\"\"\"Scale.\"\"\"\n# <PYTHON>\nimport torch\n\n\ndef scale_torch(x, factor):\n    return x * factor\n";
    client.open(URI, reference);
    client.diagnostics(URI, 1);
    let titles = |actions: &[Value]| -> Vec<String> {
        actions.iter().map(|one| one["title"].as_str().unwrap().to_owned()).collect()
    };
    let actions = client.actions(URI, 0, json!(["refactor.rewrite"]));
    assert_eq!(titles(&actions), ["Fusewright: scaffold the missing blocks"]);
    let whole = apply(reference, &actions[0]);
    assert!(whole.starts_with(reference) && whole.contains("def scale_triton(x, factor):"), "{whole}");

    let without = whole.replace("def get_test_inputs():", "def nothing():");
    client.change(URI, 2, json!([{"text": without}]));
    client.diagnostics(URI, 2);
    let actions = client.actions(URI, 0, json!(["refactor"]));
    assert_eq!(titles(&actions), ["Fusewright: draft the inputs from the signature of scale_torch"]);
    assert!(apply(&without, &actions[0]).contains("def get_test_inputs():\n    # Drafted from"));
    client.finish();
}
