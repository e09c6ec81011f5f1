//! The dataset under what real processes do to it: many writers, a writer killed, a disk that fills up.

#![cfg(unix)]
#![allow(clippy::unwrap_used, reason = "helpers of tests")]

mod place;

use std::collections::BTreeSet;
use std::fs;
use std::process::{Child, Stdio};
use std::time::Duration;

use fusewright_engine::dataset::Example;
use fusewright_engine::verdict::Ruling;
use place::{BINARY, Place, pair};

const DATASET: &str = "triton_training_data/output/training_data.jsonl";
const PROVENANCE: &str = "triton_training_data/output/provenance.jsonl";

/// Lays out a workspace with this many pairs that passed.
fn workspace(count: usize) -> (Place, Vec<String>) {
    let place = Place::new();
    assert_eq!(place.run(&["init"]).status, 0);
    let names: Vec<_> = (0..count).map(|number| format!("pair_{number}.py")).collect();
    for (number, name) in names.iter().enumerate() {
        place.write(name, pair(number).as_bytes());
        place.verified(name, Ruling::Pass);
    }
    (place, names)
}

fn archive(place: &Place, names: &[String]) -> Child {
    let mut arguments = vec!["archive"];
    arguments.extend(names.iter().map(String::as_str));
    place.command(&arguments).stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap()
}

/// The descriptions in the dataset, where every line is a whole example.
fn descriptions(place: &Place) -> Vec<String> {
    let text = place.read(DATASET);
    assert!(text.is_empty() || text.ends_with('\n'));
    text.lines().map(|line| Example::from_line(line.as_bytes()).unwrap().description).collect()
}

fn expected(count: usize) -> BTreeSet<String> {
    (0..count).map(|number| format!("Fused add {number}.")).collect()
}

#[test]
fn eight_writers_at_once_lose_nothing_and_double_nothing() {
    let (place, names) = workspace(80);
    // Every pair is archived by two of the writers: one of them is told of the twin.
    let children: Vec<_> = (0..8)
        .map(|writer| {
            let start = (writer % 4) * 20;
            archive(&place, &names[start..start + 20])
        })
        .collect();
    let mut refused = 0;
    for child in children {
        let output = child.wait_with_output().unwrap();
        let stderr = String::from_utf8(output.stderr).unwrap();
        assert!(stderr.lines().all(|line| line.contains("has this example already")), "{stderr}");
        refused += stderr.lines().count();
    }
    assert_eq!(refused, 80);
    let found = descriptions(&place);
    assert_eq!(found.len(), 80);
    assert_eq!(found.into_iter().collect::<BTreeSet<_>>(), expected(80));
    assert_eq!(place.read(PROVENANCE).lines().count(), 80);
}

#[test]
fn a_killed_writer_leaves_a_dataset_that_the_next_one_completes() {
    let (place, names) = workspace(40);
    for round in 0..12 {
        let mut child = archive(&place, &names);
        std::thread::sleep(Duration::from_millis(5 + 4 * round));
        child.kill().unwrap();
        child.wait().unwrap();
        // What is there is whole but for the last line, which may be torn.
        let text = place.read(DATASET);
        let whole = text.rfind('\n').map_or(0, |end| end + 1);
        for line in text[..whole].lines() {
            assert!(Example::from_line(line.as_bytes()).is_some(), "{line}");
        }
    }
    archive(&place, &names).wait().unwrap();
    let found = descriptions(&place);
    assert_eq!(found.len(), 40);
    assert_eq!(found.into_iter().collect::<BTreeSet<_>>(), expected(40));
}

#[test]
fn a_full_disk_adds_nothing_and_loses_nothing() {
    let (place, names) = workspace(2);
    // The shell's limit stands for a full disk: a write past it is cut short, then refused.
    let limited = |blocks: usize, name: &str| {
        let script = format!("trap '' XFSZ; ulimit -f {blocks}; exec \"$0\" archive {name}");
        place.finish(&mut place.program("sh", &["-c", &script, BINARY]))
    };
    // `ulimit -f` counts blocks of 512 bytes or of 1024, as the shell likes; the line has some 900 bytes.
    fs::write(place.path(DATASET), format!("{}\n", filler().to_line())).unwrap();
    let before = place.read(DATASET);
    let refused = limited(1, &names[0]);
    assert_eq!(refused.status, 2);
    insta::assert_snapshot!(refused.stderr, @"error: there is no room for DIR/triton_training_data/output/training_data.jsonl, so nothing was added: make room and archive again");
    assert_eq!(place.read(DATASET), before);
    assert_eq!(place.read(PROVENANCE), "");

    let archived = place.run(&["archive", &names[0]]);
    assert_eq!(archived.status, 0, "{}", archived.stderr);
    assert!(place.read(DATASET).starts_with(&before));
    assert_eq!(descriptions(&place).len(), 2);
}

/// An example that nearly fills the first block.
fn filler() -> Example {
    Example {
        description: "Fused filler.".to_owned(),
        python_code: "x\n".repeat(200),
        triton_code: "y\n".to_owned(),
        test_code: "z\n".to_owned(),
    }
}

#[test]
fn a_read_only_dataset_is_named_and_left_alone() {
    let (place, names) = workspace(2);
    assert_eq!(place.run(&["archive", &names[0]]).status, 0);
    let before = place.read(DATASET);
    let mut permissions = fs::metadata(place.path(DATASET)).unwrap().permissions();
    permissions.set_readonly(true);
    fs::set_permissions(place.path(DATASET), permissions).unwrap();
    let refused = place.run(&["archive", &names[1]]);
    assert_eq!(refused.status, 2);
    insta::assert_snapshot!(refused.stderr, @"error: DIR/triton_training_data/output/training_data.jsonl is read-only, so nothing was added: make it writable or set `dataset.path`");
    assert_eq!(place.read(DATASET), before);
}

#[test]
fn a_torn_last_line_is_set_aside_and_said() {
    let (place, names) = workspace(2);
    assert_eq!(place.run(&["archive", &names[0]]).status, 0);
    let whole = place.read(DATASET);
    fs::write(place.path(DATASET), format!("{whole}{}", &whole[..50])).unwrap();
    let archived = place.run(&["archive", &names[1]]);
    assert_eq!(archived.status, 0);
    insta::assert_snapshot!(archived.stdout, @"
    archived pair_1.py as line 2 of DIR/triton_training_data/output/training_data.jsonl: Fused add 1.
      the dataset's last line was torn: what there was of it is now in DIR/triton_training_data/output/training_data.jsonl.torn-1
    ");
    assert_eq!(place.read(&format!("{DATASET}.torn-1")), &whole[..50]);
    assert_eq!(descriptions(&place).into_iter().collect::<BTreeSet<_>>(), expected(2));
}
