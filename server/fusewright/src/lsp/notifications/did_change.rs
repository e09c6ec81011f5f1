//! `textDocument/didChange`

use tower_lsp::ls_types::DidChangeTextDocumentParams;

use crate::lsp::session::Session;

/// Enters the edits and has the document checked.
pub(crate) fn run(session: &Session, params: DidChangeTextDocumentParams) {
    let encoding = session.encoding();
    let id = params.text_document;
    let known = match session.state().documents.get_mut(&id.uri) {
        Some(document) => {
            document.change(id.version, params.content_changes, encoding);
            true
        }
        None => false,
    };
    if known {
        session.outgoing.publish(&id.uri);
    } else {
        tracing::warn!(uri = id.uri.as_str(), "an edit of a document that is not open");
    }
}
