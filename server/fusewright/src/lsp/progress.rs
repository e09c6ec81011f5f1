//! Progress in the editor, with a way to cancel.
//!
//! The client is asked for its leave to show progress and may not answer: the work never waits for it. What
//! happened meanwhile is shown as soon as leave is given.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tower_lsp::ls_types::notification::Progress as ProgressNotification;
use tower_lsp::ls_types::{
    ProgressParams, ProgressParamsValue, ProgressToken, WorkDoneProgress, WorkDoneProgressBegin,
    WorkDoneProgressEnd, WorkDoneProgressReport,
};

use super::outgoing::Outgoing;
use super::requests::ask::ask;
use super::session::Session;

static NEXT: AtomicU64 = AtomicU64::new(0);

/// One job's progress, as the editor shows it.
#[derive(Debug, Clone)]
pub(crate) struct EditorProgress {
    token: ProgressToken,
    title: String,
    outgoing: Outgoing,
    stage: Arc<Mutex<Stage>>,
}

#[derive(Debug)]
enum Stage {
    /// The client was asked and has not answered; this is what to show if it agrees.
    Asked { message: Option<String>, percent: Option<u8> },
    /// The client shows it.
    Begun,
    /// There is nothing to show any more, or the client shows none.
    Over,
}

/// The token of a job: the client's own, or one to be asked for.
pub(crate) fn token(given: Option<&ProgressToken>) -> ProgressToken {
    given.cloned().unwrap_or_else(|| {
        ProgressToken::String(format!("fusewright/{}", NEXT.fetch_add(1, Ordering::Relaxed)))
    })
}

impl EditorProgress {
    /// Begins to show progress. `given` is the client's token, which it shows without being asked.
    pub(crate) fn begin(session: &Session, token: ProgressToken, given: bool, title: &str) -> Self {
        let stage = if given || session.features().progress {
            Stage::Asked { message: None, percent: None }
        } else {
            Stage::Over
        };
        let progress = Self {
            token,
            title: title.to_owned(),
            outgoing: session.outgoing.clone(),
            stage: Arc::new(Mutex::new(stage)),
        };
        if given {
            progress.granted();
        } else if session.features().progress {
            let client = session.client.clone();
            let asking = progress.clone();
            session.detach(async move {
                let token = asking.token.clone();
                let create = async move { client.create_work_done_progress(token).await };
                match ask("window/workDoneProgress/create", create).await {
                    Some(()) => asking.granted(),
                    None => *asking.stage() = Stage::Over,
                }
            });
        }
        progress
    }

    /// Shows what is being done now.
    pub(crate) fn report(&self, message: &str, percent: Option<u8>) {
        let mut stage = self.stage();
        match &mut *stage {
            Stage::Asked { message: latest, percent: done } => {
                *latest = Some(message.to_owned());
                *done = percent;
            }
            Stage::Begun => self.send(WorkDoneProgress::Report(WorkDoneProgressReport {
                cancellable: Some(true),
                message: Some(message.to_owned()),
                percentage: percent.map(u32::from),
            })),
            Stage::Over => {}
        }
    }

    /// Takes it away, with a last word.
    pub(crate) fn end(&self, message: Option<String>) {
        let before = std::mem::replace(&mut *self.stage(), Stage::Over);
        if matches!(before, Stage::Begun) {
            self.send(WorkDoneProgress::End(WorkDoneProgressEnd { message }));
        }
    }

    fn granted(&self) {
        let mut stage = self.stage();
        if let Stage::Asked { message, percent } = &mut *stage {
            self.send(WorkDoneProgress::Begin(WorkDoneProgressBegin {
                title: self.title.clone(),
                cancellable: Some(true),
                message: message.take(),
                percentage: percent.map(u32::from),
            }));
            *stage = Stage::Begun;
        }
    }

    fn send(&self, value: WorkDoneProgress) {
        let params =
            ProgressParams { token: self.token.clone(), value: ProgressParamsValue::WorkDone(value) };
        self.outgoing.notify::<ProgressNotification>(&params);
    }

    fn stage(&self) -> MutexGuard<'_, Stage> {
        self.stage.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
