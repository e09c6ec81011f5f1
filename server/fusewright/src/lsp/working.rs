//! The loop in the editor: the candidate is open while it is worked at, and its diagnostics change as the loop goes on.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use fusewright_engine::progress::{CancellationToken, Event, Progress};
use fusewright_engine::source;
use fusewright_engine::verdict::VerdictLine;
use fusewright_engine::work::{self, End, Finished, Tools, What, WorkError};
use fusewright_pair::PairFile;
use serde_json::json;
use tower_lsp::jsonrpc::{Error, Result};
use tower_lsp::ls_types::notification::{LogMessage, ShowMessage};
use tower_lsp::ls_types::{LSPAny, LogMessageParams, MessageType, ProgressToken, ShowMessageParams, Uri};

use super::candidate::tell_of_candidate;
use super::commands::refused;
use super::jobs::Ticket;
use super::progress::{self, EditorProgress};
use super::requests::refresh;
use super::session::{Folder, Session, Verdict};
use super::writing::{AnswerStream, name_of, show, writer_of};
use super::{status, summary};

/// Works at what is asked for in the workspace; says what came of it.
pub(crate) async fn run(
    session: &Arc<Session>,
    folder: Arc<Folder>,
    what: What,
    given: Option<ProgressToken>,
) -> Result<LSPAny> {
    let (job, cancel) = Job::enter(session, folder, what, given.as_ref())?;
    // When the request is cancelled, nobody waits for the loop any more; the next one goes on from there.
    let _guard = cancel.drop_guard();
    session.jobs.spawn(job.run()).await?
}

/// One run of the loop; whatever ends it, its traces in the editor go with it.
struct Job {
    session: Arc<Session>,
    folder: Arc<Folder>,
    what: What,
    progress: EditorProgress,
    /// How the engine names the writer, and how the editor does.
    label: OnceLock<String>,
    shown: String,
    at: Mutex<At>,
    ticket: Ticket,
}

/// What is worked at now.
#[derive(Default)]
struct At {
    /// "attempt 2 of 3", once there is one.
    attempt: Option<String>,
    /// The file that its candidate is to have.
    file: Option<PathBuf>,
    answer: Option<AnswerStream>,
    /// The candidate as it was last written.
    candidate: Option<(Uri, PairFile)>,
}

impl Job {
    fn enter(
        session: &Arc<Session>,
        folder: Arc<Folder>,
        what: What,
        given: Option<&ProgressToken>,
    ) -> Result<(Self, CancellationToken)> {
        let root = folder.workspace.root.clone();
        let token = progress::token(given);
        let ticket = session.jobs.enter(None, Some(token.clone()));
        let cancel = ticket.cancel.clone();
        {
            let mut state = session.state();
            if state.working.get(&root).is_some_and(|(_, other)| !other.is_cancelled()) {
                return Err(refused(
                    "the loop is at work in this folder: wait until it is done, or cancel it",
                ));
            }
            state.working.insert(root, (ticket.id, cancel.clone()));
        }
        let title = match what {
            What::Task { .. } => "Fusewright task",
            What::All => "Fusewright ideas",
            _ => "Fusewright idea",
        };
        let job = Self {
            progress: EditorProgress::begin(session, token, given.is_some(), title),
            label: OnceLock::new(),
            shown: name_of(&folder.settings),
            session: session.clone(),
            folder,
            what,
            at: Mutex::default(),
            ticket,
        };
        Ok((job, cancel))
    }

    async fn run(self) -> Result<LSPAny> {
        let Folder { workspace, settings, .. } = &*self.folder;
        let root = &workspace.root;
        let writer = writer_of(&self.session, settings, root).await?;
        let _ = self.label.set(writer.label());
        let verifier = self.session.verifier(&root.join("any"));
        let tools = Tools { root, settings, writer: &writer, verifier: &verifier };
        // What an earlier run began is looked at again and not written again.
        let begun = root.join(work::CANDIDATE);
        if !matches!(self.what, What::Task { .. }) && begun.is_file() {
            self.candidate(&begun);
        }
        match work::run(self.what, tools, &self, &self.ticket.cancel).await {
            Ok(outcome) => {
                let sentences: Vec<_> = outcome.finished.iter().map(sentence).collect();
                self.progress.end(sentences.last().cloned());
                Ok(json!({
                    "finished": outcome.finished,
                    "left": outcome.left,
                    "message": sentences.join("\n"),
                }))
            }
            Err(WorkError::Cancelled) => Err(Error::request_cancelled()),
            Err(_) if self.ticket.cancel.is_cancelled() => Err(Error::request_cancelled()),
            Err(error) => Err(refused(error)),
        }
    }

