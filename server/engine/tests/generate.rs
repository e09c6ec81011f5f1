//! The generator, with a model on loopback that answers over HTTP and a harness that runs nothing.

#![allow(clippy::unwrap_used, clippy::panic, reason = "helpers of tests stand outside of test functions")]

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use fusewright_engine::authors::AuthorStore;
use fusewright_engine::config::{ModelSettings, Provider, Settings};
use fusewright_engine::generate::{
    Analysis, Assignment, GenerateError, Generator, Layout, Request, Writer, Written,
};
use fusewright_engine::progress::{CancellationToken, Event, Progress};
use fusewright_engine::prompts::Failure;
use fusewright_engine::remembered::VerdictStore;
use fusewright_engine::verdict::{Implementation, PairError, Stage, VerdictLine};
use fusewright_engine::verify::{Verifier, VerifierOptions};
use fusewright_pair::{PairFile, Style};
use simulated_endpoint::{Act, SimulatedEndpoint, answer, body, head, piece};

mod simulated_endpoint;

const KEY: &str = "sk-planted-0123456789";
const PAIR: &str = "\"\"\"Fused Kernels: add one\"\"\"\n# <PYTHON>\nimport torch\n\n\ndef add_torch(x):\n    return torch.clamp(x + 1, min=0)\n\n\n# <TEST>\nimport torch\n\n\ndef get_test_inputs():\n    return (torch.randn(1000, device=\"cuda\"),)\n";
const KERNEL: &str = "import torch\nimport triton\nimport triton.language as tl\n\n\n@triton.jit\ndef add_kernel(x_ptr, out_ptr, n, BLOCK: tl.constexpr):\n    offsets = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)\n    mask = offsets < n\n    tl.store(out_ptr + offsets, tl.load(x_ptr + offsets, mask=mask) + 1, mask=mask)\n\n\ndef add_triton(x):\n    out = torch.empty_like(x)\n    add_kernel[(triton.cdiv(x.numel(), 256),)](x, out, x.numel(), BLOCK=256)\n    return out\n";

/// A workspace, and whoever writes in it.
struct Workshop {
    folder: tempfile::TempDir,
    settings: Settings,
    writer: Writer,
    verifier: Verifier,
}

/// What was reported.
#[derive(Default)]
struct Heard(Mutex<Vec<Event>>);

impl Progress for Heard {
    fn report(&self, event: Event) {
        self.0.lock().unwrap().push(event);
    }
}

impl Heard {
    fn answer(&self) -> String {
        let events = self.0.lock().unwrap();
        events
            .iter()
            .filter_map(|event| if let Event::Answer(piece) = event { Some(piece.as_str()) } else { None })
            .collect()
    }

    fn phases(&self) -> Vec<String> {
        let events = self.0.lock().unwrap();
        let phase = |event: &Event| {
            if let Event::Phase { message, .. } = event { Some(message.clone()) } else { None }
        };
        events.iter().filter_map(phase).collect()
    }
}

fn workshop(model: ModelSettings) -> Workshop {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir_all(folder.path().join("triton_training_data/output")).unwrap();
    let settings = Settings { model, ..Settings::default() };
    let variable = |name: &str| (name == "OPENAI_API_KEY").then(|| KEY.to_owned());
    let writer = Writer::of(&settings, folder.path(), None, &variable).unwrap();
    let writer = writer.remembered_in(Some(AuthorStore::at(folder.path().join("authors"))));
    let store = Some(VerdictStore::at(folder.path().join("verdicts")));
    let verifier = Verifier::new(VerifierOptions { store, ..VerifierOptions::new(settings.clone()) });
    Workshop { folder, settings, writer, verifier }
}

fn asking(server: &SimulatedEndpoint) -> Workshop {
    workshop(ModelSettings {
        provider: Provider::Openai,
        base_url: Some(server.address.clone()),
        model: Some("coder".to_owned()),
        ..ModelSettings::default()
    })
}

impl Workshop {
    fn generator(&self) -> Generator<'_> {
        let Self { folder, settings, writer, verifier } = self;
        Generator { settings, root: folder.path(), writer, verifier }
    }

    async fn kernel(
        &self,
        text: &str,
        failures: &[Failure],
        heard: &Heard,
    ) -> Result<Written, GenerateError> {
        let request = request(text, failures);
        self.generator().kernel(request, heard, &CancellationToken::new()).await
    }
}

fn request<'a>(text: &str, failures: &'a [Failure]) -> Request<'a> {
    Request {
        file: Path::new("add.py"),
        text: Arc::from(text),
        failures,
        fix: false,
        instructions: Some("Be brief."),
    }
}

fn fenced(code: &str) -> String {
    format!("Here it is:\n```python\n{code}```\nIt adds one.")
}

