//! What was written here goes to `attempts.jsonl` once it is judged or the session ends, an answer that was none at once.
//! Until then it lies on the disk, and where the session is killed, the next one in the workspace takes it over.

use std::path::Path;
use std::sync::Arc;

use fusewright_engine::dataset::attempts::{AttemptKind, Blocks};
use fusewright_engine::dataset::{DatasetError, Waiting};
use fusewright_engine::generate::{LoneAttempt, Unusable, Written, keep};
use fusewright_engine::verdict::VerdictLine;
use fusewright_pair::PairFile;
use tower_lsp::ls_types::notification::LogMessage;
use tower_lsp::ls_types::{LogMessageParams, MessageType};

use super::Job;
use crate::lsp::session::{Session, Standing};

impl Job {
    /// Puts an attempt on the disk, until its verdict is there.
    pub(super) async fn hold(&self, written: &Written) -> Waiting {
        let new = || Waiting::new(&self.folder.workspace.root, self.attempt().unjudged(written));
        let mut waiting = new();
        let held = self.session.jobs.spawn_blocking(move || {
            if let Err(error) = waiting.hold() {
                // Should the line fail as well, the user is told then.
                tracing::warn!(%error, "an attempt is not on the disk while it waits for its verdict");
            }
            waiting
        });
        held.await.unwrap_or_else(|_| new())
    }

    /// Has a kernel kept as an attempt with the verdict that it gets.
    pub(super) fn await_verdict(&self, waiting: Waiting, written: &Written) {
        let pair = PairFile::parse(written.text.as_str());
        let standing = self.session.state().verdicts.standing(&self.order.uri, &pair);
        enter(&self.session, waiting);
        // The same kernel may have been judged before.
        if let Standing::Judged(verdict) = standing
            && verdict.is_final()
        {
            judged(&self.session, &pair, &verdict.line);
        }
    }

    /// Keeps an answer that was none.
    pub(super) fn keep_unusable(&self, unusable: &Unusable) {
        let attempt = self.attempt().unusable(unusable, &self.order.pair);
        let root = self.folder.workspace.root.clone();
        append(&self.session, move || keep(&root, &attempt));
    }

    fn attempt(&self) -> LoneAttempt {
        let kind = if self.order.failure.is_some() { AttemptKind::Fix } else { AttemptKind::Generate };
        let file = named(&self.file, &self.folder.workspace.root);
        LoneAttempt { kind, file, failures: usize::from(self.order.failure.is_some()) }
    }
}

/// A file as its user would name it in the workspace's folder.
fn named(file: &Path, root: &Path) -> String {
    file.strip_prefix(root).unwrap_or(file).display().to_string()
}

/// Takes a final verdict: if what was judged was written here, the attempt is whole.
pub(crate) fn judged(session: &Arc<Session>, pair: &PairFile, line: &VerdictLine) {
    if line.verdict.is_none() {
        return;
    }
    let waiting = session.state().unjudged.take(pair);
    if let Some(waiting) = waiting {
        let (code, line) = (Blocks::of(pair), line.clone());
        append(session, move || waiting.judged(code, line));
    }
}

/// Takes over what a killed session left behind in a workspace; once in each. Hardly ever is there more to do than to
/// look into a folder, and a verdict asked for right after must find them.
pub(crate) fn inherit(session: &Arc<Session>, root: &Path) {
    if session.state().inherited.insert(root.to_owned()) {
        for waiting in Waiting::left_behind(root) {
            enter(session, waiting);
        }
    }
}

fn enter(session: &Arc<Session>, waiting: Waiting) {
    let over = session.state().unjudged.enter(waiting);
    if let Some(over) = over {
        append(session, move || over.unjudged());
    }
}

/// Keeps what nobody had judged; the session is over.
pub(crate) fn keep_unjudged(session: &Session) {
    let left = session.state().unjudged.drain();
    for waiting in left {
        if let Err(error) = waiting.unjudged() {
            tracing::warn!(%error, "an attempt is not in attempts.jsonl");
        }
    }
}

fn append(session: &Arc<Session>, kept: impl FnOnce() -> Result<(), DatasetError> + Send + 'static) {
    let outgoing = session.outgoing.clone();
    // Nobody waits for the disk.
    let appended = session.jobs.spawn_blocking(move || {
        if let Err(error) = kept() {
            let message = format!("the attempt is not in attempts.jsonl: {error}");
            outgoing.notify::<LogMessage>(&LogMessageParams { typ: MessageType::WARNING, message });
        }
    });
    session.detach(async move {
        if let Err(error) = appended.await {
            tracing::error!(%error, "an attempt could not be kept");
        }
    });
}
