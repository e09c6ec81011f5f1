//! `generate` and `fix` as a user meets them, with a model on loopback that answers over HTTP and a harness that runs
//! nothing.

#![cfg(unix)]
#![allow(clippy::unwrap_used, reason = "helpers of tests stand outside of test functions")]

#[path = "../../engine/tests/simulated_endpoint/mod.rs"]
mod simulated_endpoint;

mod place;

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use fusewright_engine::verdict::Ruling;
use fusewright_pair::{BlockKind, PairFile};
use place::{Place, Ran, pair};
use simulated_endpoint::{Act, SimulatedEndpoint, answer, body, head, piece, refusal};

const KEY: &str = "sk-planted-0123456789";

/// The pair without its TRITON block.
fn stripped() -> String {
    let whole = pair(1);
    let (start, end) = (whole.find("# <TRITON>").unwrap(), whole.find("# <TEST>").unwrap());
    format!("{}{}", &whole[..start], &whole[end..])
}

/// The block as a model would answer it, and as the simulated harness passes it.
fn block() -> String {
    let whole = PairFile::parse(pair(1));
    format!("# simulated: pass\n{}", whole.code(BlockKind::Triton).unwrap().trim())
}

fn spoken() -> String {
    format!("Here it is:\n\n```python\n{}\n```\n", block())
}

fn flags(server: &SimulatedEndpoint) -> Vec<String> {
    ["--provider", "openai", "--model", "coder", "--base-url", &server.address].map(str::to_owned).to_vec()
}

fn command(place: &Place, server: &SimulatedEndpoint, arguments: &[&str]) -> Command {
    let mut command = place.command(arguments);
    command.args(flags(server)).env("OPENAI_API_KEY", KEY).env_remove("http_proxy");
    command
}

/// Runs a command off the thread that serves the endpoint.
fn run(place: &Place, mut command: Command) -> Ran {
    tokio::task::block_in_place(|| place.finish(&mut command))
}

fn generate(place: &Place, server: &SimulatedEndpoint, arguments: &[&str]) -> Ran {
    run(place, command(place, server, arguments))
}

