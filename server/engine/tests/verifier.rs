//! The verifier's own part, against `simulated_harness.py`, which runs nothing.

#![allow(clippy::unwrap_used, reason = "helpers of tests stand outside of test functions")]

use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use fusewright_engine::config::Settings;
use fusewright_engine::harness::{Launch, Limits};
use fusewright_engine::home::Home;
use fusewright_engine::progress::{CancellationToken, Event, Progress, Silent};
use fusewright_engine::python::installed_triton;
use fusewright_engine::remembered::VerdictStore;
use fusewright_engine::verdict::{Implementation, Ruling, Stage, VerdictLine};
use fusewright_engine::verify::{InductorError, InductorRequest, Verifier, VerifierOptions, VerifyRequest};
use fusewright_pair::PairFile;

const PAIR: &str = "# <PYTHON>\nimport torch\ndef f_torch(x):\n    return x + 1\n# <TRITON>\nimport torch, triton\n@triton.jit\ndef k(x):\n    triton.language.store(x, 1)\ndef f_triton(x):\n    y = x.clone()\n    k[(1,)](y)\n    return y\n# <TEST>\nimport torch\ndef get_test_inputs():\n    return (torch.rand(3),)\n";

fn verifier(mode: &str, folder: &Path) -> Verifier {
    verifier_with(Settings::default(), mode, folder)
}

fn verifier_with(settings: Settings, mode: &str, folder: &Path) -> Verifier {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/simulated_harness.py");
    Verifier::new(VerifierOptions {
        settings,
        home: Home::at(folder),
        store: Some(VerdictStore::at(folder.join("verdicts"))),
        limits: Limits { start: Duration::from_secs(20), ..Limits::default() },
        launch: Some(Launch {
            program: "python3".into(),
            arguments: vec![script.into(), mode.into()],
            environment: std::env::vars_os().collect(),
            folder: std::env::temp_dir(),
            preamble: Vec::new(),
            description: "simulated".into(),
        }),
    })
}

async fn verify(verifier: &Verifier, text: &str) -> VerdictLine {
    verifier.verify(VerifyRequest::new("pair.py", text), &Silent, &CancellationToken::new()).await
}

#[derive(Default)]
struct Firsts(Mutex<Vec<VerdictLine>>);

impl Progress for Firsts {
    fn report(&self, event: Event) {
        if let Event::First(line) = event {
            self.0.lock().unwrap().push(*line);
        }
    }
}

#[tokio::test]
async fn the_line_is_filled_in_and_remembered() {
    let folder = tempfile::tempdir().unwrap();
    let verifier = verifier("answers", folder.path());
    let firsts = Firsts::default();
    let line = verifier.verify(VerifyRequest::new("pair.py", PAIR), &firsts, &CancellationToken::new()).await;
    assert_eq!(line.verdict, Some(Ruling::Untimed));
    assert_eq!(line.file, "pair.py");
    assert_eq!(line.environment["fusewright"], env!("CARGO_PKG_VERSION"));
    assert_eq!(line.environment["torch"], "simulated");
    assert_eq!(VerdictStore::at(folder.path().join("verdicts")).recall(&line.hash), Some(line.clone()));
    let firsts = firsts.0.into_inner().unwrap();
    assert_eq!(
        (firsts.len(), &firsts[0].hash, &firsts[0].pending[..]),
        (1, &line.hash, &["audit".to_owned()][..])
    );
}

#[tokio::test]
async fn the_rules_go_by_the_triton_that_judges() {
    let folder = tempfile::tempdir().unwrap();
    let packages = folder.path().join("env/lib/python3.12/site-packages/triton-3.9.0.dist-info");
    std::fs::create_dir_all(packages).unwrap();
    let mut settings = Settings::default();
    settings.python.interpreter = Some(folder.path().join("env/bin/python"));
    let text = PAIR.replace("store(x, 1)", "store(triton.language.advance(x, (1,)), 1)");
    // The variable of the environment, where it is set, names another interpreter.
    let triton = installed_triton(&settings.python, &Home::at(folder.path()));
    let expected = PairFile::parse_for(&*text, triton);
    let line = verify(&verifier_with(settings, "answers", folder.path()), &text).await;
    let said: Vec<_> = line.findings.iter().map(|finding| finding.message.as_str()).collect();
    let asked: Vec<_> = expected.diagnostics().iter().map(|diagnostic| diagnostic.message.as_str()).collect();
    assert_eq!(said, asked);
    assert!(said.iter().any(|message| message.contains("advance")), "{said:?}");
}

#[tokio::test]
async fn a_fault_of_structure_never_reaches_the_harness() {
    let folder = tempfile::tempdir().unwrap();
    let verifier = verifier("dies-at-start", folder.path());
    let line = verify(&verifier, &PAIR.replace("def k(x):", "def k(x:")).await;
    let error = line.error.as_ref().unwrap();
    assert_eq!(
        (error.implementation, error.stage, error.line),
        (Implementation::Triton, Stage::Parse, Some(8))
    );
    assert_eq!((line.verdict, line.exit_status(false)), (Some(Ruling::Error), 1));
    assert!(line.findings.iter().any(|finding| finding.code == "FW109" && finding.line == Some(8)));

    let line = verify(&verifier, "print('no pair')\n").await;
    assert_eq!((line.verdict, line.exit_status(true)), (None, 2));
    insta::assert_snapshot!(line.reason.unwrap(), @"pair.py is not a pair file: it has no `# <PYTHON>` marker; write one on a line of its own above the reference, and `fusewright convert --scaffold` adds the other blocks");
}

