//! The demonstration: a workspace of its own, in which shipped pairs are checked, judged and archived, and the loop
//! works through some ideas with TorchInductor, which needs neither a key nor a GPU.

use std::io;
use std::path::{Path, PathBuf};

use fusewright_pair::{PairFile, Severity};

use crate::archive::{ArchiveError, Archived, archive};
use crate::config::{self, CONFIG_FILE, Provider, Settings};
use crate::dataset::DatasetError;
use crate::files;
use crate::generate::Writer;
use crate::harness::Launch;
use crate::home::Home;
use crate::model::ModelError;
use crate::progress::{CancellationToken, Event, Progress};
use crate::remembered::VerdictStore;
use crate::setup::{Prepared, SetupError, SetupOptions, setup};
use crate::source::{self, SourceError};
use crate::verdict::VerdictLine;
use crate::verify::{Verifier, VerifierOptions, VerifyRequest};
use crate::work::{self, Became, IdeaState, Tools, What, WorkError};
use crate::workspace::{self, DATA_FOLDER, InitError, InitOptions, Workspace};

/// The shipped pairs: float32 and bfloat16 in the open style, float16 in the closed one.
const PAIRS: [(&str, &str); 3] = [
    ("bias_gelu_scale.py", include_str!("../../../examples/demo/bias_gelu_scale.py")),
    ("masked_softmax.py", include_str!("../../../examples/demo/masked_softmax.py")),
    ("residual_rmsnorm.py", include_str!("../../../examples/demo/residual_rmsnorm.py")),
];

/// The shipped ideas that the loop works at: element by element, and along rows.
const IDEAS: [&str; 6] = [
    "add, relu",
    "tanh, scale, add",
    "row max, subtract, exp",
    "absolute difference, row sum",
    "layernorm, gelu",
    "softmax, multiply",
];

/// The settings of the demonstration's workspace.
const SETTINGS: &str = "\
# The settings of the demonstration. Elsewhere, only pairs that were timed on a GPU enter a dataset, and none whose
# kernel TorchInductor wrote; here both may, so that there is something to see on every machine.
[dataset]
allow_untimed = true
allow_inductor = true
";

/// How the demonstration is run.
#[derive(Debug, Clone)]
pub struct DemoOptions {
    /// Its folder.
    pub dir: PathBuf,
    /// The binary that the workspace's `benchmark.py` hands over to.
    pub binary: PathBuf,
    /// Fusewright's own folder.
    pub home: Home,
    /// Where verdicts are remembered; nowhere if `None`.
    pub store: Option<VerdictStore>,
    /// How the harness is started, where no interpreter is to be looked for.
    pub launch: Option<Launch>,
}

