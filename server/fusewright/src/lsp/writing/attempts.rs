//! What was written here goes to `attempts.jsonl` once it is judged or the session ends, an answer that was none at once.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use fusewright_engine::dataset::attempts::{Attempt, AttemptKind};
use fusewright_engine::generate::{LoneAttempt, Unusable, Written, keep};
use fusewright_engine::verdict::VerdictLine;
use fusewright_pair::PairFile;
use serde::Serialize;
use tower_lsp::ls_types::notification::LogMessage;
use tower_lsp::ls_types::{LogMessageParams, MessageType};

use super::Job;
use crate::lsp::session::{Draft, Session, Standing};

impl Job {
    /// Has a kernel kept as an attempt with the verdict that it gets.
    pub(super) fn await_verdict(&self, written: &Written) {
        let root = self.folder.workspace.root.clone();
        let draft = Draft { root, attempt: self.attempt(), written: written.clone() };
        let pair = PairFile::parse(written.text.as_str());
        let (over, standing) = {
            let mut state = self.session.state();
            let over = state.unjudged.enter(draft);
            (over, state.verdicts.standing(&self.order.uri, &pair))
        };
        if let Some(over) = over {
            append(&self.session, over.root.clone(), over.unjudged());
        }
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
        append(&self.session, self.folder.workspace.root.clone(), attempt);
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
    let draft = session.state().unjudged.take(pair);
    if let Some(draft) = draft {
        append(session, draft.root.clone(), draft.judged(pair, line.clone()));
    }
}

/// Keeps what nobody had judged; the session is over.
pub(crate) fn keep_unjudged(session: &Session) {
    let left = session.state().unjudged.drain();
    for draft in left {
        if let Err(error) = keep(&draft.root, &draft.unjudged()) {
            tracing::warn!(%error, "an attempt is not in attempts.jsonl");
        }
    }
}

fn append<V: Serialize + Send + 'static>(session: &Arc<Session>, root: PathBuf, attempt: Attempt<V>) {
    let outgoing = session.outgoing.clone();
    // Nobody waits for the disk.
    let appended = session.jobs.spawn_blocking(move || {
        if let Err(error) = keep(&root, &attempt) {
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
