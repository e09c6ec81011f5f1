//! Has the client ask again for what a verdict or a setting changed.

use crate::lsp::session::Session;

use super::ask::ask;

/// Lenses and hints, where the client takes the request.
pub(crate) fn all(session: &Session) {
    let features = session.features();
    if features.code_lens_refresh {
        let client = session.client.clone();
        session.detach(ask("workspace/codeLens/refresh", async move { client.code_lens_refresh().await }));
    }
    if features.inlay_hint_refresh {
        let client = session.client.clone();
        session.detach(ask("workspace/inlayHint/refresh", async move { client.inlay_hint_refresh().await }));
    }
}