    fn at<T>(&self, change: impl FnOnce(&mut At) -> T) -> T {
        change(&mut self.at.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Shows what is being done, at the candidate too.
    fn doing(&self, what: &str) {
        // Where the model is served is of no use in a line that has little room.
        let what = match self.label.get() {
            Some(label) => &what.replace(label.as_str(), &self.shown),
            None => what,
        };
        let (attempt, uri) =
            self.at(|at| (at.attempt.clone(), at.candidate.as_ref().map(|(uri, _)| uri.clone())));
        let whole = attempt.map_or_else(|| what.to_owned(), |attempt| format!("{attempt}: {what}"));
        self.progress.report(&whole, None);
        if let Some(uri) = uri {
            self.session.state().doing.insert(uri.clone(), whole);
            status::update(&self.session, &uri);
        }
    }

    fn candidate(&self, path: &Path) {
        let Some(uri) = Uri::from_file_path(path) else { return };
        let text = source::read(path).ok();
        let exists = text.is_some();
        let first = self.at(|at| {
            let first = at.candidate.as_ref().is_none_or(|(known, _)| *known != uri);
            at.candidate = text.map(|text| (uri.clone(), PairFile::parse(text)));
            first
        });
        if exists {
            // From now on, cancelling what runs on the candidate cancels the loop.
            self.session.jobs.name(self.ticket.id, &uri);
            // Whoever opens it now is offered that, and not to begin what is under way.
            let what = self.at(|at| at.attempt.clone()).unwrap_or_else(|| "at work".to_owned());
            self.session.state().doing.entry(uri.clone()).or_insert(what);
        }
        tell_of_candidate(&self.session, &uri, exists);
        if first && exists {
            let (session, path) = (self.session.clone(), path.to_owned());
            self.session.detach(async move {
                show(&session, &uri).await;
                // All may have been over before the client had opened it.
                if !path.exists() {
                    tell_of_candidate(&session, &uri, false);
                }
            });
        }
        refresh::all(&self.session);
    }

    fn verdict(&self, line: VerdictLine) {
        if self.at(|at| at.candidate.is_none()) {
            self.candidate(&self.folder.workspace.root.join(&line.file));
        }
        let Some((uri, pair)) = self.at(|at| at.candidate.clone()) else { return };
        self.progress.report(&summary::label(&line), None);
        self.session.state().verdicts.enter(&uri, Verdict::new(line, &pair));
        self.session.outgoing.publish(&uri);
        refresh::all(&self.session);
    }

    fn answer(&self, piece: &str) {
        let stream = || {
            let uri = Uri::from_file_path(self.at(|at| at.file.clone())?)?;
            Some(AnswerStream::new(&self.session, &uri, &self.shown))
        };
        let runs = self.at(|at| at.answer.is_some());
        let new = if runs { None } else { stream() };
        self.at(|at| {
            at.answer = at.answer.take().or(new);
            if let Some(answer) = &at.answer {
                answer.push(piece);
            }
        });
    }

    fn end_answer(&self) {
        if let Some(answer) = self.at(|at| at.answer.take()) {
            answer.end();
        }
    }

    fn log(&self, typ: MessageType, message: String) {
        self.session.outgoing.notify::<LogMessage>(&LogMessageParams { typ, message });
    }
}

impl Progress for Job {
    fn report(&self, event: Event) {
        if self.ticket.cancel.is_cancelled() {
            return;
        }
        match event {
            Event::Phase { message, .. } => {
                self.at(|at| at.answer.as_ref().map(AnswerStream::flush));
                self.doing(&message);
            }
            Event::Answer(piece) => self.answer(&piece),
            Event::Attempt { number, of, about, file } => {
                self.end_answer();
                self.at(|at| {
                    at.attempt = Some(format!("attempt {number} of {of}"));
                    at.file = Some(file);
                });
                self.doing(&about);
                // The idea's own line says so too.
                refresh::all(&self.session);
            }
            Event::Candidate(path) => {
                self.end_answer();
                self.candidate(&path);
            }
            Event::First(line) | Event::Verdict(line) => self.verdict(*line),
            Event::Analysis(text) => {
                self.end_answer();
                self.log(MessageType::INFO, text);
            }
            Event::Note(message) => self.log(MessageType::WARNING, message),
            Event::Finished(finished) => {
                self.at(|at| at.attempt = None);
                if let End::Moved { report, .. } | End::Abandoned { report, .. } = &finished.end
                    && !report.is_empty()
                {
                    self.log(MessageType::INFO, report.clone());
                }
                let typ = if finished.is_good() { MessageType::INFO } else { MessageType::WARNING };
                let message = format!("Fusewright: {}", sentence(&finished));
                self.session.outgoing.notify::<ShowMessage>(&ShowMessageParams { typ, message });
            }
        }
    }
}

impl Drop for Job {
    fn drop(&mut self) {
        self.end_answer();
        self.progress.end(None);
        let uri = self.at(|at| at.candidate.take()).map(|(uri, _)| uri);
        {
            let mut state = self.session.state();
            let root = &self.folder.workspace.root;
            // A newer run may have taken this one's place.
            if state.working.get(root).is_some_and(|(id, _)| *id == self.ticket.id) {
                state.working.remove(root);
            }
            if let Some(uri) = &uri {
                state.doing.remove(uri);
            }
        }
        if let Some(uri) = uri {
            status::update(&self.session, &uri);
        }
        refresh::all(&self.session);
    }
}

/// The workspace that a command is about: that of its first argument, a folder or a document, or the one that is open.
pub(crate) fn folder(session: &Session, path: Option<PathBuf>) -> Result<Arc<Folder>> {
    let path = match path {
        Some(path) if path.is_dir() => path.join("any"),
        Some(path) => path,
        None => {
            let open = session.open_folders().first().cloned();
            open.ok_or_else(|| refused("no folder is open: open the workspace"))?.join("any")
        }
    };
    Ok(session.folder_of_path(&path))
}

/// How an idea or a task ended, in a sentence.
fn sentence(finished: &Finished) -> String {
    let Finished { about, attempts, end, .. } = finished;
    match end {
        End::Archived { line, twin: false, .. } => {
            format!("\"{about}\" is archived as line {line} of the dataset")
        }
        End::Archived { line, twin: true, .. } => {
            format!("\"{about}\" has the code of line {line} of the dataset, and is not archived again")
        }
        End::Moved { file, line, .. } => {
            let archived = line.map(|line| format!(", and archived as line {line}")).unwrap_or_default();
            format!("\"{about}\" is done: {}{archived}", file.display())
        }
        End::Abandoned { reason, .. } => {
            let tried = if *attempts == 1 { "1 attempt".to_owned() } else { format!("{attempts} attempts") };
            format!("\"{about}\" is abandoned after {tried}: {reason}")
        }
    }
}
