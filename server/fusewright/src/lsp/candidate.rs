//! `fusewright/candidate`: what the client hears of the candidate's file.

use std::path::Path;

use serde::{Deserialize, Serialize};
use tower_lsp::ls_types::Uri;
use tower_lsp::ls_types::notification::Notification;

use super::requests::refresh;
use super::session::Session;
use super::{diagnostics, status};

/// The notification: the loop wrote the candidate's file, or deleted it.
#[derive(Debug)]
enum CandidateNotification {}

impl Notification for CandidateNotification {
    type Params = Candidate;
    const METHOD: &'static str = "fusewright/candidate";
}

/// The candidate's file.
#[derive(Debug, Serialize, Deserialize)]
struct Candidate {
    uri: Uri,
    /// Whether it is there.
    exists: bool,
}

/// Tells the client of a candidate's file; one that is gone has no diagnostics, though it may stay open for a while.
pub(super) fn tell_of_candidate(session: &Session, uri: &Uri, exists: bool) {
    if !exists {
        let mut state = session.state();
        state.doing.remove(uri);
        let is_open = state.documents.contains_key(uri);
        drop(state);
        if is_open {
            diagnostics::clear(session, uri);
            status::update(session, uri);
        }
    }
    if session.state().options.offers.candidates {
        let params = Candidate { uri: uri.clone(), exists };
        session.outgoing.notify::<CandidateNotification>(&params);
    }
}

/// Tells the client of a candidate that was deleted outside of the loop's run.
pub(crate) fn given_up(session: &Session, candidate: &Path) {
    let uri = Uri::from_file_path(candidate).filter(|_| !candidate.exists());
    if let Some(uri) = uri.filter(|uri| session.state().documents.contains_key(uri)) {
        tell_of_candidate(session, &uri, false);
    }
    refresh::all(session);
}