#[tokio::test]
async fn a_pair_that_proves_nothing_never_reaches_the_harness() {
    let folder = tempfile::tempdir().unwrap();
    let mut settings = Settings::default();
    settings.rules.ignore = vec!["FW401".to_owned()];
    let verifier = verifier_with(settings, "dies-at-start", folder.path());
    let text = PAIR.replace("    return y\n", "    return torch.relu(y)  # fusewright: ignore[FW401]\n");
    let line = verify(&verifier, &text).await;
    let error = line.error.as_ref().unwrap();
    assert_eq!((line.verdict, line.correct, line.exit_status(true)), (Some(Ruling::Rejected), false, 1));
    assert_eq!(
        (error.implementation, error.stage, error.kind.as_str(), error.line),
        (Implementation::Triton, Stage::Trust, "FW401", Some(13))
    );
    insta::assert_snapshot!(line.reason.unwrap(), @"`torch.relu` computes in place of a kernel: compute it in the kernel");
    assert!(line.findings.iter().any(|finding| finding.code == "FW401" && finding.line == Some(13)));
}

#[tokio::test]
async fn what_cannot_be_judged_is_a_line_too_and_the_next_pair_gets_a_new_harness() {
    let folder = tempfile::tempdir().unwrap();
    let verifier = verifier("dies", folder.path());
    for _ in 0..2 {
        let line = verify(&verifier, PAIR).await;
        let error = line.error.as_ref().unwrap();
        assert_eq!((line.exit_status(true), error.kind.as_str()), (2, "HarnessDied"));
        assert_eq!(error.traceback, "the last words");
        assert_eq!(VerdictStore::at(folder.path().join("verdicts")).recall(&line.hash), None);
    }
}

#[tokio::test]
async fn a_file_that_cannot_be_read_is_a_line_too() {
    let line = VerifyRequest::read(Path::new("/no/such/pair.py")).unwrap_err();
    assert_eq!(
        (line.exit_status(true), line.error.as_ref().unwrap().implementation),
        (2, Implementation::Harness)
    );
    insta::assert_snapshot!(line.reason.unwrap(), @"/no/such/pair.py does not exist: check the path");
}

#[tokio::test]
async fn cancelling_ends_the_wait_while_others_go_on() {
    let folder = tempfile::tempdir().unwrap();
    let verifier = Arc::new(verifier("slow", folder.path()));
    let cancel = CancellationToken::new();
    let other = tokio::spawn({
        let verifier = Arc::clone(&verifier);
        async move { verify(&verifier, PAIR).await }
    });
    cancel.cancel();
    let line = verifier.verify(VerifyRequest::new("pair.py", PAIR), &Silent, &cancel).await;
    assert_eq!(line.error.unwrap().kind, "Cancelled");
    assert_eq!(other.await.unwrap().verdict, Some(Ruling::Untimed));
}

#[tokio::test]
async fn a_kernel_is_asked_of_torch_inductor() {
    let folder = tempfile::tempdir().unwrap();
    let (python, rest) = PAIR.split_once("# <TRITON>\n").unwrap();
    let (_, test) = rest.split_once("# <TEST>").unwrap();
    let draft = format!("{python}# <TEST>{test}");
    let ask = async |mode: &str, text: &str, cancel: &CancellationToken| {
        verifier(mode, folder.path()).inductor(InductorRequest::new("pair.py", text), &Silent, cancel).await
    };
    let wanted = CancellationToken::new();
    let kernel = ask("answers", &draft, &wanted).await.unwrap();
    assert_eq!((kernel.triton.as_str(), kernel.launches), ("def f_triton(): ...\n", 1));
    assert_eq!(
        (&kernel.kernels[..], kernel.torch.as_str()),
        (&["get_test_inputs".to_owned()][..], "simulated")
    );

    let unsupported = ask("unsupported", &draft, &wanted).await.unwrap_err();
    assert!(
        matches!(&unsupported, InductorError::Unsupported { operator, line: Some(4), .. } if operator == "aten.sort")
    );
    assert!(matches!(ask("version", &draft, &wanted).await, Err(InductorError::Version(_))));
    let failed = ask("fails", &draft, &wanted).await.unwrap_err();
    insta::assert_snapshot!(failed, @"PYTHON, line 4: simulated");
    assert_eq!(failed.line(), Some(4));
    let died = ask("dies", &draft, &wanted).await.unwrap_err();
    assert!(matches!(died, InductorError::Machine(error) if error.kind == "HarnessDied"));
    let unread = ask("dies-at-start", &draft.replace("x + 1", "x +"), &wanted).await.unwrap_err();
    insta::assert_snapshot!(unread, @"syntax error in PYTHON: expected an expression");
    wanted.cancel();
    assert_eq!(ask("answers", &draft, &wanted).await, Err(InductorError::Cancelled));
}
