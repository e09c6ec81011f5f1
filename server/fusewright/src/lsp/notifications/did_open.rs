//! `textDocument/didOpen`

use std::sync::Arc;

use tower_lsp::ls_types::DidOpenTextDocumentParams;

use crate::lsp::document::Document;
use crate::lsp::session::Session;
use crate::lsp::{commands, prewarm, writing};

/// Takes the document over from the disk.
pub(crate) fn run(session: &Arc<Session>, params: DidOpenTextDocumentParams) {
    let opened = params.text_document;
    let uri = opened.uri.clone();
    let mut document = Document::new(opened.uri, &opened.language_id, opened.version, &opened.text);
    let folder = session.folder(&uri);
    document.set_triton(folder.triton);
    session.state().documents.insert(uri.clone(), document);
    session.outgoing.publish(&uri);
    commands::recall::run(session, &uri);
    prewarm::start(session, &uri);
    writing::inherit(session, &folder.workspace.root);
}
