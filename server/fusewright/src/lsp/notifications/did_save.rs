//! `textDocument/didSave`

use tower_lsp::ls_types::DidSaveTextDocumentParams;

use super::did_change_watched_files::settings_changed;
use crate::lsp::diagnostics;
use crate::lsp::session::Session;

/// A saved settings file takes force at once, also for clients that watch no files.
pub(crate) fn run(session: &Session, params: &DidSaveTextDocumentParams) {
    if diagnostics::is_config(&params.text_document.uri) {
        settings_changed(session, std::slice::from_ref(&params.text_document.uri));
    }
}
