//! Edits of a document, as the client takes them.

use std::collections::HashMap;

use fusewright_pair::Edit;
use tower_lsp::ls_types::{
    DocumentChanges, OneOf, OptionalVersionedTextDocumentIdentifier, TextDocumentEdit, TextEdit,
    WorkspaceEdit,
};

use super::document::Snapshot;
use super::features::Features;

/// The edits of `snapshot`. Where the client can, they name its version, so that they are not made to
/// another text.
pub(crate) fn of(snapshot: &Snapshot, edits: &[Edit], features: Features) -> WorkspaceEdit {
    let edits = edits
        .iter()
        .map(|edit| TextEdit { range: snapshot.range(edit.range), new_text: edit.new_text.clone() });
    if features.document_changes {
        let text_document = OptionalVersionedTextDocumentIdentifier {
            uri: snapshot.uri.clone(),
            version: Some(snapshot.version),
        };
        let change = TextDocumentEdit { text_document, edits: edits.map(OneOf::Left).collect() };
        WorkspaceEdit {
            document_changes: Some(DocumentChanges::Edits(vec![change])),
            ..WorkspaceEdit::default()
        }
    } else {
        #[allow(clippy::mutable_key_type, reason = "an address is never changed in place")]
        let changes = HashMap::from([(snapshot.uri.clone(), edits.collect())]);
        WorkspaceEdit { changes: Some(changes), ..WorkspaceEdit::default() }
    }
}
