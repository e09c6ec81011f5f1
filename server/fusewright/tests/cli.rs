//! The command line as a user meets it: a process, its two streams and its exit status.

mod place;

use std::fs;
use std::process::Command;

use fusewright_engine::verdict::Ruling;
use place::{Place, pair};
use serde_json::{Value, json};

#[test]
fn every_bad_input_is_one_clear_sentence() {
    let place = Place::new();
    place.write("binary.py", b"\x7fELF\0\0");
    place.write("latin.py", b"# caf\xe9\n");
    place.write("plain.py", b"print('hello')\n");
    place.write("empty.py", b"");
    place.make_dir("folder.py");
    place.write("huge.py", b"");
    fs::File::options().write(true).open(place.path("huge.py")).unwrap().set_len(100 << 20).unwrap();
    let mut report = Vec::new();
    for command in ["check", "archive"] {
        for name in ["gone.py", "folder.py", "binary.py", "huge.py", "latin.py", "plain.py", "empty.py"] {
            let ran = place.run(&[command, name]);
            assert_eq!(ran.status, 2, "{command} {name}");
            assert_eq!(ran.stdout, "", "{command} {name}");
            report.push(format!("{command} {name}\n  {}", ran.stderr));
        }
    }
    insta::assert_snapshot!(report.concat());
    assert!(!place.path("triton_training_data/output/training_data.jsonl").exists());
}

#[test]
fn a_file_of_markers_alone_is_checked_and_not_archived() {
    let place = Place::new();
    place.write("markers.py", b"# <PYTHON>\n# <TRITON>\n# <TEST>\n");
    let checked = place.run(&["check", "markers.py"]);
    assert_eq!(checked.status, 1);
    assert!(checked.stdout.contains("FW107"), "{}", checked.stdout);
    let archived = place.run(&["archive", "markers.py"]);
    assert_eq!((archived.status, archived.stdout.as_str()), (1, ""));
    assert!(archived.stderr.starts_with("error: markers.py:1: "), "{}", archived.stderr);
}

#[test]
fn convert_names_all_that_it_can_be_asked_for() {
    let place = Place::new();
    place.write("pair.py", pair(1).as_bytes());
    let ran = place.run(&["convert", "pair.py"]);
    assert_eq!(ran.status, 2);
    assert!(ran.stderr.contains("<--to <open|closed>|--scaffold|--inputs>"), "{}", ran.stderr);
    assert_eq!(place.run(&["convert", "--inputs", "--to", "closed", "pair.py"]).status, 0);
}

