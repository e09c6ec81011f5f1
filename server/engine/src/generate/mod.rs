//! Writes kernels: asks whoever the settings name, finds the code in the answer, and puts it into the pair.
//!
//! Architecture Invariant: a kernel is applied only to the text that it was asked for. What is returned is the text that
//! the file would have; [`place`] replaces a file only while it still holds that text.

mod analysis;
mod candidate;
mod error;
mod insert;
mod lone;
mod place;
mod telling;
mod writer;

pub use analysis::Analysis;
pub use candidate::{Assignment, Layout};
pub use error::{GenerateError, Unusable};
pub use insert::{Inserted, insert};
pub use lone::{LoneAttempt, keep};
pub use place::{Placed, place};
pub use writer::Writer;

use std::ops::Range;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use fusewright_pair::{BlockKind, PairFile};

use crate::authors::{Author, INDUCTOR, ORIGIN};
use crate::config::{DeviceChoice, Settings};
use crate::dataset::{Dataset, Example};
use crate::harness::InductorKernel;
use crate::home::Home;
use crate::model::{AnswerError, ModelError, Prompt, Usage, Wanted, find_code};
use crate::progress::{CancellationToken, Event, Progress};
use crate::prompts::{Failure, Prompts, Task, nearest_examples, whole_lines};
use crate::python::installed_triton;
use crate::verify::{InductorRequest, Verifier};
use crate::workspace::Workspace;

pub use crate::model::EditorModel;

/// The folder of the user's own templates, below the workspace's root.
const TEMPLATES: &str = "triton_training_data/prompts";
/// How many worked pairs a prompt carries.
const EXAMPLES: usize = 2;
/// Who waits for less is not told why.
const UNNOTICED: Duration = Duration::from_millis(100);
/// A hint that is longer than this would crowd out the task itself.
const LONGEST_HINT: usize = 16_000;

/// Chooses as many examples, by a text.
type Chooser = fn(&[Example], &str, usize) -> Vec<Example>;

/// Writes kernels and pairs for one workspace.
#[derive(Debug, Clone, Copy)]
pub struct Generator<'a> {
    /// The settings in force.
    pub settings: &'a Settings,
    /// The workspace's root.
    pub root: &'a Path,
    /// Who writes.
    pub writer: &'a Writer,
    /// Who knows the machine, and asks TorchInductor.
    pub verifier: &'a Verifier,
}

/// What is to be written.
#[derive(Debug, Clone)]
pub struct Request<'a> {
    /// The file, as the user named it.
    pub file: &'a Path,
    /// Its text, which an editor may not have saved yet.
    pub text: Arc<str>,
    /// What was tried before, oldest first.
    pub failures: &'a [Failure],
    /// Whether the first of the failures is of a block that the writer has not seen, because somebody else wrote it.
    pub fix: bool,
    /// What the user adds in words.
    pub instructions: Option<&'a str>,
}

/// What was written.
#[derive(Debug, Clone, PartialEq)]
pub struct Written {
    /// The whole new file.
    pub text: String,
    /// The TRITON block in it.
    pub block: String,
    /// What was replaced, in bytes of the old text.
    pub replaced: Range<usize>,
    /// What stands there now.
    pub new_text: String,
    /// Who wrote it.
    pub writer: String,
    /// The tokens used, where the provider tells.
    pub usage: Option<Usage>,
    /// How long it took.
    pub seconds: f64,
    /// What was asked; nothing where no model was.
    pub prompt: Option<Prompt>,
    /// The whole answer; empty where no model was asked.
    pub answer: String,
}

