//! `workspace/didChangeWorkspaceFolders`

use tower_lsp::ls_types::DidChangeWorkspaceFoldersParams;

use crate::lsp::diagnostics;
use crate::lsp::session::{Session, file_path};

/// Checks the settings files of added folders. Documents find their workspace by their own path, so
/// nothing else depends on the list.
pub(crate) fn run(session: &Session, params: &DidChangeWorkspaceFoldersParams) {
    session.state().folders.forget();
    for path in params.event.added.iter().filter_map(|folder| file_path(&folder.uri)) {
        diagnostics::publish_closed_config(session, &session.folder_of_path(&path.join("any")));
    }
    session.publish_all();
}
