//! The state of one connection: the documents, the settings, the verdicts and the running jobs.
//!
//! It is entered under one lock that nobody holds across an await, and knows nothing of requests; the
//! folders beside it hold one file for each of those.

mod compiled;
mod options;
mod settings;
mod unjudged;
mod verdicts;

use std::collections::{HashMap, HashSet};
use std::future::Future;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;

use fusewright_engine::config::Settings;
use fusewright_engine::progress::CancellationToken;
use fusewright_engine::verify::{Verifier, VerifierOptions};
use fusewright_engine::work::IdeaBook;
use tokio::runtime::Handle;
use tower_lsp::Client;
use tower_lsp::ls_types::{InitializeParams, Uri};

pub(crate) use compiled::{CompileCheck, CompileChecks};
pub(crate) use options::ClientOptions;
pub(crate) use settings::{Folder, Folders};
pub(crate) use unjudged::Unjudged;
pub(crate) use verdicts::{Standing, Verdict, Verdicts};

use super::commands::verify::Running;
use super::document::{Document, Snapshot};
use super::encoding::Encoding;
use super::features::Features;
use super::jobs::Jobs;
use super::outgoing::Outgoing;
use super::requests::complete::Completions;

/// The connection's state.
#[derive(Debug)]
pub(crate) struct Session {
    /// Requests to the client; each must be given a time limit.
    pub(crate) client: Client,
    /// Notifications and diagnostics.
    pub(crate) outgoing: Outgoing,
    /// Long work.
    pub(crate) jobs: Jobs,
    /// Prompts that the client's own model is answering.
    pub(crate) completions: Completions,
    event_loop: Handle,
    negotiated: OnceLock<Negotiated>,
    state: Mutex<State>,
    shut_down: AtomicBool,
}

/// What `initialize` settled for the whole session.
#[derive(Debug, Clone, Default)]
struct Negotiated {
    encoding: Encoding,
    features: Features,
    folders: Vec<PathBuf>,
}

/// What changes while the session goes on.
#[derive(Debug, Default)]
pub(crate) struct State {
    /// The open documents.
    pub(crate) documents: HashMap<Uri, Document>,
    /// What the client configured.
    pub(crate) options: ClientOptions,
    /// Workspaces and their settings.
    pub(crate) folders: Folders,
    /// The jobs that write a document's kernel, by number, and what cancels them.
    pub(crate) writing: HashMap<Uri, (u64, CancellationToken)>,
    /// The documents whose kernels are written, and only have to be put in their place.
    pub(crate) placing: HashSet<Uri>,
    /// The loops at work, by their workspace: their jobs' numbers, and what cancels them.
    pub(crate) working: HashMap<PathBuf, (u64, CancellationToken)>,
    /// The verifications under way.
    pub(crate) verifying: HashMap<Uri, Running>,
    /// One verifier, with its warm harness, for each workspace, and the settings it was made with.
    verifiers: HashMap<PathBuf, (Settings, Arc<Verifier>)>,
    /// The known verdicts.
    pub(crate) verdicts: Verdicts,
    /// Kernels that were written here and wait for their verdicts.
    pub(crate) unjudged: Unjudged,
    /// The workspaces in which what a killed session left behind was looked for.
    pub(crate) inherited: HashSet<PathBuf>,
    /// What became of the ideas, by workspace, as it was last read.
    pub(crate) books: HashMap<PathBuf, Arc<IdeaBook>>,
    /// The compile checks under way, by what cancels them.
    pub(crate) compiling: HashMap<Uri, CancellationToken>,
    /// The known compile checks.
    pub(crate) compiled: CompileChecks,
    /// What each document's job is doing now, in the user's words.
    pub(crate) doing: HashMap<Uri, String>,
    /// The status that was last sent for each document.
    pub(crate) sent_status: HashMap<Uri, serde_json::Value>,
}

impl Session {
    /// A session before `initialize`; made on the event loop.
    pub(crate) fn new(client: Client, outgoing: Outgoing) -> Self {
        Self {
            client,
            outgoing,
            jobs: Jobs::default(),
            completions: Completions::default(),
            event_loop: Handle::current(),
            negotiated: OnceLock::new(),
            state: Mutex::default(),
            shut_down: AtomicBool::new(false),
        }
    }

