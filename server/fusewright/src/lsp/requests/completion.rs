//! `textDocument/completion`

use fusewright_pair::{BlockKind, PairFile, TextSize};
use tower_lsp::ls_types::{
    CompletionItem, CompletionItemKind, CompletionParams, CompletionResponse, CompletionTextEdit,
    Documentation, InsertTextFormat, Position, Range, TextEdit,
};

use crate::lsp::document::Snapshot;
use crate::lsp::encoding::size;
use crate::lsp::markdown;
use crate::lsp::session::Session;

const SKELETON: &str = include_str!("../assets/skeleton.py");

/// Markers at the start of a line, and a whole pair where there is none yet.
pub(crate) fn run(session: &Session, params: &CompletionParams) -> Option<CompletionResponse> {
    let place = &params.text_document_position;
    let snapshot = session.snapshot(&place.text_document.uri).filter(|snapshot| snapshot.is_python)?;
    let typed = typed(&snapshot, place.position)?;
    let range = Range::new(Position::new(place.position.line, 0), place.position);
    let cursor = size(snapshot.encoding.offset(&snapshot.rope, place.position));
    let mut items: Vec<_> =
        markers(&snapshot.pair, cursor).into_iter().map(|(marker, kind)| item(marker, kind, range)).collect();
    if snapshot.pair.blocks().is_empty() {
        items.push(skeleton(range, session.features().snippets));
    }
    let starts = |item: &CompletionItem| {
        loose(item.filter_text.as_deref().unwrap_or(&item.label)).starts_with(&loose(&typed))
    };
    let items: Vec<_> = items.into_iter().filter(starts).collect();
    (!items.is_empty()).then_some(CompletionResponse::Array(items))
}

/// What stands before the cursor, if it can be the start of a marker.
fn typed(snapshot: &Snapshot, position: Position) -> Option<String> {
    let end = snapshot.encoding.offset(&snapshot.rope, position);
    let start = snapshot.encoding.offset(&snapshot.rope, Position::new(position.line, 0));
    // No marker is longer, and a line of the file may be of any length.
    if end - start > 40 {
        return None;
    }
    snapshot.rope.get_byte_slice(start..end).map(String::from)
}

/// Letters and signs without spaces and case, since near misses should find their marker.
fn loose(text: &str) -> String {
    text.chars().filter(|char| !char.is_whitespace()).flat_map(char::to_lowercase).collect()
}

/// The opening markers that are missing, and the closing one of the block that the cursor is in.
fn markers(pair: &PairFile, cursor: TextSize) -> Vec<(&'static str, BlockKind)> {
    let missing = BlockKind::ALL.into_iter().filter(|kind| pair.block(*kind).is_none());
    let unclosed = pair
        .blocks()
        .iter()
        .filter(|block| block.closing.is_none() && block.range().contains_inclusive(cursor))
        .map(|block| block.kind)
        .next_back();
    let opening = missing.map(|kind| (kind.opening_marker(), kind));
    opening.chain(unclosed.map(|kind| (kind.closing_marker(), kind))).collect()
}

fn item(marker: &str, kind: BlockKind, range: Range) -> CompletionItem {
    CompletionItem {
        label: marker.to_owned(),
        kind: Some(CompletionItemKind::KEYWORD),
        detail: Some("a marker of a PyTorch and Triton pair".to_owned()),
        documentation: Some(Documentation::String(markdown::block(kind).replace("**", ""))),
        filter_text: Some(marker.to_owned()),
        text_edit: Some(CompletionTextEdit::Edit(TextEdit { range, new_text: marker.to_owned() })),
        ..CompletionItem::default()
    }
}

fn skeleton(range: Range, snippets: bool) -> CompletionItem {
    let new_text = if snippets { SKELETON.to_owned() } else { plain(SKELETON) };
    CompletionItem {
        label: "# fusewright pair".to_owned(),
        kind: Some(CompletionItemKind::SNIPPET),
        detail: Some("the skeleton of a PyTorch and Triton pair".to_owned()),
        filter_text: Some("# fusewright pair <PYTHON>".to_owned()),
        insert_text_format: Some(if snippets {
            InsertTextFormat::SNIPPET
        } else {
            InsertTextFormat::PLAIN_TEXT
        }),
        text_edit: Some(CompletionTextEdit::Edit(TextEdit { range, new_text })),
        ..CompletionItem::default()
    }
}

/// A snippet with its places filled in: `${1:name}` becomes `name`.
fn plain(snippet: &str) -> String {
    let mut text = String::with_capacity(snippet.len());
    let mut rest = snippet;
    while let Some(start) = rest.find("${") {
        text.push_str(&rest[..start]);
        let place = &rest[start + 2..];
        let Some(end) = place.find('}') else { break };
        text.push_str(place[..end].split_once(':').map_or("", |(_, default)| default));
        rest = &place[end + 1..];
    }
    text.push_str(rest);
    text.replace("\\$", "$")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_skeleton_is_a_pair_without_a_fault() {
        let pair = PairFile::parse(plain(SKELETON));
        let messages: Vec<_> = pair.diagnostics().iter().map(|found| found.message.as_str()).collect();
        assert_eq!(messages, Vec::<&str>::new());
        assert!(pair.hash().is_some() && pair.entry_points().is_some());
    }

    #[test]
    fn places_are_filled_with_their_defaults() {
        assert_eq!(plain("def ${1:f}(x):${2}\n"), "def f(x):\n");
    }
}
