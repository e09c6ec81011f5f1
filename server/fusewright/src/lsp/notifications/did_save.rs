//! `textDocument/didSave`

use std::sync::Arc;

use tower_lsp::ls_types::DidSaveTextDocumentParams;

use super::did_change_watched_files::settings_changed;
use crate::lsp::session::Session;
use crate::lsp::{compile_on_save, diagnostics};

/// A saved settings file takes force at once, also for clients that watch no files; a saved pair is compiled where
/// the user wants that.
pub(crate) fn run(session: &Arc<Session>, params: &DidSaveTextDocumentParams) {
    let uri = &params.text_document.uri;
    if diagnostics::is_config(uri) {
        settings_changed(session, std::slice::from_ref(uri));
    } else {
        compile_on_save::start(session, uri);
    }
}
