//! `verify` on many files, with a harness that runs nothing.

#![cfg(unix)]

mod place;

use place::{Place, pair};
use serde_json::{Value, json};

/// A place with pairs that the simulated harness answers as `what` says, in this order.
fn place_of(what: &[&str]) -> Place {
    let place = Place::new();
    place.judge_by_simulation();
    for (number, what) in what.iter().enumerate() {
        let text = pair(number).replace("# <TRITON>\n", &format!("# <TRITON>\n# simulated: {what}\n"));
        place.write(&format!("{number}.py"), text.as_bytes());
    }
    place
}

#[test]
fn as_many_as_asked_for_are_judged_at_once_and_told_in_their_order() {
    // Two are answered when both have come, the later one first; the harness would wait for ever for the other.
    let place = place_of(&["together", "together", "wrong"]);
    let ran = place.run(&["verify", "--json", "--jobs", "2", "0.py", "1.py", "gone.py", "2.py"]);
    assert_eq!((ran.status, ran.stderr.as_str()), (2, ""));
    let lines = ran.stdout.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    let told: Vec<Value> = lines.map(|line| json!([line["file"], line["verdict"]])).collect();
    let expected = json!([["0.py", "pass"], ["1.py", "pass"], ["gone.py", null], ["2.py", "wrong"]]);
    assert_eq!(Value::from(told), expected);
}

#[test]
fn a_log_says_which_file_each_phase_is_of() {
    let place = place_of(&["together", "together"]);
    let ran = place.run(&["verify", "--jobs", "2", "0.py", "1.py"]);
    assert_eq!(ran.status, 0, "{}", ran.stderr);
    for name in ["0.py", "1.py"] {
        assert_eq!(ran.stderr.matches(&format!("{name}: making inputs\n")).count(), 1, "{}", ran.stderr);
    }
}

#[test]
fn no_pairs_at_once_are_refused() {
    let ran = Place::new().run(&["verify", "--jobs", "0", "0.py"]);
    assert_eq!(ran.status, 2);
    assert!(ran.stderr.contains("invalid value '0' for '--jobs <NUMBER>'"), "{}", ran.stderr);
}