impl Generator<'_> {
    /// Writes the TRITON block of a pair.
    pub async fn kernel(
        &self,
        request: Request<'_>,
        progress: &dyn Progress,
        cancel: &CancellationToken,
    ) -> Result<Written, GenerateError> {
        let pair = PairFile::parse(Arc::clone(&request.text));
        let mut task = task(&pair, &request)?;
        let Some(model) = self.writer.model() else {
            return self.inductor(&pair, &request, progress, cancel).await;
        };
        self.complete(&mut task).await;
        let prompts = self.prompts()?;
        let hint = self.hint(&prompts, request.file, &request.text, progress, cancel).await;
        task.hint = hint.as_deref().map(whole_lines);
        let prompt = match request.failures {
            [first, later @ ..] if request.fix => prompts.fix(&task, first, later)?,
            failures => prompts.generate(&task, failures)?,
        };
        let answered = telling::ask(model, &prompt, "writing the kernel", progress, cancel).await?;
        let found = find_code(&answered.completion.text, &Wanted { candidate: task.candidate })
            .and_then(|code| insert(&pair, &code).map_err(AnswerError::NoBlock))
            .map_err(|reason| answered.completion.blame(reason));
        let (answer, usage) = (answered.completion.text, answered.completion.usage);
        let inserted = match found {
            Ok(inserted) => inserted,
            Err(reason) => {
                let seconds = answered.seconds;
                let writer = self.writer.label();
                let unusable =
                    Unusable { writer, wanted: "a kernel", reason, answer, prompt, usage, seconds };
                return Err(GenerateError::Unusable(Box::new(unusable)));
            }
        };
        let written = self.written(inserted, &request, hint.is_some(), answered.seconds, progress);
        Ok(Written { usage, prompt: Some(prompt), answer, ..written })
    }

    /// Says why the last of the request's failures failed and what the next attempt will change: what the model
    /// says, or what the verdict says where there is no model to ask. Where nothing failed it is empty.
    pub async fn analysis(
        &self,
        request: Request<'_>,
        progress: &dyn Progress,
        cancel: &CancellationToken,
    ) -> Result<Analysis, GenerateError> {
        let Some(last) = request.failures.last() else { return Ok(Analysis::default()) };
        let known = Analysis::of_verdict(last);
        let Some(model) = self.writer.model() else { return Ok(known) };
        let pair = PairFile::parse(Arc::clone(&request.text));
        let Ok(mut task) = task(&pair, &request) else { return Ok(known) };
        self.complete(&mut task).await;
        let prompt = self.prompts()?.analysis(&task, request.failures)?;
        match telling::ask(model, &prompt, "analysing the failure", progress, cancel).await {
            Ok(answered) => Ok(Analysis::of_answer(&answered.completion.text, last)),
            Err(GenerateError::Model(ModelError::NotRecorded { .. })) => Ok(known),
            Err(error) => Err(error),
        }
    }

    /// The same from TorchInductor, which needs no prompt and writes the same every time.
    async fn inductor(
        &self,
        pair: &PairFile,
        request: &Request<'_>,
        progress: &dyn Progress,
        cancel: &CancellationToken,
    ) -> Result<Written, GenerateError> {
        progress
            .report(Event::Phase { message: "TorchInductor writes the kernel".to_owned(), percent: None });
        let started = Instant::now();
        let asked = InductorRequest::new(request.file, Arc::clone(&request.text));
        let kernel =
            self.verifier.inductor(asked, progress, cancel).await.map_err(GenerateError::Inductor)?;
        let code = with_origin(&kernel);
        let inserted = insert(pair, &code).map_err(GenerateError::Misfit)?;
        Ok(self.written(inserted, request, false, started.elapsed().as_secs_f64(), progress))
    }

    /// What is returned of a block that stands in its file now; the prompt and the answer are the caller's to add.
    fn written(
        &self,
        inserted: Inserted,
        request: &Request<'_>,
        hinted: bool,
        seconds: f64,
        progress: &dyn Progress,
    ) -> Written {
        let Inserted { text, block, replaced, new_text } = inserted;
        self.remember(&block, request.failures.len(), hinted, progress);
        let (writer, answer) = (self.writer.label(), String::new());
        Written { text, block, replaced, new_text, writer, usage: None, seconds, prompt: None, answer }
    }

    /// Adds to a task what only the workspace and the machine know.
    async fn complete(&self, task: &mut Task) {
        task.target = self.target();
        task.triton = self.triton();
        task.examples = self.examples(&task.python, nearest_examples).await;
    }

    fn prompts(&self) -> Result<Prompts, GenerateError> {
        let folder = self.root.join(TEMPLATES);
        Ok(Prompts::load(folder.is_dir().then_some(folder.as_path()))?)
    }

    /// What the kernel will run on: the card that judged last, else what is compiled for.
    fn target(&self) -> String {
        let card = match self.settings.verify.device {
            DeviceChoice::Interpreter => None,
            DeviceChoice::Auto | DeviceChoice::Cuda => self.verifier.last_device(),
        };
        let Some(card) = card else { return format!("a GPU of {}", self.settings.verify.target) };
        match card.more.get("capability").and_then(|capability| capability.as_str()) {
            Some(capability) => format!("{} ({capability})", card.name),
            None => card.name,
        }
    }

    fn triton(&self) -> Option<String> {
        let version = installed_triton(&self.settings.python, &Home::of_user());
        version.map(|version| version.to_string())
    }

    /// Worked pairs from the workspace's own dataset, as `choose` chooses them by a text.
    async fn examples(&self, text: &str, choose: Chooser) -> Vec<Example> {
        let root = self.root.to_owned();
        let dataset = Dataset::open(Workspace { root }.dataset(self.settings));
        let text = text.to_owned();
        let chosen = tokio::task::spawn_blocking(move || choose(&dataset.recent(), &text, EXAMPLES));
        // An example more or less is no reason to write nothing.
        let mut chosen = chosen.await.unwrap_or_default();
        for example in &mut chosen {
            example.triton_code = unsigned(&example.triton_code);
        }
        chosen
    }

    /// TorchInductor's kernel for the reference of a file, where the prompts want it and it can be had soon. It stays
    /// TorchInductor's: a model that repeats it is not its author.
    async fn hint(
        &self,
        prompts: &Prompts,
        file: &Path,
        text: &Arc<str>,
        progress: &dyn Progress,
        cancel: &CancellationToken,
    ) -> Option<Arc<str>> {
        if !prompts.hand_hints_on() {
            return None;
        }
        let asked = async {
            let mut hint = std::pin::pin!(self.verifier.hint(file, text));
            if let Ok(hint) = tokio::time::timeout(UNNOTICED, &mut hint).await {
                return hint;
            }
            let message = "asking TorchInductor for a hint".to_owned();
            progress.report(Event::Phase { message, percent: None });
            hint.await
        };
        let hint = tokio::select! {
            biased;
            () = cancel.cancelled() => None,
            hint = asked => hint,
        };
        let hint = hint.filter(|hint| hint.len() <= LONGEST_HINT)?;
        let author = Author { writer: INDUCTOR.to_owned(), attempt: None, hinted: false };
        self.note_author(&hint, &author, progress);
        Some(unsigned(&hint).into())
    }

    fn remember(&self, block: &str, failures: usize, hinted: bool, progress: &dyn Progress) {
        let attempt = u32::try_from(failures).unwrap_or(u32::MAX).saturating_add(1);
        let author = Author { writer: self.writer.label(), attempt: Some(attempt), hinted };
        self.note_author(block, &author, progress);
    }

    fn note_author(&self, block: &str, author: &Author, progress: &dyn Progress) {
        if let Some(Err(error)) = self.writer.authors.as_ref().map(|store| store.remember(block, author)) {
            progress.report(Event::Note(format!(
                "who wrote the kernel cannot be remembered for `archive`: {error}"
            )));
        }
    }
}

