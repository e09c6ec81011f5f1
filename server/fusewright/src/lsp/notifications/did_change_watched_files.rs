//! `workspace/didChangeWatchedFiles`

use tower_lsp::ls_types::{DidChangeWatchedFilesParams, FileChangeType, Uri};

use crate::lsp::diagnostics;
use crate::lsp::requests::refresh;
use crate::lsp::session::Session;

/// Reads settings files again that changed on disk.
pub(crate) fn run(session: &Session, params: &DidChangeWatchedFilesParams) {
    let changed = params.changes.iter().filter(|change| diagnostics::is_config(&change.uri));
    let (deleted, written): (Vec<_>, Vec<_>) =
        changed.partition(|change| change.typ == FileChangeType::DELETED);
    if deleted.is_empty() && written.is_empty() {
        return;
    }
    for change in deleted {
        if !session.state().documents.contains_key(&change.uri) {
            diagnostics::clear(session, &change.uri);
        }
    }
    let uris: Vec<Uri> = written.into_iter().map(|change| change.uri.clone()).collect();
    settings_changed(session, &uris);
}

/// Takes changed settings into force and says what is wrong with them.
pub(crate) fn settings_changed(session: &Session, files: &[Uri]) {
    session.state().folders.forget();
    for uri in files {
        diagnostics::publish_closed_config(session, &session.folder(uri));
    }
    session.publish_all();
    refresh::all(session);
}
