//! `fusewright/status`: a document's state for a status bar, for clients that asked for it.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use tower_lsp::ls_types::Uri;
use tower_lsp::ls_types::notification::Notification;

use super::session::{Session, Standing};
use super::summary;

/// The notification.
#[derive(Debug)]
pub(crate) enum StatusNotification {}

impl Notification for StatusNotification {
    type Params = Status;
    const METHOD: &'static str = "fusewright/status";
}

/// A document's state.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Status {
    uri: Uri,
    state: State,
    text: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    verdict: Option<Value>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
enum State {
    Idle,
    Verifying,
    Writing,
    Verified,
    Stale,
    Error,
}

/// Sends the document's state if it changed and the client shows it.
pub(crate) fn update(session: &Session, uri: &Uri) {
    if !session.state().options.status {
        return;
    }
    let Some(snapshot) = session.snapshot(uri) else { return };
    let mut state = session.state();
    let known = state.sent_status.contains_key(uri);
    let status = if !snapshot.pair.is_pair() {
        if !known {
            return;
        }
        Status { uri: uri.clone(), state: State::Idle, text: String::new(), verdict: None }
    } else if let Some(doing) = state.doing.get(uri) {
        let doing_now = if state.writing.contains_key(uri) { State::Writing } else { State::Verifying };
        Status { uri: uri.clone(), state: doing_now, text: doing.clone(), verdict: None }
    } else {
        of(uri, &state.verdicts.standing(uri, &snapshot.pair))
    };
    let value = serde_json::to_value(&status).unwrap_or_default();
    if state.sent_status.get(uri) != Some(&value) {
        state.sent_status.insert(uri.clone(), value);
        drop(state);
        session.outgoing.notify::<StatusNotification>(&status);
    }
}

fn of(uri: &Uri, standing: &Standing) -> Status {
    let (state, text, verdict) = match standing {
        Standing::Unknown => (State::Idle, "not verified".to_owned(), None),
        Standing::Stale(verdict) => (State::Stale, format!("stale: {}", summary::short(&verdict.line)), None),
        Standing::Judged(verdict) => {
            let state = if verdict.line.verdict.is_some() { State::Verified } else { State::Error };
            (state, summary::short(&verdict.line), serde_json::to_value(&verdict.line).ok())
        }
    };
    Status { uri: uri.clone(), state, text, verdict }
}
