//! `fusewright.verify`

use std::path::PathBuf;
use std::sync::{Arc, Weak};

use fusewright_engine::progress::{CancellationToken, Event, Progress};
use fusewright_engine::source;
use fusewright_engine::verdict::VerdictLine;
use fusewright_engine::verify::{Verifier, VerifyRequest};
use fusewright_pair::PairFile;
use futures::FutureExt;
use futures::future::{BoxFuture, Shared};
use serde_json::Value;
use tokio::sync::oneshot::Receiver;
use tokio_util::sync::DropGuard;
use tower_lsp::jsonrpc::{Error, Result};
use tower_lsp::ls_types::notification::{LogMessage, ShowMessage};
use tower_lsp::ls_types::{LSPAny, LogMessageParams, MessageType, ProgressToken, ShowMessageParams, Uri};

use super::{Command, document, refuse_untrusted, refused};
use crate::lsp::jobs::Ticket;
use crate::lsp::progress::{self, EditorProgress};
use crate::lsp::requests::refresh;
use crate::lsp::session::{Session, Verdict, file_path};
use crate::lsp::{status, summary, writing};

/// Judges the document's present text and returns the verdict line.
pub(crate) async fn run(
    session: &Arc<Session>,
    arguments: &[Value],
    given: Option<ProgressToken>,
) -> Result<LSPAny> {
    refuse_untrusted(session)?;
    let uri = document(Command::Verify, arguments)?;
    // Whoever waits holds the guard; when nobody waits any more, the job is cancelled.
    let (outcome, _guard) = join_or_start(session, &uri, given.as_ref())?;
    let line = outcome.await.map_err(Error::from)?;
    serde_json::to_value(&*line).map_err(refused)
}

/// A verification under way, which a second request for the same text joins.
#[derive(Debug)]
pub(crate) struct Running {
    job: u64,
    text: Arc<str>,
    cancel: CancellationToken,
    outcome: Shared<BoxFuture<'static, Outcome>>,
    waiting: Weak<DropGuard>,
}

type Outcome = std::result::Result<Arc<VerdictLine>, Failure>;

/// Why there is no verdict line.
#[derive(Debug, Clone)]
enum Failure {
    Cancelled,
    Job(String),
}

impl From<Failure> for Error {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Cancelled => Self::request_cancelled(),
            Failure::Job(message) => refused(message),
        }
    }
}

