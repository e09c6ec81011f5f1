//! TorchInductor's kernel as a model's place to start from: a model on loopback, and a harness that runs nothing.

#![allow(clippy::unwrap_used, reason = "helpers of tests stand outside of test functions")]

use std::path::Path;
use std::sync::Arc;

use fusewright_engine::authors::{AuthorStore, INDUCTOR};
use fusewright_engine::config::{ModelSettings, Provider, Settings};
use fusewright_engine::generate::{Assignment, Generator, Layout, Request, Writer};
use fusewright_engine::harness::Launch;
use fusewright_engine::progress::{CancellationToken, Silent};
use fusewright_engine::prompts::Failure;
use fusewright_engine::verify::{InductorRequest, Verifier, VerifierOptions};
use simulated_endpoint::{Act, SimulatedEndpoint, answer, body};

mod simulated_endpoint;

const PAIR: &str = "# <PYTHON>\nimport torch\n\n\ndef add_torch(x):\n    return torch.clamp(x + 1, min=0)\n\n\n# <TRITON>\nimport triton\n\n\n@triton.jit\ndef mine_kernel(x):\n    pass\n\n\ndef add_triton(x):\n    mine_kernel[(1,)](x)\n    return x\n\n\n# <TEST>\nimport torch\n\n\ndef get_test_inputs():\n    return (torch.randn(1000, device=\"cuda\"),)\n";
const OWN: &str = "import triton\n\n\n@triton.jit\ndef k(x):\n    pass\n\n\ndef add_triton(x):\n    k[(1,)](x)\n    return x\n";
/// What the simulated harness calls its kernel.
const HINT: &str = "def simulated_kernel(";
const LABEL: &str = "Do not copy it as it stands.";

struct Workshop {
    folder: tempfile::TempDir,
    settings: Settings,
    writer: Writer,
    verifier: Verifier,
    server: SimulatedEndpoint,
}

/// A model that says this, a harness that behaves so, and as much patience.
async fn workshop(script: Vec<Act>, mode: &str, patience: Option<f64>) -> Workshop {
    let folder = tempfile::tempdir().unwrap();
    let server = SimulatedEndpoint::start(vec![script]).await;
    let model = ModelSettings {
        provider: Provider::Openai,
        base_url: Some(server.address.clone()),
        model: Some("coder".to_owned()),
        inductor_hint_s: patience,
        ..ModelSettings::default()
    };
    let settings = Settings { model, ..Settings::default() };
    let writer = Writer::of(&settings, folder.path(), None, &|_| None).unwrap();
    let writer = writer.remembered_in(Some(AuthorStore::at(folder.path().join("authors"))));
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/simulated_harness.py");
    let launch = Launch {
        program: "python3".into(),
        arguments: [script, mode].map(Into::into).to_vec(),
        environment: std::env::vars_os().collect(),
        folder: folder.path().to_owned(),
        preamble: Vec::new(),
        description: "the simulated harness".to_owned(),
    };
    let options =
        VerifierOptions { store: None, launch: Some(launch), ..VerifierOptions::new(settings.clone()) };
    Workshop { folder, settings, writer, verifier: Verifier::new(options), server }
}

impl Workshop {
    fn generator(&self) -> Generator<'_> {
        let Self { folder, settings, writer, verifier, .. } = self;
        Generator { settings, root: folder.path(), writer, verifier }
    }

    /// Asks for a kernel; returns the last turn of what the model was asked.
    async fn asked(&self) -> String {
        let request = Request {
            file: Path::new("add.py"),
            text: Arc::from(PAIR),
            failures: &[],
            fix: false,
            instructions: None,
        };
        self.generator().kernel(request, &Silent, &CancellationToken::new()).await.unwrap();
        self.last_turn()
    }

    fn last_turn(&self) -> String {
        let body = body(&self.server.request(self.server.count() - 1));
        body["messages"].as_array().unwrap().last().unwrap()["content"].as_str().unwrap().to_owned()
    }

    async fn warm(&self) {
        self.verifier.warm_up(&CancellationToken::new()).await;
    }

    /// What TorchInductor writes, asked by itself.
    async fn kernel(&self) -> String {
        let request = InductorRequest::new("add.py", PAIR);
        self.verifier.inductor(request, &Silent, &CancellationToken::new()).await.unwrap().triton
    }

    fn author(&self, code: &str) -> Option<(String, bool)> {
        let author = AuthorStore::at(self.folder.path().join("authors")).recall(code)?;
        Some((author.writer, author.hinted))
    }
}

