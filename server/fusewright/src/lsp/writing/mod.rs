//! Kernels on their way into a document: who writes them, what is seen meanwhile, and the one edit at the end.

mod answer;
mod attempts;
mod editor_model;
mod late;
mod new_pair;
mod place;
mod writer;

use std::path::PathBuf;
use std::sync::{Arc, OnceLock};

use fusewright_engine::config::Provider;
use fusewright_engine::generate::{Generator, Request, Writer, Written};
use fusewright_engine::progress::{CancellationToken, Event, Progress};
use fusewright_engine::prompts::Failure;
use fusewright_engine::verdict::{Ruling, VerdictLine};
use fusewright_engine::verify::Verifier;
use fusewright_pair::PairFile;
use serde_json::json;
use tower_lsp::jsonrpc::{Error, Result};
use tower_lsp::ls_types::notification::{LogMessage, ShowMessage};
use tower_lsp::ls_types::{LSPAny, LogMessageParams, MessageType, ProgressToken, ShowMessageParams, Uri};

use super::commands::refused;
use super::jobs::Ticket;
use super::progress::{self, EditorProgress};
use super::requests::refresh;
use super::session::{Folder, Session, file_path};
use super::status;
use place::Placed;

pub(crate) use answer::AnswerStream;
pub(crate) use attempts::{inherit, judged, keep_unjudged};
pub(crate) use new_pair::{new_pair, show};
pub(crate) use writer::{name_of, of as writer_of};

/// Whether a verdict names a fault that another kernel could mend.
pub(crate) fn can_be_mended(line: &VerdictLine) -> bool {
    use fusewright_engine::verdict::Implementation::Triton;
    match line.verdict {
        Some(Ruling::Wrong | Ruling::Slower | Ruling::Same) => true,
        // What the reference or the inputs do wrong is not the kernel's.
        Some(Ruling::Rejected | Ruling::Error) => {
            line.error.as_ref().is_none_or(|error| error.implementation == Triton)
        }
        Some(Ruling::Pass | Ruling::Untimed) | None => false,
    }
}

/// What is asked for.
#[derive(Debug)]
pub(crate) struct Order {
    /// The document that the kernel is for.
    pub(crate) uri: Uri,
    /// Its text when it was asked for.
    pub(crate) pair: PairFile,
    /// The verdict to mend; none where the kernel is written afresh.
    pub(crate) failure: Option<Failure>,
    /// What the user adds in words.
    pub(crate) instructions: Option<String>,
}

/// Has the kernel written and put into the document; says what became of it.
pub(crate) async fn run(
    session: &Arc<Session>,
    order: Order,
    given: Option<ProgressToken>,
) -> Result<LSPAny> {
    let (job, cancel) = Job::enter(session, order, given.as_ref())?;
    // When the request is cancelled, nobody waits for the kernel any more.
    let _guard = cancel.drop_guard();
    session.jobs.spawn(job.run()).await?
}

/// One kernel being written; whatever ends it, its traces in the editor go with it.
struct Job {
    session: Arc<Session>,
    order: Order,
    file: PathBuf,
    folder: Arc<Folder>,
    verifier: Arc<Verifier>,
    progress: EditorProgress,
    answer: AnswerStream,
    /// How the engine names the writer, and how the editor does.
    label: OnceLock<String>,
    shown: String,
    ticket: Ticket,
}

impl Job {
    fn enter(
        session: &Arc<Session>,
        order: Order,
        given: Option<&ProgressToken>,
    ) -> Result<(Self, CancellationToken)> {
        let file = file_path(&order.uri).unwrap_or_else(|| PathBuf::from(order.uri.as_str()));
        let folder = session.folder(&order.uri);
        let verifier = session.verifier(&file);
        let shown = name_of(&folder.settings);
        let token = progress::token(given);
        let ticket = session.jobs.enter(Some(order.uri.clone()), Some(token.clone()));
        let cancel = ticket.cancel.clone();
        {
            let mut state = session.state();
            // One that was cancelled may not be quite over.
            if state.writing.get(&order.uri).is_some_and(|(_, other)| !other.is_cancelled()) {
                return Err(refused("a kernel is being written for this document: cancel that first"));
            }
            state.writing.insert(order.uri.clone(), (ticket.id, cancel.clone()));
            // Its verdict would be on the text that is about to change.
            if let Some(outdated) = state.verifying.remove(&order.uri) {
                outdated.cancel();
            }
            state.doing.insert(order.uri.clone(), format!("asking {shown}"));
        }
        // What a model does is told with its name; where none does, the title says so.
        let title =
            if folder.settings.model.provider == Provider::Inductor { shown.as_str() } else { "Fusewright" };
        let job = Self {
            progress: EditorProgress::begin(session, token, given.is_some(), title),
            answer: AnswerStream::new(session, &order.uri, &shown),
            session: session.clone(),
            label: OnceLock::new(),
            shown,
            order,
            file,
            folder,
            verifier,
            ticket,
        };
        status::update(session, &job.order.uri);
        refresh::all(session);
        Ok((job, cancel))
    }