type Waiting = (Shared<BoxFuture<'static, Outcome>>, Arc<DropGuard>);

fn join_or_start(session: &Arc<Session>, uri: &Uri, given: Option<&ProgressToken>) -> Result<Waiting> {
    let text = text(session, uri)?;
    if let Some(running) = session.state().verifying.get(uri)
        && running.text == text
        && !running.cancel.is_cancelled()
        && let Some(guard) = running.waiting.upgrade()
    {
        return Ok((running.outcome.clone(), guard));
    }
    if session.state().writing.get(uri).is_some_and(|(_, cancel)| !cancel.is_cancelled()) {
        return Err(refused("the kernel is being written: verify it when it is there, or cancel that first"));
    }
    if let Some(outdated) = session.state().verifying.remove(uri) {
        outdated.cancel.cancel();
    }
    Ok(start(session, uri, text, given))
}

/// The text to judge: the editor's, or the file's where it is not open.
fn text(session: &Session, uri: &Uri) -> Result<Arc<str>> {
    if let Some(document) = session.state().documents.get(uri) {
        return Ok(document.text().into());
    }
    let path = file_path(uri).ok_or_else(|| refused("this document is no file and is not open"))?;
    source::read(&path).map_err(refused)
}

fn start(session: &Arc<Session>, uri: &Uri, text: Arc<str>, given: Option<&ProgressToken>) -> Waiting {
    let file = file_path(uri).unwrap_or_else(|| PathBuf::from(uri.as_str()));
    let token = progress::token(given);
    let ticket = session.jobs.enter(Some(uri.clone()), Some(token.clone()));
    let (number, cancel) = (ticket.id, ticket.cancel.clone());
    let title = file
        .file_name()
        .map_or_else(|| "Verifying".to_owned(), |name| format!("Verifying {}", name.display()));
    let job = Job {
        progress: EditorProgress::begin(session, token, given.is_some(), &title),
        session: session.clone(),
        uri: uri.clone(),
        pair: PairFile::parse(text.clone()),
        ticket,
    };
    job.doing("starting");
    refresh::all(session);
    let verifier = session.verifier(&file);
    let request = VerifyRequest::new(file, text.clone());
    let guard = Arc::new(cancel.clone().drop_guard());
    // The job looks itself up in the state when it ends, so it begins once it is entered.
    let (entered, entry) = tokio::sync::oneshot::channel();
    let spawned = session.jobs.spawn(job.run(verifier, request, entry));
    let outcome = spawned
        .map(|ended| ended.unwrap_or_else(|error| Err(Failure::Job(error.to_string()))))
        .boxed()
        .shared();
    let running =
        Running { job: number, text, cancel, outcome: outcome.clone(), waiting: Arc::downgrade(&guard) };
    session.state().verifying.insert(uri.clone(), running);
    // A job that could not be started has dropped its end, and its outcome says why.
    let _ = entered.send(());
    (outcome, guard)
}

/// One verification; whatever ends it, its traces in the editor go with it.
struct Job {
    session: Arc<Session>,
    uri: Uri,
    pair: PairFile,
    progress: EditorProgress,
    ticket: Ticket,
}

impl Running {
    /// Ends it, because its text is to change.
    pub(crate) fn cancel(&self) {
        self.cancel.cancel();
    }
}

impl Job {
    async fn run(self, verifier: Arc<Verifier>, request: VerifyRequest, entry: Receiver<()>) -> Outcome {
        if entry.await.is_err() {
            return Err(Failure::Cancelled);
        }
        let line = verifier.verify(request, &self, &self.ticket.cancel).await;
        if self.ticket.cancel.is_cancelled() {
            return Err(Failure::Cancelled);
        }
        self.enter(line.clone());
        writing::judged(&self.session, &self.pair, &line);
        self.progress.end(Some(summary::label(&line)));
        if !self.session.state().options.status {
            let name = self.pair.title().unwrap_or("the pair").to_owned();
            let message =
                format!("Fusewright: {} ({name}): {}", summary::short(&line), summary::sentence(&line));
            let typ = if line.correct { MessageType::INFO } else { MessageType::WARNING };
            self.session.outgoing.notify::<ShowMessage>(&ShowMessageParams { typ, message });
        }
        Ok(Arc::new(line))
    }

    fn enter(&self, line: VerdictLine) {
        self.session.state().verdicts.enter(&self.uri, Verdict::new(line, &self.pair));
        self.session.outgoing.publish(&self.uri);
    }

    fn doing(&self, what: &str) {
        self.session.state().doing.insert(self.uri.clone(), what.to_owned());
        status::update(&self.session, &self.uri);
    }
}

impl Progress for Job {
    fn report(&self, event: Event) {
        if self.ticket.cancel.is_cancelled() {
            return;
        }
        match event {
            Event::Phase { message, percent } => {
                self.progress.report(&message, percent);
                self.doing(&message);
            }
            Event::First(line) => {
                self.progress.report(&summary::label(&line), None);
                self.enter(*line);
                refresh::all(&self.session);
            }
            Event::Note(message) => {
                let params = LogMessageParams { typ: MessageType::WARNING, message };
                self.session.outgoing.notify::<LogMessage>(&params);
            }
            _ => {}
        }
    }
}

impl Drop for Job {
    fn drop(&mut self) {
        self.progress.end(None);
        {
            let mut state = self.session.state();
            // A newer job of the document may have taken this one's place.
            if state.verifying.get(&self.uri).is_none_or(|running| running.job == self.ticket.id) {
                state.verifying.remove(&self.uri);
                // A kernel that is being written says what it does there.
                if !state.writing.contains_key(&self.uri) {
                    state.doing.remove(&self.uri);
                }
            }
        }
        status::update(&self.session, &self.uri);
        refresh::all(&self.session);
    }
}
