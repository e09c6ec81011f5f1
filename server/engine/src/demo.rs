//! The demonstration: a workspace of its own, in which shipped pairs are checked, judged and archived.

use std::io;
use std::path::{Path, PathBuf};

use fusewright_pair::{PairFile, Severity};

use crate::archive::{ArchiveError, Archived, archive};
use crate::config::{self, CONFIG_FILE, Settings};
use crate::dataset::DatasetError;
use crate::files;
use crate::harness::Launch;
use crate::home::Home;
use crate::progress::{CancellationToken, Event, Progress};
use crate::remembered::VerdictStore;
use crate::setup::{Prepared, SetupError, SetupOptions, setup};
use crate::source::{self, SourceError};
use crate::verdict::VerdictLine;
use crate::verify::{Verifier, VerifierOptions, VerifyRequest};
use crate::workspace::{self, DATA_FOLDER, InitError, InitOptions, Workspace};

/// The shipped pairs: float32 and bfloat16 in the open style, float16 in the closed one.
const PAIRS: [(&str, &str); 3] = [
    ("bias_gelu_scale.py", include_str!("../../../examples/demo/bias_gelu_scale.py")),
    ("masked_softmax.py", include_str!("../../../examples/demo/masked_softmax.py")),
    ("residual_rmsnorm.py", include_str!("../../../examples/demo/residual_rmsnorm.py")),
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
    /// The user stopped it.
    #[error("cancelled")]
    Cancelled,
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
}

/// Sets up what is missing, lays out the workspace, and takes every shipped pair to the dataset.
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
    verifier.shut_down().await;
    Ok(DemoReport { prepared, root, dataset, pairs })
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