fn failure(text: &str) -> Failure {
    let error = PairError {
        implementation: Implementation::Triton,
        stage: Stage::Compile,
        kind: "CompilationError".to_owned(),
        message: "no such name".to_owned(),
        line: Some(2),
        traceback: String::new(),
    };
    Failure::of(&VerdictLine::failed("add.py", error), KERNEL, text)
}

fn turns(request: &str) -> Vec<(String, String)> {
    let body = body(request);
    let turns = body["messages"].as_array().unwrap().iter();
    turns
        .map(|turn| (turn["role"].as_str().unwrap().to_owned(), turn["content"].as_str().unwrap().to_owned()))
        .collect()
}

#[tokio::test]
async fn a_kernel_is_written_into_its_place() {
    let server = SimulatedEndpoint::start(vec![answer(&fenced(KERNEL))]).await;
    let workshop = asking(&server);
    let example = serde_json::json!({
        "description": "Add two.", "python_code": "def add_two_torch(x):\n    return torch.clamp(x + 2, min=0)\n",
        "triton_code": "# Written by TorchInductor (torch 2.15).\ndef add_two_triton(x): ...\n", "test_code": "",
    });
    let dataset = workshop.folder.path().join("triton_training_data/output/training_data.jsonl");
    std::fs::write(dataset, format!("{example}\n")).unwrap();
    let heard = Heard::default();
    let text = PAIR.replace('\n', "\r\n");
    let written = workshop.kernel(&text, &[], &heard).await.unwrap();

    let after = PairFile::parse(&*written.text);
    assert_eq!(after.structure_error(), None);
    assert_eq!(
        written.text,
        format!("{}{}{}", &text[..written.replaced.start], written.new_text, &text[written.replaced.end..])
    );
    assert_eq!(written.block.replace("\r\n", "\n").trim(), KERNEL.trim());
    assert!(!written.text.replace("\r\n", "").contains(['\r', '\n']));
    assert_eq!(after.entry_points().unwrap().candidate.name, "add_triton");

    assert_eq!(heard.answer(), fenced(KERNEL));
    assert_eq!(written.answer, fenced(KERNEL));
    let usage = written.usage.unwrap();
    assert_eq!((usage.prompt, usage.answer, usage.cost), (812, 412, Some(0.0021)));
    let host = server.address.trim_start_matches("http://").trim_end_matches("/v1");
    assert_eq!(written.writer, format!("coder at {host}"));
    assert_eq!(heard.phases()[0], format!("writing the kernel: coder at {host}, waiting, 0 s"));
    let author = AuthorStore::at(workshop.folder.path().join("authors")).recall(KERNEL).unwrap();
    assert_eq!((author.writer, author.attempt), (written.writer, Some(1)));

    let turns = turns(&server.request(0));
    assert_eq!(turns.len(), 2);
    let asked = &turns[1].1;
    for part in [
        "Add two.",
        "def add_torch(x):\n    return torch.clamp(x + 1, min=0)\n",
        "get_test_inputs",
        "Be brief.",
        "`add_triton`",
    ] {
        assert!(asked.contains(part), "{part} is not in\n{asked}");
    }
    assert!(!asked.contains("TorchInductor"), "what says who wrote it would be copied");
    assert!(turns[0].1.contains("a GPU of sm_90") && !asked.contains('\r'), "{}", turns[0].1);
}

#[tokio::test]
async fn the_pair_itself_is_no_example_for_itself() {
    let server = SimulatedEndpoint::start(vec![answer(&fenced(KERNEL))]).await;
    let workshop = asking(&server);
    let example = serde_json::json!({
        "description": "The same.", "python_code": "import torch\n\ndef add_torch(x):\n    return torch.clamp(x + 1, min=0)  # one\n",
        "triton_code": "def add_triton(x): ...\n", "test_code": "",
    });
    let dataset = workshop.folder.path().join("triton_training_data/output/training_data.jsonl");
    std::fs::write(dataset, format!("{example}\n")).unwrap();
    workshop.kernel(PAIR, &[], &Heard::default()).await.unwrap();
    assert!(!turns(&server.request(0))[1].1.contains("The same."));
}

#[tokio::test]
async fn a_retry_carries_the_verdict_and_an_answer_without_code() {
    let server = SimulatedEndpoint::start(vec![answer(&fenced(KERNEL))]).await;
    let workshop = asking(&server);
    let failures = [failure(PAIR), Failure::unusable("I cannot.", "the answer holds no code".to_owned())];
    workshop.kernel(PAIR, &failures, &Heard::default()).await.unwrap();
    let turns = turns(&server.request(0));
    let roles: Vec<&str> = turns.iter().map(|(role, _)| role.as_str()).collect();
    assert_eq!(roles, ["system", "user", "assistant", "user", "assistant", "user"]);
    assert!(turns[2].1.contains("def add_kernel") && turns[3].1.contains("no such name"), "{turns:?}");
    assert_eq!(turns[4].1, "I cannot.");
    assert!(
        turns[5]
            .1
            .starts_with("That answer was of no use, and nothing was judged: the answer holds no code."),
        "{}",
        turns[5].1
    );
    let author = AuthorStore::at(workshop.folder.path().join("authors")).recall(KERNEL).unwrap();
    assert_eq!(author.attempt, Some(3));
}

