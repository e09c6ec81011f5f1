//! The client's side of the protocol, against `simulated_harness.py`: a process that speaks it and runs nothing.

#![allow(clippy::unwrap_used, reason = "helpers of tests stand outside of test functions")]

use std::path::Path;
use std::sync::Mutex;
use std::time::Duration;

use fusewright_engine::harness::{
    Code, Entry, Harness, HarnessError, Launch, Limits, Options, Package, Pair,
};
use fusewright_engine::home::Home;
use fusewright_engine::progress::{CancellationToken, Event, Progress, Silent};
use fusewright_engine::verdict::{Ruling, VerdictLine};

fn launch(mode: &str) -> Launch {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/simulated_harness.py");
    Launch {
        program: "python3".into(),
        arguments: vec![script.into(), mode.into()],
        environment: std::env::vars_os().collect(),
        folder: std::env::temp_dir(),
        preamble: Vec::new(),
        description: "simulated".into(),
    }
}

fn limits() -> Limits {
    Limits {
        start: Duration::from_secs(20),
        margin: Duration::from_millis(1500),
        stop: Duration::from_secs(5),
        line: 1 << 20,
    }
}

async fn start(mode: &str) -> Harness {
    Harness::start(&launch(mode), limits(), &CancellationToken::new()).await.unwrap()
}

fn pair() -> Pair {
    let code = || Code { code: "pass\n".into(), first_line: 2 };
    Pair {
        file: "pair.py".into(),
        hash: "00".into(),
        python: code(),
        triton: code(),
        test: code(),
        main: None,
        entry: Entry { convention: "functions", reference: "f_torch".into(), candidate: "f_triton".into() },
        inputs: "get_test_inputs",
    }
}

fn options(timeout_s: f64) -> Options {
    Options {
        device: "auto".into(),
        seeds: 3,
        timeout_s,
        min_speedup: 1.0,
        target: "sm_90".into(),
        torch_compile: true,
        containment: "best",
    }
}

async fn verify(harness: &Harness) -> Result<VerdictLine, HarnessError> {
    harness.verify(&pair(), &options(0.5), &Silent, &|_| (), &CancellationToken::new()).await
}

/// Whether a process is there and not merely waiting to be collected.
fn is_running(process: u32) -> bool {
    std::fs::read_to_string(format!("/proc/{process}/stat"))
        .is_ok_and(|stat| !stat.rsplit_once(')').unwrap().1.trim_start().starts_with('Z'))
}

