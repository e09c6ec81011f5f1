//! Brings back the verdict that was given for a document's code before it was opened.

use std::sync::Arc;

use fusewright_engine::remembered::VerdictStore;
use tower_lsp::ls_types::Uri;

use crate::lsp::requests::refresh;
use crate::lsp::session::{Session, Verdict};

/// Looks the code's hash up among the verdicts that this user's runs left: the command line's, another
/// server's, or those of an earlier session.
pub(crate) fn run(session: &Arc<Session>, uri: &Uri) {
    let Some(snapshot) = session.snapshot(uri) else { return };
    let Some(hash) = snapshot.pair.hash().map(str::to_owned) else { return };
    if session.state().verdicts.knows(&hash) {
        return;
    }
    let (session_of_job, uri) = (session.clone(), uri.clone());
    let looking = session.jobs.spawn_blocking(move || {
        let Some(line) = VerdictStore::of_user().and_then(|store| store.recall(&hash)) else { return };
        let session = session_of_job;
        session.state().verdicts.enter(&uri, Verdict::new(line, &snapshot.pair));
        session.outgoing.publish(&uri);
        refresh::all(&session);
    });
    // It runs by itself; the handle is only needed to learn that it failed.
    session.detach(async move {
        if let Err(error) = looking.await {
            tracing::error!(%error, "an earlier verdict could not be looked up");
        }
    });
}