#[tokio::test]
async fn an_answer_without_a_kernel_says_what_came_instead() {
    let cases = [
        "I am sorry, but kernels are hard.".to_owned(),
        fenced("def add_triton(x):\n    return x + 1\n"),
        fenced(&KERNEL.replace("def add_triton", "def add_wrapper")),
        fenced(&KERNEL.replace("mask = offsets < n", "mask = offsets <")),
        format!("<think>\n{KERNEL}"),
    ];
    let mut said = Vec::new();
    for case in cases {
        let server = SimulatedEndpoint::start(vec![answer(&case)]).await;
        let error = asking(&server).kernel(PAIR, &[], &Heard::default()).await.unwrap_err();
        let unusable = error.unusable().unwrap_or_else(|| panic!("{error}"));
        assert_eq!((unusable.answer.as_str(), unusable.usage.unwrap().answer), (case.as_str(), 412));
        assert_eq!(unusable.verdict("add.py").exit_status(true), 1);
        let host = server.address.trim_start_matches("http://").trim_end_matches("/v1");
        said.push(error.to_string().replace(host, "HOST"));
    }
    insta::assert_snapshot!(said.join("\n"), @r"
    coder at HOST did not answer with a kernel: the answer holds no code; it begins: I am sorry, but kernels are hard.
    coder at HOST did not answer with a kernel: the code in the answer has no function under `@triton.jit`
    coder at HOST did not answer with a kernel: the code in the answer does not define `add_triton`, the wrapper that was asked for
    coder at HOST did not answer with a kernel: the code in the answer is no Python: line 9: expected an expression
    coder at HOST did not answer with a kernel: the answer ends within its reasoning: no code came
    ");
}

#[tokio::test]
async fn a_file_that_is_not_ready_is_told_before_anybody_is_asked() {
    let server = SimulatedEndpoint::start(vec![answer("")]).await;
    let workshop = asking(&server);
    let mut said = Vec::new();
    for text in ["x = 1\n", "# <TRITON>\nx = 1\n", "# <PYTHON>\nx = (\n", "# <PYTHON>\nx = 1\n"] {
        said.push(workshop.kernel(text, &[], &Heard::default()).await.unwrap_err().to_string());
    }
    assert_eq!(server.count(), 0);
    insta::assert_snapshot!(said.join("\n"), @r"
    add.py is not a pair file: it has no `# <PYTHON>` marker; write one on a line of its own above the reference, and `fusewright convert --scaffold` adds the other blocks
    add.py is not a pair file: it has no `# <PYTHON>` marker; write one on a line of its own above the reference, and `fusewright convert --scaffold` adds the other blocks
    add.py:2: syntax error in PYTHON: `(` is never closed
    add.py:1: no function in the PYTHON block says what the kernel should compute: define one
    ");
}

#[tokio::test]
async fn cancelling_closes_the_connection() {
    let server =
        SimulatedEndpoint::start(vec![vec![head("200 OK", ""), piece("import"), Act::AwaitClose]]).await;
    let workshop = asking(&server);
    let (cancel, heard) = (CancellationToken::new(), Heard::default());
    let watch = async {
        while heard.answer().is_empty() {
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
        cancel.cancel();
    };
    let generator = workshop.generator();
    let (written, ()) = tokio::join!(generator.kernel(request(PAIR, &[]), &heard, &cancel), watch);
    assert!(written.unwrap_err().is_cancelled());
    let closed = tokio::time::timeout(Duration::from_secs(5), server.closed.notified()).await;
    assert!(closed.is_ok(), "the server still has its client");
}

fn whole() -> String {
    let python = "import torch\n\n\ndef add_torch(x):\n    return x + 1\n";
    let test = "import torch\n\n\ndef get_test_inputs():\n    return (torch.randn(1000, device=\"cuda\"),)\n";
    format!("# <PYTHON>\n{python}\n# <TRITON>\n{KERNEL}\n# <TEST>\n{test}")
}

fn assignment(layout: Layout, failures: &[(String, Failure)]) -> Assignment<'_> {
    Assignment {
        about: "add one, then \"relu\"",
        instructions: "Keep to float32.",
        file: Path::new("add.py"),
        layout,
        subject: "add",
        failures,
    }
}

#[tokio::test]
async fn a_whole_pair_is_written_in_either_layout() {
    let server = SimulatedEndpoint::start(vec![answer(&fenced(&whole()))]).await;
    let workshop = asking(&server);
    for (layout, style) in [(Layout::Open, Style::Open), (Layout::Closed, Style::Closed)] {
        let heard = Heard::default();
        let written = workshop
            .generator()
            .candidate(assignment(layout, &[]), &heard, &CancellationToken::new())
            .await
            .unwrap();
        let pair = PairFile::parse(&*written.text);
        assert_eq!((pair.style(), pair.structure_error()), (Some(style), None), "{}", written.text);
        assert!(pair.hash().is_some() && pair.inputs().is_some());
        assert_eq!(pair.title(), Some("add one, then 'relu'"));
        assert_eq!(written.block.trim(), KERNEL.trim());
    }
    let asked = turns(&server.request(1)).pop().unwrap().1;
    for part in [
        "fused_kernel_pytorch",
        "fused_kernel_triton_wrapper",
        "# </TEST>",
        "Keep to float32.",
        "get_test_inputs()",
    ] {
        assert!(asked.contains(part), "{part} is not in\n{asked}");
    }

    let failures = [("# <PYTHON>\nfirst\n".to_owned(), failure(PAIR))];
    workshop
        .generator()
        .candidate(assignment(Layout::Open, &failures), &Heard::default(), &CancellationToken::new())
        .await
        .unwrap();
    let turns = turns(&server.request(2));
    assert_eq!(turns[2].1, "```python\n# <PYTHON>\nfirst\n```\n");
    assert!(turns[3].1.ends_with("Answer with the whole mended file, all three blocks.\n"), "{}", turns[3].1);
}

#[tokio::test]
async fn an_analysis_comes_from_the_model_or_from_the_verdict() {
    let said = "**ROOT CAUSE:** `x_ptr` is no pointer.\n\n**PLANNED FIX:** Pass the tensor.";
    let server = SimulatedEndpoint::start(vec![answer(said)]).await;
    let workshop = asking(&server);
    let failures = [failure(PAIR)];
    let analyse = async |workshop: &Workshop| {
        let heard = Heard::default();
        workshop
            .generator()
            .analysis(request(PAIR, &failures), &heard, &CancellationToken::new())
            .await
            .unwrap()
    };
    let wanted =
        Analysis { root_cause: "`x_ptr` is no pointer.".into(), planned_fix: "Pass the tensor.".into() };
    assert_eq!(analyse(&workshop).await, wanted);
    let asked = turns(&server.request(0)).pop().unwrap().1;
    assert!(
        asked.contains("no such name") && asked.contains("ROOT CAUSE:") && !asked.contains("whole mended"),
        "{asked}"
    );

    let inductor = self::workshop(ModelSettings::default());
    assert_eq!(analyse(&inductor).await, Analysis::of_verdict(&failures[0]));
    let answers: PathBuf = workshop.folder.path().to_owned();
    let recorded =
        ModelSettings { provider: Provider::Recorded, answers: Some(answers), ..ModelSettings::default() };
    assert_eq!(analyse(&self::workshop(recorded)).await, Analysis::of_verdict(&failures[0]));
}

#[tokio::test]
async fn no_key_is_in_anything_that_is_said() {
    let echo = format!("the key is {KEY}\n```python\n# {KEY}\n{KERNEL}```\n");
    let refused =
        simulated_endpoint::refusal("400 Bad Request", "", &format!(r#"{{"error":{{"message":"{KEY}"}}}}"#));
    let busy = simulated_endpoint::refusal(
        "429 Too Many Requests",
        "retry-after-ms: 1\r\n",
        &format!(r#"{{"error":"{KEY}"}}"#),
    );
    let server = SimulatedEndpoint::start(vec![busy, answer(&echo), refused]).await;
    let host = server.address.trim_start_matches("http://").trim_end_matches("/v1");
    let workshop = workshop(ModelSettings {
        provider: Provider::Openai,
        base_url: Some(format!("http://me:{KEY}-pass@{host}/v1?api_key={KEY}-query")),
        model: Some("coder".to_owned()),
        headers: [("x-key", "$OPENAI_API_KEY"), ("x-auth-token", "sk-planted-header")]
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .into(),
        ..ModelSettings::default()
    });
    let heard = Heard::default();
    let written = workshop.kernel(PAIR, &[], &heard).await.unwrap();
    let error = workshop.kernel(PAIR, &[], &heard).await.unwrap_err();
    assert!(server.request(1).contains(KEY), "the key did not go out at all");
    assert!(written.text.contains("# (the key)"), "{}", written.text);
    let author = AuthorStore::at(workshop.folder.path().join("authors")).recall(&written.block);
    let said = format!(
        "{written:?}\n{error}\n{error:?}\n{author:?}\n{:?}\n{:?}",
        heard.0.lock().unwrap(),
        workshop.writer
    );
    assert!(!said.contains("sk-planted"), "{said}");
}
