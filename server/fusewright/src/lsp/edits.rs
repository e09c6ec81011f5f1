//! Edits of a document, as the client takes them.

use std::borrow::Cow;
use std::collections::HashMap;

use fusewright_pair::{Edit, TextRange, TextSize};
use tower_lsp::ls_types::{
    DocumentChanges, OneOf, OptionalVersionedTextDocumentIdentifier, TextDocumentEdit, TextEdit,
    WorkspaceEdit,
};

use super::document::Snapshot;
use super::features::Features;

/// The same edits, where one adds lines after the last: they go before its line end instead, which comes to the same
/// text. Neovim 0.10 makes of lines added after the last one line more.
fn before_the_last_line_end<'a>(text: &str, edits: &'a [Edit]) -> Cow<'a, [Edit]> {
    let newline = if text.ends_with("\r\n") { "\r\n" } else { "\n" };
    let Some(lines) = text.strip_suffix(newline) else { return Cow::Borrowed(edits) };
    let Some((last, others)) = edits.split_last() else { return Cow::Borrowed(edits) };
    let (at, end) = (TextSize::of(lines), TextSize::of(text));
    let touched = others.iter().any(|edit| edit.range.end() > at);
    match last.new_text.strip_suffix(newline) {
        Some(added) if last.range == TextRange::empty(end) && !touched => {
            let last = Edit { range: TextRange::empty(at), new_text: format!("{newline}{added}") };
            Cow::Owned([others, &[last]].concat())
        }
        _ => Cow::Borrowed(edits),
    }
}

/// The edits of `snapshot`. Where the client can, they name its version, so that they are not made to
/// another text.
pub(crate) fn of(snapshot: &Snapshot, edits: &[Edit], features: Features) -> WorkspaceEdit {
    let edits = before_the_last_line_end(snapshot.pair.text(), edits);
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

#[cfg(test)]
mod tests {
    use super::*;

    fn insert(at: &str, new_text: &str) -> Edit {
        Edit { range: TextRange::empty(TextSize::of(at)), new_text: new_text.to_owned() }
    }

    #[test]
    fn lines_at_the_end_go_before_its_line_end() {
        for newline in ["\n", "\r\n"] {
            let text = format!("a{newline}b{newline}");
            let edits = [insert("", "first"), insert(&text, &format!("c{newline}d{newline}"))];
            let moved = before_the_last_line_end(&text, &edits);
            let expected = insert(text.strip_suffix(newline).unwrap(), &format!("{newline}c{newline}d"));
            assert_eq!(*moved, [edits[0].clone(), expected]);
        }
    }

    #[test]
    fn all_other_edits_stay() {
        let deletion = Edit { range: TextRange::new(2.into(), 4.into()), new_text: String::new() };
        for (text, edits) in [
            ("a\nb\n", vec![insert("a\nb", "c\n")]),
            ("a\nb\n", vec![insert("a\nb\n", "c")]),
            ("a\nb", vec![insert("a\nb", "c\n")]),
            ("a\nb\n", vec![deletion, insert("a\nb\n", "c\n")]),
            ("", vec![insert("", "c\n")]),
            ("a\n", vec![]),
        ] {
            assert_eq!(before_the_last_line_end(text, &edits), edits, "{text:?}");
        }
    }
}