async fn ends(process: u32) -> bool {
    for _ in 0..100 {
        if !is_running(process) {
            return true;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    false
}

#[derive(Default)]
struct Recorder(Mutex<Vec<String>>);

impl Progress for Recorder {
    fn report(&self, event: Event) {
        if let Event::Phase { message, .. } = event {
            self.0.lock().unwrap().push(message);
        }
    }
}

#[tokio::test]
async fn a_verdict_arrives_with_its_phases_and_its_first_form() {
    for mode in ["answers", "greets", "slow"] {
        let harness = start(mode).await;
        let (phases, firsts) = (Recorder::default(), Mutex::new(Vec::new()));
        let first = |line: VerdictLine| firsts.lock().unwrap().push(line.pending);
        let line =
            harness.verify(&pair(), &options(0.5), &phases, &first, &CancellationToken::new()).await.unwrap();
        assert_eq!(line.verdict, Some(Ruling::Untimed), "{mode}");
        assert_eq!(phases.0.into_inner().unwrap()[0], "making inputs");
        assert_eq!(firsts.into_inner().unwrap(), [["audit"]]);
    }
}

#[tokio::test]
async fn requests_in_flight_get_their_own_answers() {
    let harness = start("out-of-order").await;
    let (first, second) = tokio::join!(verify(&harness), verify(&harness));
    assert_eq!(first.unwrap().reason.as_deref(), Some("first"));
    assert_eq!(second.unwrap().reason.as_deref(), Some("pair.py"));
}

#[tokio::test]
async fn each_way_to_fail_has_its_sentence() {
    let modes =
        ["dies", "dies-and-leaves-a-child", "hangs", "garbage", "huge-line", "refuses", "closes-output"];
    let trials = modes.map(|mode| {
        tokio::spawn(async move {
            let harness = start(mode).await;
            let text = verify(&harness).await.unwrap_err().to_string();
            if mode != "refuses" {
                assert!(!harness.is_open(), "{mode}");
                assert!(verify(&harness).await.is_err(), "{mode}: a harness that is gone takes no request");
            }
            // The number of the child that is left behind differs from run to run.
            format!("{mode}: {}", text.trim_end_matches(|c: char| c.is_ascii_digit()))
        })
    });
    let mut said = Vec::new();
    for trial in trials {
        said.push(trial.await.unwrap());
    }
    insta::assert_snapshot!(said.join("\n"));
}

#[tokio::test]
async fn failing_to_start_has_its_sentence() {
    let cancel = CancellationToken::new();
    let error = Harness::start(&launch("dies-at-start"), limits(), &cancel).await.unwrap_err();
    insta::assert_snapshot!(error, @"the harness (`simulated`) ended with exit status: 1 before it answered: ModuleNotFoundError: No module named 'simulated'");
    assert!(error.log().starts_with("some log\n"));

    let short = Limits { start: Duration::from_millis(300), ..limits() };
    let error = Harness::start(&launch("never-ready"), short, &cancel).await.unwrap_err();
    assert!(matches!(error, HarnessError::NotReady { .. }), "{error}");

    let missing = Launch { program: "/no/such/python".into(), ..launch("answers") };
    let error = Harness::start(&missing, limits(), &cancel).await.unwrap_err();
    assert!(error.to_string().starts_with("cannot start the harness with `simulated` ("), "{error}");
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_hanging_harness_ends_with_its_whole_tree() {
    let harness = start("hangs").await;
    let phases = Recorder::default();
    let error = harness
        .verify(&pair(), &options(0.1), &phases, &|_| (), &CancellationToken::new())
        .await
        .unwrap_err();
    assert!(matches!(error, HarnessError::Hung { .. }), "{error}");
    let child = phases.0.into_inner().unwrap()[0].parse().unwrap();
    assert!(ends(child).await, "a child in a session of its own outlived the harness");
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn dropping_it_ends_the_process_and_stopping_it_too() {
    for stop in [false, true] {
        let harness = start("answers").await;
        let environment = harness.environment(&CancellationToken::new()).await.unwrap();
        let process = u32::try_from(environment["pid"].as_u64().unwrap()).unwrap();
        assert!(is_running(process));
        if stop {
            harness.stop().await;
        } else {
            drop(harness);
        }
        assert!(ends(process).await, "stop: {stop}");
    }
}

#[tokio::test]
async fn cancelling_tells_the_harness_and_leaves_it_running() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("cancelled");
    let mut launch = launch("ignores");
    launch.environment.push(("FUSEWRIGHT_TEST_CANCELLED".into(), file.clone().into()));
    let harness = Harness::start(&launch, limits(), &CancellationToken::new()).await.unwrap();
    let cancel = CancellationToken::new();
    let (pair, options) = (pair(), options(60.0));
    let asked = harness.verify(&pair, &options, &Silent, &|_| (), &cancel);
    let (answer, ()) = tokio::join!(asked, async { cancel.cancel() });
    assert_eq!(answer.unwrap_err(), HarnessError::Cancelled);
    harness.environment(&CancellationToken::new()).await.unwrap();
    assert_eq!(std::fs::read_to_string(file).unwrap(), "1");
}

#[tokio::test]
async fn the_environment_of_the_harness_is_bare() {
    let home = tempfile::tempdir().unwrap();
    let mut launch = Launch::local(Path::new("python3"), &Home::at(home.path())).unwrap();
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/simulated_harness.py");
    launch.arguments = vec![script.into(), "answers".into()];
    let harness = Harness::start(&launch, limits(), &CancellationToken::new()).await.unwrap();
    let environment = harness.environment(&CancellationToken::new()).await.unwrap();
    let names: Vec<_> = environment["environ"].as_object().unwrap().keys().collect();
    // Cargo sets this one for every test.
    assert!(std::env::var_os("CARGO_MANIFEST_DIR").is_some());
    assert!(!names.iter().any(|name| name.starts_with("CARGO")), "{names:?}");
    assert!(names.iter().any(|name| *name == "PYTHONPATH"));
}

/// With a shell in between, as `ssh` has, and without one: what arrives must run either way.
#[cfg(unix)]
#[tokio::test]
async fn a_command_needs_nothing_but_python_on_the_far_side() {
    let cache = tempfile::tempdir().unwrap();
    let simulated = include_str!("simulated_harness.py").to_owned();
    let package = Package {
        name: "harness-simulated".into(),
        files: vec![("fusewright_harness/__main__.py".into(), simulated)],
    };
    let through_a_shell = ["sh", "-c", "exec sh -c \"$*\"", "sh", "python3"];
    for command in [&through_a_shell[..], &["python3"]] {
        let command: Vec<String> = command.iter().map(|&word| word.to_owned()).collect();
        let mut launch = Launch::through(&command, &package).unwrap();
        launch.environment.push(("XDG_CACHE_HOME".into(), cache.path().into()));
        let harness = Harness::start(&launch, limits(), &CancellationToken::new()).await.unwrap();
        let line = verify(&harness).await.unwrap();
        assert_eq!(line.verdict, Some(Ruling::Untimed));
        harness.stop().await;
        let unpacked: Vec<_> = std::fs::read_dir(cache.path().join("fusewright")).unwrap().collect();
        assert_eq!(unpacked.len(), 1);
    }
}

#[tokio::test]
async fn it_is_made_ready_ahead_of_a_pair() {
    let harness = start("answers").await;
    harness.prewarm(&options(0.5), &CancellationToken::new()).await.unwrap();
    let unknown = Options { device: "abacus".into(), ..options(0.5) };
    let error = harness.prewarm(&unknown, &CancellationToken::new()).await.unwrap_err();
    assert_eq!(error.kind(), "HarnessRefused");
    assert_eq!(verify(&harness).await.unwrap().verdict, Some(Ruling::Untimed));
}
