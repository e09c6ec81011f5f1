//! Judges pair files: checks their structure, has the harness run them, and fills in what only the engine knows.
//!
//! There is always a verdict line. What could not be judged is a line whose error names the harness.

mod hint;
mod inductor;
mod pair;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use fusewright_pair::PairFile;
use serde_json::{Map, Value};
use tokio::sync::Mutex;

use crate::config::{DeviceChoice, Settings};
use crate::harness::{Compiled, Harness, HarnessError, Launch, LaunchError, Limits, Options, Pair};
use crate::home::Home;
use crate::progress::{CancellationToken, Event, Progress, Silent};
use crate::python::installed_triton;
use crate::remembered::VerdictStore;
use crate::source;
use crate::verdict::{Device, Finding, Implementation, PairError, Stage, VerdictLine};

pub use inductor::{InductorError, InductorRequest};

/// What a verifier works with.
#[derive(Debug, Clone)]
pub struct VerifierOptions {
    /// The settings in force.
    pub settings: Settings,
    /// Fusewright's own folder.
    pub home: Home,
    /// Where final verdicts are remembered; nowhere if `None`.
    pub store: Option<VerdictStore>,
    /// The limits that the harness is held to.
    pub limits: Limits,
    /// How the harness is started, where it is not as the settings say.
    pub launch: Option<Launch>,
}

impl VerifierOptions {
    /// These settings, with the user's own folders.
    pub fn new(settings: Settings) -> Self {
        Self {
            settings,
            home: Home::of_user(),
            store: VerdictStore::of_user(),
            limits: Limits::default(),
            launch: None,
        }
    }
}

/// One pair to judge.
#[derive(Debug, Clone)]
pub struct VerifyRequest {
    /// The file, as the user named it.
    pub file: PathBuf,
    /// Its text, which an editor may not have saved yet.
    pub text: Arc<str>,
    /// The device, where it is not the settings' own.
    pub device: Option<DeviceChoice>,
    /// The time limit in seconds, where it is not the settings' own.
    pub timeout_s: Option<f64>,
}

impl VerifyRequest {
    /// A pair to be judged as the settings say.
    pub fn new(file: impl Into<PathBuf>, text: impl Into<Arc<str>>) -> Self {
        Self { file: file.into(), text: text.into(), device: None, timeout_s: None }
    }

    /// Reads the pair from disk; the error is the line that says why it cannot be read.
    pub fn read(file: &Path) -> Result<Self, Box<VerdictLine>> {
        match source::read(file) {
            Ok(text) => Ok(Self::new(file, text)),
            Err(error) => Err(Box::new(VerdictLine {
                environment: versions(Map::new()),
                ..VerdictLine::failed(&name(file), unjudged("Unreadable", Stage::Parse, error.to_string()))
            })),
        }
    }
}

/// Judges pairs, with one warm harness that is started on first use and again when it died.
#[derive(Debug)]
pub struct Verifier {
    options: VerifierOptions,
    harness: Mutex<Option<Arc<Harness>>>,
    prewarmed: AtomicBool,
    hints: hint::Hints,
}

