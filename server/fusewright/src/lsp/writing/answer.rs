//! `fusewright/answer`: a kernel while it is being written, for clients that show it.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};
use tower_lsp::ls_types::Uri;
use tower_lsp::ls_types::notification::Notification;

use crate::lsp::outgoing::Outgoing;
use crate::lsp::session::Session;

/// Pieces come as fast as a model writes; they are sent together at this rate.
const PERIOD: Duration = Duration::from_millis(50);

/// The notification.
#[derive(Debug)]
enum AnswerNotification {}

impl Notification for AnswerNotification {
    type Params = Answer;
    const METHOD: &'static str = "fusewright/answer";
}

/// What was written since the last one.
#[derive(Debug, Serialize, Deserialize)]
struct Answer {
    uri: Uri,
    /// Who writes.
    writer: String,
    text: String,
    stage: Stage,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Stage {
    Begin,
    More,
    End,
}

/// One answer on its way to the client.
pub(crate) struct AnswerStream {
    outgoing: Option<Outgoing>,
    uri: Uri,
    writer: String,
    waiting: Arc<Mutex<Waiting>>,
}

#[derive(Debug, Default)]
struct Waiting {
    text: String,
    /// When the last piece was sent; none before the first.
    sent: Option<Instant>,
    ended: bool,
}

impl AnswerStream {
    /// A stream for a document; it says nothing to a client that does not show it.
    pub(crate) fn new(session: &Session, uri: &Uri, writer: &str) -> Self {
        let shown = session.state().options.offers.answers;
        Self {
            outgoing: shown.then(|| session.outgoing.clone()),
            uri: uri.clone(),
            writer: writer.to_owned(),
            waiting: Arc::default(),
        }
    }

    /// Takes a piece.
    pub(crate) fn push(&self, piece: &str) {
        let mut waiting = self.waiting();
        waiting.text.push_str(piece);
        if waiting.sent.is_none_or(|sent| sent.elapsed() >= PERIOD) {
            self.send(&mut waiting, false);
        }
    }

    /// Sends what waits, where the model pauses.
    pub(crate) fn flush(&self) {
        let mut waiting = self.waiting();
        if !waiting.text.is_empty() {
            self.send(&mut waiting, false);
        }
    }

    /// Sends what is left. An answer of which nothing came is not spoken of.
    pub(crate) fn end(&self) {
        let mut waiting = self.waiting();
        if waiting.sent.is_some() && !waiting.ended {
            self.send(&mut waiting, true);
            waiting.ended = true;
        }
    }

    fn send(&self, waiting: &mut Waiting, last: bool) {
        let Some(outgoing) = &self.outgoing else { return };
        let stage = match waiting.sent {
            None => Stage::Begin,
            Some(_) if last => Stage::End,
            Some(_) => Stage::More,
        };
        waiting.sent = Some(Instant::now());
        let text = std::mem::take(&mut waiting.text);
        let (uri, writer) = (self.uri.clone(), self.writer.clone());
        outgoing.notify::<AnswerNotification>(&Answer { uri, writer, text, stage });
    }

    fn waiting(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