fn fenced(code: &str) -> Vec<Act> {
    answer(&format!("```python\n{code}```\n"))
}

#[tokio::test]
async fn a_model_is_given_the_kernel_and_provenance_can_tell() {
    let workshop = workshop(fenced(OWN), "writes", None).await;
    workshop.warm().await;
    let asked = workshop.asked().await;
    assert!(asked.contains(HINT) && asked.contains(LABEL), "{asked}");
    let (writer, hinted) = workshop.author(OWN).unwrap();
    assert!(writer.starts_with("coder at") && hinted);
    // Whoever repeats the hint is not its author.
    assert_eq!(workshop.author(&workshop.kernel().await), Some((INDUCTOR.to_owned(), false)));
}

#[tokio::test]
async fn python_is_not_started_for_a_hint_that_nobody_asked_for() {
    let workshop = workshop(fenced(OWN), "writes", None).await;
    assert!(!workshop.asked().await.contains(HINT));
    assert!(!workshop.author(OWN).unwrap().1);
}

#[tokio::test]
async fn who_names_a_time_has_python_started_for_it() {
    let workshop = workshop(fenced(OWN), "writes", Some(60.0)).await;
    assert!(workshop.asked().await.contains(HINT));
}

#[tokio::test]
async fn nothing_is_asked_where_hints_are_off() {
    let workshop = workshop(fenced(OWN), "writes", Some(0.0)).await;
    workshop.warm().await;
    assert!(!workshop.asked().await.contains(HINT));
}

#[tokio::test]
async fn a_model_does_not_wait_for_a_hint_that_does_not_come() {
    for (mode, patience) in [("ignores", 0.1), ("unsupported", 60.0), ("dies", 60.0), ("dies-at-start", 60.0)]
    {
        let workshop = workshop(fenced(OWN), mode, Some(patience)).await;
        assert!(!workshop.asked().await.contains(LABEL), "{mode}");
    }
}

#[tokio::test]
async fn a_reference_is_asked_for_once() {
    let workshop = workshop(fenced(OWN), "writes", None).await;
    workshop.warm().await;
    let text = Arc::from(PAIR);
    let (file, other) = (Path::new("add.py"), Path::new("elsewhere.py"));
    let first = workshop.verifier.hint(file, &text).await.unwrap();
    let again = workshop.verifier.hint(other, &Arc::from(format!("\n\n{PAIR}"))).await.unwrap();
    assert!(Arc::ptr_eq(&first, &again), "the same reference, elsewhere");
    let changed = Arc::from(PAIR.replace("x + 1", "x + 2"));
    assert!(!Arc::ptr_eq(&first, &workshop.verifier.hint(file, &changed).await.unwrap()));
}

#[tokio::test]
async fn a_second_attempt_at_a_pair_has_the_hint_and_may_not_repeat_it() {
    let kernel = workshop(fenced(OWN), "writes", None).await.kernel().await;
    let copied =
        PAIR.replace(&PAIR[PAIR.find("import triton").unwrap()..PAIR.find("# <TEST>").unwrap()], &kernel);
    let mut workshop = workshop(fenced(&copied), "writes", None).await;
    workshop.warm().await;
    let failures = [(PAIR.to_owned(), Failure::unusable("", "nothing came".to_owned()))];
    let assignment = Assignment {
        about: "add one",
        instructions: "",
        file: Path::new("add.py"),
        layout: Layout::Open,
        subject: "add",
        failures: &failures,
    };
    let cancel = CancellationToken::new();
    let error = workshop.generator().candidate(assignment, &Silent, &cancel).await.unwrap_err();
    assert!(workshop.last_turn().contains(HINT));
    assert_eq!(
        error.unusable().unwrap().reason.to_string(),
        "the answer repeats TorchInductor's own kernel, which was a place to start from: write one of your own"
    );
    // Where the dataset takes TorchInductor's kernels, it takes this one.
    workshop.settings.dataset.allow_inductor = true;
    assert!(workshop.generator().candidate(assignment, &Silent, &cancel).await.is_ok());
    let first = Assignment { failures: &[], ..assignment };
    workshop.generator().candidate(first, &Silent, &cancel).await.unwrap();
    assert!(!workshop.last_turn().contains(HINT), "there is no reference yet");
}