/// Why the harness could not be asked.
#[derive(Debug, thiserror::Error)]
enum Unasked {
    #[error(transparent)]
    Launch(#[from] LaunchError),
    #[error(transparent)]
    Harness(#[from] HarnessError),
}

impl Verifier {
    /// A verifier whose harness is not started yet.
    pub fn new(options: VerifierOptions) -> Self {
        Self {
            options,
            harness: Mutex::new(None),
            prewarmed: AtomicBool::new(false),
            hints: hint::Hints::default(),
        }
    }

    /// Judges a pair. The first form of the verdict, with phases pending, goes to `progress`.
    pub async fn verify(
        &self,
        request: VerifyRequest,
        progress: &dyn Progress,
        cancel: &CancellationToken,
    ) -> VerdictLine {
        let name = name(&request.file);
        let file = self.read(&request);
        let findings = pair::findings(&file, &self.options.settings.rules);
        let complete = |line| complete(line, &name, &file, &findings);
        let pair = match pair::take_apart(&name, &file) {
            Ok(pair) => pair,
            Err(error) => return complete(VerdictLine::failed(&name, error)),
        };
        if let Some(refusal) = pair::refusal(&file) {
            return complete(VerdictLine::failed(&name, refusal));
        }
        let options = self.harness_options(&request);
        let first = |line| progress.report(Event::First(Box::new(complete(line))));
        let line = match self.ask(&pair, &options, progress, &first, cancel).await {
            Ok(line) => complete(line),
            Err(error) => return complete(VerdictLine::failed(&name, error_of(&error))),
        };
        if let Some(Err(error)) = self.options.store.as_ref().map(|store| store.remember(&line)) {
            progress.report(Event::Note(format!("the verdict cannot be remembered for `archive`: {error}")));
        }
        line
    }

    /// Compiles a pair's kernels without running anything; what keeps it from that is a verdict line.
    pub async fn compile(
        &self,
        request: VerifyRequest,
        progress: &dyn Progress,
        cancel: &CancellationToken,
    ) -> Result<Compiled, Box<VerdictLine>> {
        let name = name(&request.file);
        let file = self.read(&request);
        let findings = pair::findings(&file, &self.options.settings.rules);
        let failed = |error| Box::new(complete(VerdictLine::failed(&name, error), &name, &file, &findings));
        let pair = pair::take_apart(&name, &file).map_err(failed)?;
        let options = self.harness_options(&request);
        let compiled = async {
            let harness = self.harness(progress, cancel).await?;
            Ok::<_, Unasked>(harness.compile(&pair, &options, progress, cancel).await?)
        };
        compiled.await.map_err(|error| failed(error_of(&error)))
    }

    /// What the machine that judges is; the error is one sentence and what the harness logged.
    pub async fn environment(
        &self,
        progress: &dyn Progress,
        cancel: &CancellationToken,
    ) -> Result<Map<String, Value>, PairError> {
        let environment = async {
            let harness = self.harness(progress, cancel).await?;
            Ok::<_, Unasked>(harness.environment(cancel).await?)
        };
        environment.await.map_err(|error| error_of(&error))
    }

    /// Starts the harness ahead of need, so that the next verdict does not wait for Python. What keeps it from starting
    /// is told to whoever asks it next.
    pub async fn warm_up(&self, cancel: &CancellationToken) {
        let _ = self.harness(&Silent, cancel).await;
    }

    /// The GPU that judged last, where one is remembered.
    pub fn last_device(&self) -> Option<Device> {
        self.options.store.as_ref()?.device()
    }

    /// Whether nobody asked for this before: one [`Verifier::prewarm`] is enough.
    pub fn begin_prewarming(&self) -> bool {
        !self.prewarmed.swap(true, Ordering::Relaxed)
    }

    /// Starts the harness and has it make ready what a verdict needs, so that the first one need not wait for it. Runs
    /// no pair. The error is one sentence; whoever asks for a verdict is told it again.
    pub async fn prewarm(&self, cancel: &CancellationToken) -> Result<(), PairError> {
        let options = self.harness_options(&VerifyRequest::new(PathBuf::new(), ""));
        let warm = async {
            let harness = self.harness(&Silent, cancel).await?;
            Ok::<_, Unasked>(harness.prewarm(&options, cancel).await?)
        };
        warm.await.map_err(|error| error_of(&error))
    }

    /// Ends the harness, giving it a moment to clean up. Dropping the verifier kills it at once.
    pub async fn shut_down(&self) {
        self.hints.end();
        let harness = self.harness.lock().await.take();
        // Whoever still waits for an answer holds the harness too, and it ends with the last of them.
        if let Some(harness) = harness.and_then(Arc::into_inner) {
            harness.stop().await;
        }
    }

    /// Reads a pair by the interface of the Triton that it will be run with, as the editor and `check` do.
    fn read(&self, request: &VerifyRequest) -> PairFile {
        let triton = installed_triton(&self.options.settings.python, &self.options.home);
        PairFile::parse_for(Arc::clone(&request.text), triton)
    }

    async fn ask(
        &self,
        pair: &Pair,
        options: &Options,
        progress: &dyn Progress,
        first: &(dyn Fn(VerdictLine) + Sync),
        cancel: &CancellationToken,
    ) -> Result<VerdictLine, Unasked> {
        let harness = self.harness(progress, cancel).await?;
        Ok(harness.verify(pair, options, progress, first, cancel).await?)
    }

    /// The running harness, started where there is none that answers.
    async fn harness(
        &self,
        progress: &dyn Progress,
        cancel: &CancellationToken,
    ) -> Result<Arc<Harness>, Unasked> {
        let mut slot = self.harness.lock().await;
        if let Some(harness) = slot.as_ref().filter(|harness| harness.is_open()) {
            return Ok(Arc::clone(harness));
        }
        *slot = None;
        progress.report(Event::Phase { message: "starting Python".to_owned(), percent: None });
        let mut launch = if let Some(launch) = &self.options.launch {
            launch.clone()
        } else {
            let python = &self.options.settings.python;
            let command = python.command.as_deref();
            Launch::resolve(python.interpreter.as_deref(), command, &self.options.home).await?
        };
        let keys: Vec<&str> = self.options.settings.model.key_variables().collect();
        launch.environment.retain(|(name, _)| !keys.iter().any(|key| *key == name.as_os_str()));
        let harness = Arc::new(Harness::start(&launch, self.options.limits, cancel).await?);
        *slot = Some(Arc::clone(&harness));
        Ok(harness)
    }

    fn harness_options(&self, request: &VerifyRequest) -> Options {
        let settings = &self.options.settings.verify;
        Options {
            device: request.device.unwrap_or(settings.device).word().to_owned(),
            seeds: settings.seeds,
            timeout_s: request.timeout_s.unwrap_or(settings.timeout_s),
            min_speedup: settings.min_speedup,
            target: settings.target.clone(),
            torch_compile: settings.torch_compile,
            containment: settings.containment.word(),
        }
    }
}

/// Fills in what the engine knows of the pair.
fn complete(mut line: VerdictLine, name: &str, file: &PairFile, findings: &[Finding]) -> VerdictLine {
    name.clone_into(&mut line.file);
    file.hash().unwrap_or_default().clone_into(&mut line.hash);
    line.environment = versions(line.environment);
    let mut all = findings.to_vec();
    all.append(&mut line.findings);
    line.findings = all;
    line
}

fn versions(mut environment: Map<String, Value>) -> Map<String, Value> {
    environment.insert("fusewright".to_owned(), env!("CARGO_PKG_VERSION").into());
    environment
}

fn name(file: &Path) -> String {
    file.display().to_string()
}

fn unjudged(kind: &str, stage: Stage, message: String) -> PairError {
    PairError {
        implementation: Implementation::Harness,
        stage,
        kind: kind.to_owned(),
        message,
        line: None,
        traceback: String::new(),
    }
}

fn error_of(error: &Unasked) -> PairError {
    let message = error.to_string();
    match error {
        Unasked::Launch(_) => unjudged("PythonNotFound", Stage::Import, message),
        Unasked::Harness(error) => {
            let stage = match error {
                HarnessError::Start { .. } | HarnessError::NotReady { .. } => Stage::Import,
                HarnessError::Hung { .. } => Stage::Timeout,
                _ => Stage::Run,
            };
            PairError { traceback: error.log().to_owned(), ..unjudged(error.kind(), stage, message) }
        }
    }
}