/// What was said, without what differs from run to run.
fn settled(text: &str, server: &SimulatedEndpoint) -> String {
    let host = server.address.trim_start_matches("http://").trim_end_matches("/v1");
    let text = text.replace(host, "HOST");
    let line = |line: &str| match line.split_once(" took ") {
        Some((who, rest)) => format!("{who} took N s{}", rest.split_once(" s").map_or("", |(_, rest)| rest)),
        None => line.to_owned(),
    };
    text.lines().map(line).collect::<Vec<_>>().join("\n")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_kernel_is_written_into_the_file() {
    let server = SimulatedEndpoint::start(vec![answer(&spoken())]).await;
    let place = Place::new();
    place.write("add.py", stripped().replace('\n', "\r\n").as_bytes());
    let ran =
        generate(&place, &server, &["generate", "add.py", "--instructions", "Use 256 elements a program."]);
    assert_eq!(ran.status, 0, "{}", ran.stderr);
    insta::assert_snapshot!(ran.stdout, @"written add.py: `add_triton` with add_kernel, 17 lines");
    let stderr = settled(&ran.stderr, &server);
    assert!(stderr.starts_with("writing the kernel: coder at HOST, waiting, 0 s\n"), "{stderr}");
    assert!(stderr.ends_with("coder at HOST took N s (812 tokens in, 412 out, $0.0021)"), "{stderr}");
    let written = PairFile::parse(place.read("add.py"));
    assert_eq!(written.structure_error(), None);
    assert_eq!(written.text().matches('\n').count(), written.text().matches("\r\n").count());
    assert!(body(&server.request(0)).to_string().contains("Use 256 elements a program."));

    // The whole of it again, for a program.
    let ran = generate(&place, &server, &["generate", "add.py", "--json"]);
    let line: serde_json::Value = serde_json::from_str(&ran.stdout).unwrap();
    assert_eq!(
        (&line["file"], &line["written_to"], ran.stderr.as_str()),
        (&"add.py".into(), &"add.py".into(), "")
    );
    assert_eq!(line["usage"], serde_json::json!({"prompt": 812, "answer": 412, "cost": 0.0021}));
    assert_eq!(line["hash"], PairFile::parse(place.read("add.py")).hash().unwrap());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dry_run_and_an_answer_without_a_kernel_leave_the_file_alone() {
    let server = SimulatedEndpoint::start(vec![answer(&spoken()), answer("I would rather not.")]).await;
    let place = Place::new();
    place.make_dir("triton_training_data");
    place.write("add.py", stripped().as_bytes());
    let ran = generate(&place, &server, &["generate", "add.py", "--dry-run"]);
    assert_eq!(ran.status, 0);
    assert_eq!(ran.stdout.trim(), block());

    let ran = generate(&place, &server, &["generate", "add.py"]);
    assert_eq!((ran.status, ran.stdout.as_str()), (1, ""));
    let said = settled(&ran.stderr, &server);
    assert_eq!(
        said.lines().last(),
        Some(
            "error: coder at HOST did not answer with a kernel: the answer holds no code; it begins: I would rather not."
        )
    );
    assert_eq!(place.read("add.py"), stripped());
    // Both are kept: what a dry run was paid for, too.
    let attempts = place.read("triton_training_data/output/attempts.jsonl");
    let kept: Vec<serde_json::Value> =
        attempts.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(kept.len(), 2);
    assert_eq!((&kept[1]["kind"], &kept[1]["answer"]), (&"generate".into(), &"I would rather not.".into()));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_changed_meanwhile_is_not_thrown_away() {
    let mut script = answer(&spoken());
    script.insert(2, Act::Wait(1500));
    let server = SimulatedEndpoint::start(vec![script]).await;
    let place = Place::new();
    place.write("add.py", stripped().as_bytes());
    let edited = format!("{}\n# mine\n", stripped());
    let edit = async {
        while server.count() == 0 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        place.write("add.py", edited.as_bytes());
    };
    let (ran, ()) = tokio::join!(generate_in_a_thread(&place, &server), edit);
    assert_eq!(ran.status, 1, "{}", ran.stderr);
    assert_eq!(place.read("add.py"), edited);
    assert!(place.read("add.py.fusewright-new").contains("def add_triton"));
    assert!(
        ran.stderr.contains("add.py was changed while the kernel was written, and was left alone: the new text is in add.py.fusewright-new"),
        "{}",
        ran.stderr
    );
}

async fn generate_in_a_thread(place: &Place, server: &SimulatedEndpoint) -> Ran {
    let mut command = command(place, server, &["generate", "add.py"]);
    let output = tokio::task::spawn_blocking(move || command.output().unwrap()).await.unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    Ran {
        status: output.status.code().unwrap_or(-1),
        stdout: text(output.stdout),
        stderr: text(output.stderr),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn ctrl_c_closes_the_connection_and_leaves_the_file_alone() {
    let server =
        SimulatedEndpoint::start(vec![vec![head("200 OK", ""), piece("import"), Act::AwaitClose]]).await;
    let place = Place::new();
    place.write("add.py", stripped().as_bytes());
    let mut command = command(&place, &server, &["generate", "add.py"]);
    let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    while server.count() == 0 {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    let id = rustix::process::Pid::from_child(&child);
    rustix::process::kill_process(id, rustix::process::Signal::INT).unwrap();
    let closed = tokio::time::timeout(Duration::from_secs(20), server.closed.notified()).await;
    assert!(closed.is_ok(), "the server still has its client");
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(130));
    assert!(String::from_utf8(output.stderr).unwrap().ends_with("cancelled: add.py is as it was\n"));
    assert_eq!(place.read("add.py"), stripped());
}

#[tokio::test(flavor = "multi_thread")]
async fn fix_mends_by_the_remembered_verdict_or_asks_for_one() {
    let server = SimulatedEndpoint::start(vec![answer(&spoken())]).await;
    let place = Place::new();
    place.write("add.py", pair(2).as_bytes());
    place.verified("add.py", Ruling::Wrong);
    let ran = generate(&place, &server, &["fix", "add.py"]);
    assert_eq!(ran.status, 0, "{}", ran.stderr);
    let asked = body(&server.request(0))["messages"][1]["content"].to_string();
    assert!(asked.contains("The verdict on it: wrong.") && asked.contains("mask=mask) + 2"), "{asked}");
    assert!(place.read("add.py").contains("mask=mask) + 1"));

    place.verified("add.py", Ruling::Pass);
    let ran = generate(&place, &server, &["fix", "add.py"]);
    insta::assert_snapshot!(ran.stdout, @r#"add.py has nothing to mend: its verdict is "pass" (say with --instructions what to change)"#);
    assert_eq!((ran.status, server.count()), (0, 1));

    let ran = run(&place, place.command(&["fix", "add.py"]));
    insta::assert_snapshot!(ran.stderr, @"error: TorchInductor writes kernels and mends none: name a model with --provider, or run `fusewright generate add.py` to have the block replaced");
    assert_eq!(ran.status, 2);

    place.judge_by_simulation();
    let failing = pair(3).replace("# <TRITON>\n", "# <TRITON>\n# simulated: wrong\n");
    place.write("add.py", failing.as_bytes());
    let ran = generate(&place, &server, &["fix", "add.py", "--verify"]);
    assert!(
        ran.stderr
            .starts_with("note: no verdict on add.py as it is now is remembered, so it is verified first\n"),
        "{}",
        ran.stderr
    );
    assert_eq!((ran.status, server.count()), (0, 2), "{}", ran.stderr);
    assert!(ran.stdout.contains("written add.py") && ran.stdout.contains("pass add.py"), "{}", ran.stdout);
}

#[tokio::test(flavor = "multi_thread")]
async fn requests_go_through_the_users_proxy() {
    let server = SimulatedEndpoint::start(vec![answer(&spoken())]).await;
    let place = Place::new();
    place.write("add.py", stripped().as_bytes());
    let mut command = place.command(&["generate", "add.py", "--provider", "openai", "--model", "coder"]);
    command.args(["--base-url", "http://models.invalid/v1"]).env("OPENAI_API_KEY", KEY);
    command
        .env("http_proxy", server.address.trim_end_matches("/v1"))
        .env_remove("no_proxy")
        .env_remove("NO_PROXY");
    let ran = run(&place, command);
    assert_eq!(ran.status, 0, "{}", ran.stderr);
    assert!(server.request(0).starts_with("POST http://models.invalid/v1/chat/completions "));
}

/// Every file below a folder, but for the settings, which a user wrote.
fn files(folder: &Path) -> Vec<(String, String)> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files(&path));
        } else if !path.ends_with("fusewright.toml") {
            let text = String::from_utf8_lossy(&std::fs::read(&path).unwrap()).into_owned();
            found.push((path.display().to_string(), text));
        }
    }
    found
}

#[tokio::test(flavor = "multi_thread")]
async fn no_key_reaches_a_log_a_file_or_a_worker() {
    let echo = |text: &str| format!("The keys are {KEY}, sk-planted-header and sk-planted-query.\n{text}");
    let echoing =
        echo(&spoken()).replace("import torch\n", &format!("# {KEY} sk-planted-query\nimport torch\n"));
    let busy = refusal(
        "429 Too Many Requests",
        "retry-after-ms: 1\r\n",
        &format!(r#"{{"error":{{"message":"{}"}}}}"#, echo("")).replace('\n', " "),
    );
    let refused = refusal(
        "401 Unauthorized",
        "",
        &format!(r#"{{"error":{{"message":"{}"}}}}"#, echo("")).replace('\n', " "),
    );
    let server =
        SimulatedEndpoint::start(vec![busy, answer(&echoing), refused, answer(&echo("no code"))]).await;
    let place = Place::new();
    place.make_dir("triton_training_data");
    place.write("add.py", stripped().as_bytes());
    place.judge_by_simulation();
    let host = server.address.trim_start_matches("http://");
    let settings = format!(
        "{}[model]\nprovider = \"openai\"\nmodel = \"coder\"\nbase_url = \"http://me:sk-planted-pass@{host}?api_key=sk-planted-query\"\napi_key_env = \"MY_KEY\"\nheaders = {{ \"x-token\" = \"sk-planted-header\", \"x-other\" = \"$OTHER_KEY\" }}\n",
        place.read("fusewright.toml")
    );
    place.write("fusewright.toml", settings.as_bytes());
    assert_eq!(place.run(&["trust"]).status, 0);
    let loud = |arguments: &[&str]| {
        let mut command = place.command(arguments);
        command
            .env("MY_KEY", KEY)
            .env("OTHER_KEY", "sk-planted-other")
            .env("FUSEWRIGHT_LOG", "trace")
            .env_remove("http_proxy");
        command
    };
    let mut said = String::new();
    for (arguments, status) in [
        (&["generate", "add.py", "--verify", "--log-file", "log.txt"][..], 0),
        (&["archive", "add.py"][..], 0),
        (&["generate", "add.py"][..], 2),
        (&["generate", "add.py", "--json"][..], 1),
    ] {
        let ran = run(&place, loud(arguments));
        assert!(ran.status == status, "{arguments:?}: {}\n{}", ran.status, ran.stderr);
        said.push_str(&ran.stdout);
        said.push_str(&ran.stderr);
    }
    for secret in [KEY, "sk-planted-header", "sk-planted-query", "sk-planted-other"] {
        assert!(server.request(1).contains(secret), "{secret} did not go out at all");
    }
    assert!(!said.contains("sk-planted"), "{said}");
    let files = files(&place.path(".."));
    for (path, text) in &files {
        assert!(!text.contains("sk-planted"), "{path}:\n{text}");
    }
    for name in ["attempts.jsonl", "provenance.jsonl", "training_data.jsonl", "surroundings.txt", "log.txt"] {
        assert!(
            files.iter().any(|(path, text)| path.ends_with(name) && !text.is_empty()),
            "there is no {name}"
        );
    }
    assert!(said.contains("(the key)"), "nothing was hidden, so nothing was tried");
}
