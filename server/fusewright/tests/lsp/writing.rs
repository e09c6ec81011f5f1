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
