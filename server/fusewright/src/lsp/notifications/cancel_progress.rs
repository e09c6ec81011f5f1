//! `window/workDoneProgress/cancel`

use tower_lsp::ls_types::WorkDoneProgressCancelParams;

use crate::lsp::session::Session;

/// Cancels the job that reports under the token.
pub(crate) fn run(session: &Session, params: &WorkDoneProgressCancelParams) {
    session.jobs.cancel_progress(&params.token);
}