#[test]
fn check_finds_nothing_in_a_good_pair() {
    let place = Place::new();
    place.write("pair.py", pair(1).as_bytes());
    let ran = place.run(&["check", "pair.py"]);
    insta::assert_snapshot!(ran.stdout, @"no problems in 1 file");
    assert_eq!((ran.status, ran.stderr.as_str()), (0, ""));
    let ran = place.run(&["check", "--json", "pair.py"]);
    insta::assert_snapshot!(ran.stdout, @r#"{"file":"pair.py","fixed":0,"diagnostics":[]}"#);
}

#[test]
fn a_folder_stands_for_the_pairs_below_it() {
    let place = Place::new();
    for name in ["pairs/b/2.py", "pairs/b/.hidden.py", "pairs/1.py", "pairs/scratch/3.py"] {
        place.make_dir(name.rsplit_once('/').unwrap().0);
        place.write(name, pair(1).as_bytes());
    }
    place.write("pairs/plain.py", b"print('# <no marker')\n");
    place.write("pairs/notes.md", pair(1).as_bytes());
    place.write("pairs/.ignore", b"scratch\n");
    let ran = place.run(&["check", "--json", "pairs"]);
    let line = |line| serde_json::from_str::<Value>(line).unwrap();
    let files: Vec<Value> = ran.stdout.lines().map(|text| line(text)["file"].clone()).collect();
    assert_eq!(Value::from(files), json!(["pairs/1.py", "pairs/b/2.py"]), "{}", ran.stderr);

    place.make_dir("empty");
    let ran = place.run(&["check", "empty"]);
    assert_eq!(ran.status, 2);
    insta::assert_snapshot!(ran.stderr, @r"
    warning: no Python file below empty has a `# <PYTHON>` marker
    error: empty is a directory: name a pair file in it
    ");
}

#[test]
fn check_names_one_unreadable_file_and_goes_on_with_the_others() {
    let place = Place::new();
    place.write("pair.py", pair(1).as_bytes());
    let ran = place.run(&["check", "gone.py", "pair.py"]);
    assert_eq!(ran.status, 2);
    assert_eq!(ran.stderr, "error: gone.py does not exist: check the path\n");
    assert_eq!(ran.stdout, "no problems in 1 file\n");
}

#[test]
fn check_reads_a_settings_file_too() {
    let place = Place::new();
    place.write("fusewright.toml", b"[verify]\ndevise = \"cuda\"\n");
    let ran = place.run(&["check", "fusewright.toml"]);
    assert_eq!(ran.status, 1);
    assert!(ran.stdout.contains("unknown key `devise` in [verify]: did you mean `device`?"));
    assert!(ran.stdout.contains("fusewright.toml:2:1"), "{}", ran.stdout);
}

#[test]
fn an_unknown_setting_is_a_warning_on_its_line_and_stops_nothing() {
    let place = Place::new();
    place.write("fusewright.toml", b"[dataset]\nallow_untimd = true\n");
    place.write("pair.py", pair(1).as_bytes());
    place.verified("pair.py", Ruling::Pass);
    let ran = place.run(&["archive", "pair.py"]);
    assert_eq!(ran.status, 0);
    insta::assert_snapshot!(ran.stderr, @"warning: DIR/fusewright.toml:2: unknown key `allow_untimd` in [dataset]: did you mean `allow_untimed`?");
}

#[test]
fn settings_that_reach_out_wait_for_trust() {
    let place = Place::new();
    place.write("fusewright.toml", b"[dataset]\npath = \"../elsewhere.jsonl\"\n");
    place.make_dir("inner");
    place.write("pair.py", pair(1).as_bytes());
    place.verified("pair.py", Ruling::Pass);
    let ran = place.run(&["archive", "pair.py"]);
    insta::assert_snapshot!(ran.stderr, @"warning: DIR/fusewright.toml:2: `dataset.path` is not in force: it can run or send something, so read the file and accept it with `fusewright trust`");
    insta::assert_snapshot!(ran.stdout, @"archived pair.py as line 1 of DIR/triton_training_data/output/training_data.jsonl: Fused add 1.");
    let trusted = place.run(&["trust"]);
    insta::assert_snapshot!(trusted.stdout, @r#"
    accepted DIR/fusewright.toml as it is now; a change needs a new acceptance
      dataset.path = "../elsewhere.jsonl"
    "#);
    let ran = place.run(&["check", "pair.py"]);
    assert_eq!(ran.stderr, "");
    let revoked = place.run(&["trust", "--revoke"]);
    insta::assert_snapshot!(revoked.stdout, @"DIR/fusewright.toml is no longer accepted");
    assert!(place.run(&["check", "pair.py"]).stderr.contains("`dataset.path` is not in force"));
}

#[test]
fn nothing_is_archived_without_a_verdict() {
    let place = Place::new();
    place.write("pair.py", pair(1).as_bytes());
    let ran = place.run(&["archive", "pair.py"]);
    assert_eq!(ran.status, 1);
    insta::assert_snapshot!(ran.stderr, @"error: pair.py has no verdict yet: run `fusewright verify pair.py` first");
}

#[test]
fn what_passed_is_archived_once() {
    let place = Place::new();
    assert_eq!(place.run(&["init"]).status, 0);
    place.write("pair.py", pair(1).as_bytes());
    place.verified("pair.py", Ruling::Untimed);
    let refused = place.run(&["archive", "pair.py"]);
    assert_eq!((refused.status, refused.stdout.as_str()), (1, ""));
    let archived = place.run(&["archive", "--allow-untimed", "pair.py"]);
    assert_eq!((archived.status, archived.stderr.as_str()), (0, ""));
    insta::assert_snapshot!(archived.stdout, @"archived pair.py as line 1 of DIR/triton_training_data/output/training_data.jsonl: Fused add 1.");
    let again = place.run(&["archive", "--allow-untimed", "--json", "pair.py"]);
    assert_eq!(again.status, 1);
    insta::assert_snapshot!(again.stdout, @r#"{"archived":false,"file":"pair.py","reason":"DIR/triton_training_data/output/training_data.jsonl has this example already: line 1, \"Fused add 1.\""}"#);
    let stats = place.run(&["dataset", "stats"]);
    assert_eq!(stats.status, 0);
    assert!(stats.stdout.contains("examples         1\n"), "{}", stats.stdout);
    assert!(stats.stdout.contains("verdict untimed  1\n"), "{}", stats.stdout);
    let validated = place.run(&["dataset", "validate"]);
    assert_eq!(validated.status, 0, "{}", validated.stdout);
}

#[test]
fn init_lays_out_a_workspace_and_keeps_what_is_there() {
    let place = Place::new();
    let first = place.run(&["init", "new"]);
    insta::assert_snapshot!(first.stdout);
    assert_eq!((first.status, first.stderr.as_str()), (0, ""));
    let second = place.run(&["init", "new", "--json"]);
    let line: serde_json::Value = serde_json::from_str(&second.stdout).unwrap();
    let entries = line["entries"].as_array().unwrap();
    assert_eq!(entries.len(), 10);
    assert!(entries.iter().all(|entry| entry["state"] == "kept"));
}

#[test]
fn colours_come_only_where_they_are_wanted() {
    let place = Place::new();
    let mut forced = place.command(&["check", "gone.py"]);
    let stderr = forced.env("CLICOLOR_FORCE", "1").output().unwrap().stderr;
    assert!(stderr.starts_with(b"\x1b["));
    let mut plain = place.command(&["check", "gone.py"]);
    let stderr = plain.env("NO_COLOR", "1").output().unwrap().stderr;
    assert!(stderr.starts_with(b"error: "));
}

#[test]
fn the_log_goes_to_its_file_and_a_bad_level_is_named() {
    let place = Place::new();
    assert_eq!(place.run(&["--log-file", "log.txt", "rule"]).status, 0);
    assert!(place.path("log.txt").exists());
    let bad = place.command(&["rule"]).env("FUSEWRIGHT_LOG", "loud=very").output().unwrap();
    assert_eq!(bad.status.code(), Some(2));
    insta::assert_snapshot!(String::from_utf8(bad.stderr).unwrap(), @r#"error: FUSEWRIGHT_LOG is "loud=very": it must be off, error, warn, info, debug or trace"#);
    let bad = place.run(&["--log-file", "no/such/folder/log.txt", "rule"]);
    assert_eq!(bad.status, 2);
    assert!(
        bad.stderr.starts_with("error: cannot open the log file no/such/folder/log.txt"),
        "{}",
        bad.stderr
    );
}

#[test]
fn completions_and_rules_are_printed() {
    let place = Place::new();
    for shell in ["bash", "zsh", "fish"] {
        let ran = place.run(&["completions", shell]);
        assert_eq!(ran.status, 0);
        assert!(ran.stdout.contains("fusewright") && ran.stdout.contains("archive"), "{shell}");
    }
    let page = place.run(&["rule", "fw101"]);
    assert_eq!(page.status, 0);
    assert!(page.stdout.contains("FW101"), "{}", page.stdout);
    let unknown = place.run(&["rule", "FW111"]);
    assert_eq!(unknown.status, 2);
    assert!(
        unknown.stderr.starts_with("error: there is no rule FW111: did you mean FW10"),
        "{}",
        unknown.stderr
    );
}

#[test]
fn a_reader_that_leaves_early_is_no_error() {
    let place = Place::new();
    let script = "\"$0\" rule | head -n 1";
    let ran = Command::new("sh").args(["-c", script, place::BINARY]).output().unwrap();
    assert!(String::from_utf8(ran.stdout).unwrap().starts_with("FW101"));
    assert!(ran.stderr.is_empty());
    drop(place);
}
