//! Python, torch and the workers made ready when a pair is opened, so that its first verdict need not wait for them.
//!
//! None of the folder's code is run. Still it happens only where the editor says that the user trusts the folder: what
//! is opened elsewhere starts no process.

use std::sync::Arc;

use tower_lsp::ls_types::Uri;

use super::session::{Session, file_path};

/// Starts it, once for each workspace, where the document is a pair in a trusted folder.
pub(crate) fn start(session: &Arc<Session>, uri: &Uri) {
    let trusted = session.state().options.trusted == Some(true);
    let is_pair = session.snapshot(uri).is_some_and(|snapshot| snapshot.pair.is_pair());
    let Some(file) = file_path(uri).filter(|_| trusted && is_pair) else { return };
    let verifier = session.verifier(&file);
    if !verifier.begin_prewarming() {
        return;
    }
    // Not the document's job: who cancels its verification does not mean this.
    let ticket = session.jobs.enter(None, None);
    let job = session.jobs.spawn(async move {
        if let Err(error) = verifier.prewarm(&ticket.cancel).await {
            // Whoever asks for a verdict is told, and offered what mends it.
            tracing::info!("nothing was made ready ahead of need: {}", error.message);
        }
    });
    session.detach(async move {
        if let Err(error) = job.await {
            tracing::error!(%error, "nothing was made ready ahead of need");
        }
    });
}