/// Why the demonstration could not be run.
#[derive(Debug, thiserror::Error)]
pub enum DemoError {
    /// There is no Python.
    #[error(transparent)]
    Setup(#[from] SetupError),
    /// There is no workspace.
    #[error(transparent)]
    Init(#[from] InitError),
    /// A file could not be written.
    #[error("cannot write {}: {cause}", path.display())]
    Write {
        /// The file.
        path: PathBuf,
        /// What the system said.
        cause: io::Error,
    },
    /// A pair could not be read back.
    #[error(transparent)]
    Source(#[from] SourceError),
    /// The loop could not go on.
    #[error(transparent)]
    Work(WorkError),
    /// Nobody writes.
    #[error(transparent)]
    Model(#[from] ModelError),
    /// The user stopped it.
    #[error("cancelled")]
    Cancelled,
}

impl From<WorkError> for DemoError {
    fn from(error: WorkError) -> Self {
        match error {
            WorkError::Cancelled => Self::Cancelled,
            error => Self::Work(error),
        }
    }
}

/// What became of one shipped pair.
#[derive(Debug)]
pub struct DemoPair {
    /// Where it lies now.
    pub file: PathBuf,
    /// How many errors and warnings the rules report.
    pub problems: usize,
    /// Its verdict.
    pub verdict: VerdictLine,
    /// Its line in the dataset, or why it has none.
    pub archived: Result<Archived, ArchiveError>,
}

impl DemoPair {
    /// The line of the dataset that holds it, from this run or an earlier one.
    pub fn line(&self) -> Option<u64> {
        match &self.archived {
            Ok(archived) => Some(archived.line),
            Err(ArchiveError::Dataset(DatasetError::Twin { line, .. })) => Some(*line),
            Err(_) => None,
        }
    }
}

/// What the demonstration did.
#[derive(Debug)]
pub struct DemoReport {
    /// The interpreter, where one was looked for.
    pub prepared: Option<Prepared>,
    /// The workspace.
    pub root: PathBuf,
    /// The dataset.
    pub dataset: PathBuf,
    /// The pairs, in order.
    pub pairs: Vec<DemoPair>,
    /// The ideas, in the file's order, and what became of each.
    pub ideas: Vec<DemoIdea>,
}

/// What became of one idea.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DemoIdea {
    /// What became of it.
    pub state: IdeaState,
    /// Whether an earlier run had come to that.
    pub before: bool,
}

/// Sets up what is missing, lays out the workspace, takes every shipped pair to the dataset, and works through some
/// ideas. What an earlier run did is not done again.
pub async fn demo(
    options: &DemoOptions,
    progress: &dyn Progress,
    cancel: &CancellationToken,
) -> Result<DemoReport, DemoError> {
    let prepared = match &options.launch {
        Some(_) => None,
        None => Some(setup(&SetupOptions::default(), &options.home, progress, cancel).await?),
    };
    let files = lay_out(options)?;
    let root = std::path::absolute(&options.dir).unwrap_or_else(|_| options.dir.clone());
    let settings = Settings::resolve(&[&config::load(&root).options]);
    let dataset = Workspace { root: root.clone() }.dataset(&settings);
    let verifier = Verifier::new(VerifierOptions {
        home: options.home.clone(),
        store: options.store.clone(),
        launch: options.launch.clone(),
        ..VerifierOptions::new(settings.clone())
    });
    let mut pairs = Vec::new();
    for file in files {
        let name = file.file_name().unwrap_or_default().to_string_lossy().into_owned();
        progress.report(Event::Phase { message: format!("judging {name}"), percent: None });
        let pair = take(&verifier, file, &settings, progress, cancel).await?;
        if cancel.is_cancelled() {
            return Err(DemoError::Cancelled);
        }
        pairs.push(pair);
    }
    let ideas = work_through(&root, &settings, &verifier, &dataset, progress, cancel).await;
    verifier.shut_down().await;
    Ok(DemoReport { prepared, root, dataset, pairs, ideas: ideas? })
}

/// Has the loop work at the ideas that are not over, with TorchInductor.
async fn work_through(
    root: &Path,
    settings: &Settings,
    verifier: &Verifier,
    dataset: &Path,
    progress: &dyn Progress,
    cancel: &CancellationToken,
) -> Result<Vec<DemoIdea>, DemoError> {
    let mut settings = settings.clone();
    settings.model.provider = Provider::Inductor;
    let writer = Writer::of(&settings, root, None, &|_| None)?;
    let chosen = || -> Result<Vec<IdeaState>, WorkError> {
        let mut ideas = work::ideas(root, dataset)?;
        // The user may have edited the file: what stands there no more is left out.
        ideas.retain(|idea| idea.number.is_some() && IDEAS.contains(&idea.idea.as_str()));
        Ok(ideas)
    };
    let before = chosen()?;
    for (idea, number) in before.iter().filter_map(|idea| Some((idea, idea.number?))) {
        if matches!(idea.became, Became::Open | Became::AtWork { .. }) {
            let tools = Tools { root, settings: &settings, writer: &writer, verifier };
            work::run(What::Idea(number), tools, progress, cancel).await?;
        }
    }
    let after = chosen()?.into_iter();
    Ok(after.map(|state| DemoIdea { before: before.contains(&state), state }).collect())
}

/// Checks, judges and archives one pair.
async fn take(
    verifier: &Verifier,
    file: PathBuf,
    settings: &Settings,
    progress: &dyn Progress,
    cancel: &CancellationToken,
) -> Result<DemoPair, DemoError> {
    let text = source::read(&file)?;
    let pair = PairFile::parse(std::sync::Arc::clone(&text));
    let problems = pair.diagnostics().iter().filter(|found| found.severity != Severity::Info).count();
    let verdict = verifier.verify(VerifyRequest::new(file.clone(), text), progress, cancel).await;
    let archived = archive(&pair, &file, &verdict, settings);
    Ok(DemoPair { file, problems, verdict, archived })
}

/// Lays out the workspace and writes the pairs; what is there already is kept.
fn lay_out(options: &DemoOptions) -> Result<Vec<PathBuf>, DemoError> {
    workspace::init(&options.dir, &InitOptions { binary: options.binary.clone() })?;
    write_new(&options.dir.join(CONFIG_FILE), SETTINGS)?;
    let folder = options.dir.join(DATA_FOLDER).join("examples");
    PAIRS
        .iter()
        .map(|(name, text)| {
            let file = folder.join(name);
            write_new(&file, text)?;
            Ok(file)
        })
        .collect()
}

fn write_new(path: &Path, text: &str) -> Result<(), DemoError> {
    if path.exists() {
        return Ok(());
    }
    files::replace(path, text.as_bytes()).map_err(|cause| DemoError::Write { path: path.to_owned(), cause })
}