/// A block without the comment that TorchInductor wrote it: a model would copy that too, and then its own kernel says so.
fn unsigned(code: &str) -> String {
    code.split_inclusive('\n').filter(|line| !line.starts_with(ORIGIN)).collect()
}

/// TorchInductor's block, which says at its start where it comes from: `archive` asks whether such blocks may enter.
fn with_origin(kernel: &InductorKernel) -> String {
    let code = kernel.triton.trim_start_matches(['\r', '\n']);
    if code.starts_with(ORIGIN) {
        return code.to_owned();
    }
    format!("{ORIGIN} (torch {}) and made standalone by Fusewright.\n{code}", kernel.torch)
}

/// The task that a pair sets, or what keeps it from setting one.
fn task(pair: &PairFile, request: &Request<'_>) -> Result<Task, GenerateError> {
    if pair.block(BlockKind::Python).is_none() {
        return Err(GenerateError::NotAPair(request.file.to_owned()));
    }
    let unready = |line, message| GenerateError::Unready { file: request.file.to_owned(), line, message };
    if let Some(fault) = insert::obstacle(pair) {
        return Err(unready(pair.line_of(fault.range.start()), fault.message.clone()));
    }
    let mut task = Task::of(pair, &subject(request.file)).ok_or_else(|| {
        let line = pair.block(BlockKind::Python).map_or(1, |block| pair.line_of(block.range().start()));
        unready(
            line,
            "no function in the PYTHON block says what the kernel should compute: define one".to_owned(),
        )
    })?;
    task.instructions =
        request.instructions.map(str::trim).filter(|words| !words.is_empty()).map(str::to_owned);
    Ok(task)
}

/// How recorded answers name the task of a file.
fn subject(file: &Path) -> String {
    file.file_stem().unwrap_or_default().to_string_lossy().into_owned()
}
