//! `textDocument/hover`

use std::sync::Arc;

use fusewright_pair::{BlockKind, Definition, TextRange};
use tower_lsp::ls_types::{Hover, HoverContents, HoverParams, MarkupContent, MarkupKind};

use crate::lsp::document::Snapshot;
use crate::lsp::encoding::size;
use crate::lsp::session::{Session, Standing};
use crate::lsp::{ideas, markdown};

/// What became of an idea; in a pair the page of the rule that is broken here, else the verdict where it belongs, else
/// what a marker means.
pub(crate) async fn run(session: &Arc<Session>, params: &HoverParams) -> Option<Hover> {
    let place = &params.text_document_position_params;
    let Some(ideas) = ideas::of(session, &place.text_document.uri).await else {
        return of_pair(session, params);
    };
    let value = ideas.told(place.position.line)?;
    let contents = MarkupContent { kind: MarkupKind::PlainText, value };
    Some(Hover { contents: HoverContents::Markup(contents), range: None })
}

fn of_pair(session: &Session, params: &HoverParams) -> Option<Hover> {
    let place = &params.text_document_position_params;
    let snapshot = session.snapshot(&place.text_document.uri)?;
    let offset = size(snapshot.encoding.offset(&snapshot.rope, place.position));
    let holds = |range: TextRange| range.contains_inclusive(offset);
    let pair = &snapshot.pair;

    let settings = session.folder(&snapshot.uri);
    let broken = pair
        .diagnostics()
        .iter()
        .find(|found| holds(found.range) && !settings.settings.rules.ignores(found.rule.code()));
    if let Some(found) = broken {
        return Some(hover(&snapshot, found.range, found.rule.page()));
    }

    let standing = session.state().verdicts.standing(&snapshot.uri, pair);
    let marker = pair.blocks().iter().find(|block| holds(block.opening) || block.closing.is_some_and(holds));
    let named = |definition: &&Definition| holds(definition.name_range);
    let candidate = pair.entry_points().map(|entry| &entry.candidate);
    let kernel = pair.kernels().iter().find(named);
    let (range, about_verdict) = match (marker, candidate.filter(named), kernel) {
        (Some(block), ..) => (
            if holds(block.opening) { block.opening } else { block.closing? },
            block.kind == BlockKind::Triton,
        ),
        (None, Some(wrapper), _) => (wrapper.name_range, true),
        (None, None, Some(kernel)) => (kernel.name_range, true),
        (None, None, None) => return None,
    };
    let detail = match standing {
        Standing::Judged(verdict) if about_verdict => Some(markdown::verdict(&verdict.line)),
        Standing::Stale(verdict) if about_verdict => Some(markdown::stale(&verdict.line)),
        _ => None,
    };
    let text = detail.or_else(|| marker.map(|block| markdown::block(block.kind).to_owned()))?;
    Some(hover(&snapshot, range, text))
}

fn hover(snapshot: &Snapshot, range: TextRange, text: impl Into<String>) -> Hover {
    let contents = MarkupContent { kind: MarkupKind::Markdown, value: text.into() };
    Hover { contents: HoverContents::Markup(contents), range: Some(snapshot.range(range)) }
}