    async fn run(self) -> Result<LSPAny> {
        let written = self.write().await;
        self.answer.end();
        let written = written?;
        // Nothing is edited for somebody who has given up.
        if self.ticket.cancel.is_cancelled() {
            return Err(Error::request_cancelled());
        }
        self.doing("putting the kernel in its place");
        // The editor asks for its lenses as soon as the text changes, and from here on there is nothing to cancel.
        self.session.state().placing.insert(self.order.uri.clone());
        let author = self.author(&written);
        let (order, by) = (&self.order, author.as_str());
        let placing = place::place(&self.session, &order.uri, &order.pair, (&written, by));
        let (placed, waiting) = tokio::join!(placing, self.hold(&written));
        self.await_verdict(waiting, &written);
        let placed = placed?;
        let sentence = match &placed {
            Placed::Applied => {
                format!("{author} wrote the kernel in {:.1} s. It is not verified yet.", written.seconds)
            }
            Placed::Kept { reason, place } => {
                format!("{author} wrote a kernel, but {reason}: it is not in the document, but {place}.")
            }
        };
        self.progress.end(Some(sentence.clone()));
        self.tell(&placed, &sentence);
        let applied = matches!(placed, Placed::Applied);
        Ok(json!({
            "uri": self.order.uri,
            "applied": applied,
            "writer": author,
            "seconds": written.seconds,
            "usage": written.usage,
            "message": sentence,
        }))
    }

    async fn write(&self) -> Result<Written> {
        let settings = &self.folder.settings;
        let root = &self.folder.workspace.root;
        let writer: Writer = writer_of(&self.session, settings, root).await?;
        let _ = self.label.set(writer.label());
        let generator = Generator { settings, root, writer: &writer, verifier: &self.verifier };
        let request = Request {
            file: &self.file,
            text: self.order.pair.text().into(),
            failures: self.order.failure.as_slice(),
            fix: self.order.failure.is_some(),
            instructions: self.order.instructions.as_deref(),
        };
        generator.kernel(request, self, &self.ticket.cancel).await.map_err(|error| {
            if let Some(unusable) = error.unusable() {
                self.keep_unusable(unusable);
            }
            if error.is_cancelled() || self.ticket.cancel.is_cancelled() {
                Error::request_cancelled()
            } else {
                refused(error)
            }
        })
    }

    /// How messages name whoever wrote; where the model is served, the user knows.
    fn author(&self, written: &Written) -> String {
        if self.label.get() == Some(&written.writer) {
            self.shown.clone()
        } else {
            writer::shown(&written.writer)
        }
    }

    /// A client that shows no status is told in a message, and every client of what did not go as it was meant.
    fn tell(&self, placed: &Placed, sentence: &str) {
        let options = self.session.state().options.clone();
        let late = matches!(placed, Placed::Kept { .. });
        if late && options.offers.differences || !late && options.status {
            return;
        }
        let typ = if late { MessageType::WARNING } else { MessageType::INFO };
        let message = format!("Fusewright: {sentence}");
        self.session.outgoing.notify::<ShowMessage>(&ShowMessageParams { typ, message });
    }

    fn doing(&self, what: &str) {
        // Where the model is served is of no use in a line that has little room.
        let what = match self.label.get() {
            Some(label) => &what.replace(label.as_str(), &self.shown),
            None => what,
        };
        self.progress.report(what, None);
        self.session.state().doing.insert(self.order.uri.clone(), what.to_owned());
        status::update(&self.session, &self.order.uri);
    }
}

impl Progress for Job {
    fn report(&self, event: Event) {
        if self.ticket.cancel.is_cancelled() {
            return;
        }
        match event {
            Event::Phase { message, .. } => {
                self.answer.flush();
                self.doing(&message);
            }
            Event::Answer(piece) => self.answer.push(&piece),
            Event::Note(message) => {
                self.progress.report(&message, None);
                let params = LogMessageParams { typ: MessageType::WARNING, message };
                self.session.outgoing.notify::<LogMessage>(&params);
            }
            _ => {}
        }
    }
}

impl Drop for Job {
    fn drop(&mut self) {
        self.answer.end();
        self.progress.end(None);
        {
            let mut state = self.session.state();
            // A newer job of the document may have taken this one's place.
            if state.writing.get(&self.order.uri).is_some_and(|(id, _)| *id == self.ticket.id) {
                state.writing.remove(&self.order.uri);
                state.placing.remove(&self.order.uri);
                state.doing.remove(&self.order.uri);
            }
        }
        status::update(&self.session, &self.order.uri);
        refresh::all(&self.session);
    }
}
