//! `textDocument/didClose`

use tower_lsp::ls_types::DidCloseTextDocumentParams;

use crate::lsp::diagnostics;
use crate::lsp::session::Session;

/// Forgets the document and clears its diagnostics; those of a settings file stay, by its text on disk.
pub(crate) fn run(session: &Session, params: &DidCloseTextDocumentParams) {
    let uri = &params.text_document.uri;
    {
        let mut state = session.state();
        state.documents.remove(uri);
        state.sent_status.remove(uri);
        state.compiled.forget(uri);
        if let Some(outdated) = state.compiling.remove(uri) {
            outdated.cancel();
        }
    }
    diagnostics::clear(session, uri);
    if diagnostics::is_config(uri) {
        diagnostics::publish_closed_config(session, &session.folder(uri));
    }
}