    /// Takes what `initialize` says.
    pub(crate) fn initialize(&self, params: &InitializeParams) {
        let capabilities = &params.capabilities;
        let offered = capabilities.general.as_ref().and_then(|general| general.position_encodings.as_deref());
        let named = params.workspace_folders.iter().flatten().map(|folder| &folder.uri);
        #[allow(deprecated, reason = "older clients name their folder in no other way")]
        let root = params.root_uri.iter();
        let mut folders: Vec<PathBuf> = named.filter_map(file_path).collect();
        if folders.is_empty() {
            folders.extend(root.filter_map(file_path));
        }
        let negotiated = Negotiated {
            encoding: Encoding::negotiate(offered),
            features: Features::from(capabilities),
            folders,
        };
        if self.negotiated.set(negotiated).is_err() {
            tracing::warn!("the client said initialize twice; the first one holds");
            return;
        }
        self.state().options = ClientOptions::read(params.initialization_options.as_ref());
    }

    /// The unit of positions.
    pub(crate) fn encoding(&self) -> Encoding {
        self.negotiated.get().map(|negotiated| negotiated.encoding).unwrap_or_default()
    }

    /// What the client can do.
    pub(crate) fn features(&self) -> Features {
        self.negotiated.get().map(|negotiated| negotiated.features).unwrap_or_default()
    }

    /// The folders that the client opened.
    pub(crate) fn open_folders(&self) -> &[PathBuf] {
        self.negotiated.get().map(|negotiated| negotiated.folders.as_slice()).unwrap_or_default()
    }

    /// The state, which must not be kept across an await.
    pub(crate) fn state(&self) -> MutexGuard<'_, State> {
        // A handler that panicked leaves at worst one document behind the client, and the next full
        // change mends that; refusing all further work would not.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// An open document as it is now.
    pub(crate) fn snapshot(&self, uri: &Uri) -> Option<Snapshot> {
        let encoding = self.encoding();
        self.state().documents.get_mut(uri).map(|document| document.snapshot(encoding))
    }

    /// The workspace that a document belongs to. One without a path belongs to the first open folder.
    pub(crate) fn folder(&self, uri: &Uri) -> Arc<Folder> {
        let path = file_path(uri).unwrap_or_else(|| {
            self.open_folders()
                .first()
                .map_or_else(|| PathBuf::from("untitled"), |folder| folder.join("untitled"))
        });
        self.folder_of_path(&path)
    }

    /// The workspace that a file belongs to.
    pub(crate) fn folder_of_path(&self, path: &Path) -> Arc<Folder> {
        let mut state = self.state();
        let State { folders, options, .. } = &mut *state;
        folders.of(path, options)
    }

    /// The verifier of the workspace that a file belongs to; a new one when the settings changed.
    pub(crate) fn verifier(&self, file: &Path) -> Arc<Verifier> {
        let folder = self.folder_of_path(file);
        let mut state = self.state();
        let known = state.verifiers.get(&folder.workspace.root);
        if let Some((_, verifier)) = known.filter(|(settings, _)| *settings == folder.settings) {
            return verifier.clone();
        }
        let verifier = Arc::new(Verifier::new(VerifierOptions::new(folder.settings.clone())));
        state.verifiers.insert(folder.workspace.root.clone(), (folder.settings.clone(), verifier.clone()));
        verifier
    }

    /// Has the diagnostics of all open documents published again.
    pub(crate) fn publish_all(&self) {
        let uris: Vec<Uri> = self.state().documents.keys().cloned().collect();
        for uri in &uris {
            self.outgoing.publish(uri);
        }
    }

    /// Runs something short that may wait for the client, beside the handlers.
    pub(crate) fn detach<T: Send + 'static>(&self, work: impl Future<Output = T> + Send + 'static) {
        self.event_loop.spawn(work);
    }

    /// Ends what still runs, and Python with it; beyond `grace` it is killed.
    pub(crate) async fn end(&self, grace: Duration) {
        self.jobs.cancel_all();
        let verifiers = std::mem::take(&mut self.state().verifiers);
        if verifiers.is_empty() {
            return;
        }
        let ending = self.jobs.spawn(async move {
            for (_, verifier) in verifiers.into_values() {
                verifier.shut_down().await;
            }
        });
        if tokio::time::timeout(grace, ending).await.is_err() {
            tracing::warn!("Python did not end in time and is killed");
        }
    }

    /// Notes that the client said shutdown.
    pub(crate) fn shut_down(&self) {
        self.shut_down.store(true, Ordering::Release);
        self.jobs.cancel_all();
    }

    /// Whether the client said shutdown.
    pub(crate) fn is_shut_down(&self) -> bool {
        self.shut_down.load(Ordering::Acquire)
    }
}

/// The file that a document's address names, if it names one.
pub(crate) fn file_path(uri: &Uri) -> Option<PathBuf> {
    if uri.scheme().as_str() != "file" {
        return None;
    }
    uri.to_file_path().map(std::borrow::Cow::into_owned)
}
