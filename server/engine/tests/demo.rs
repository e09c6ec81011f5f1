//! The demonstration, with `simulated_harness.py` in the place of the harness: it writes a kernel that stands for
//! TorchInductor's, and calls every pair right, unseen.

use std::path::Path;

use fusewright_engine::demo::{DemoOptions, demo};
use fusewright_engine::harness::Launch;
use fusewright_engine::home::Home;
use fusewright_engine::progress::{CancellationToken, Silent};
use fusewright_engine::work::Became;

#[tokio::test]
async fn a_second_run_finds_every_pair_and_idea_in_the_dataset() {
    let folder = tempfile::tempdir().unwrap();
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/simulated_harness.py");
    let options = DemoOptions {
        dir: folder.path().join("demo"),
        binary: "fusewright".into(),
        home: Home::at(folder.path().join("home")),
        store: None,
        launch: Some(Launch {
            program: "python3".into(),
            arguments: vec![script.into(), "writes".into()],
            environment: std::env::vars_os().collect(),
            folder: std::env::temp_dir(),
            preamble: Vec::new(),
            description: "simulated".into(),
        }),
    };
    let cancel = CancellationToken::new();
    for run in 0..2 {
        let report = demo(&options, &Silent, &cancel).await.unwrap();
        let lines: Vec<_> = report.pairs.iter().map(fusewright_engine::demo::DemoPair::line).collect();
        assert_eq!(lines, [Some(1), Some(2), Some(3)], "run {run}");
        assert!(report.pairs.iter().all(|pair| pair.archived.is_ok() == (run == 0) && pair.problems == 0));
        let ideas: Vec<_> = report.ideas.iter().map(|idea| (&idea.state.became, idea.before)).collect();
        assert_eq!(ideas.len(), 6);
        for (line, (became, before)) in (4..).zip(ideas) {
            assert!(
                matches!(became, Became::Archived { line: found, twin: false, .. } if *found == line),
                "{became:?}"
            );
            assert_eq!(before, run == 1);
        }
        let candidate = report.root.join(fusewright_engine::work::CANDIDATE);
        assert!(!candidate.exists());
        let dataset = std::fs::read_to_string(report.dataset).unwrap();
        assert_eq!(dataset.lines().count(), 9);
        assert!(dataset.starts_with("{\"description\":"));
    }
}
