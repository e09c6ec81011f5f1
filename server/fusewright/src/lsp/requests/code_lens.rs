//! `textDocument/codeLens`

use fusewright_pair::BlockKind;
use tower_lsp::ls_types::{CodeLens, CodeLensParams, Position, Range};

use crate::lsp::offers;
use crate::lsp::session::Session;

/// What can be done with the pair, above the block that it is about.
pub(crate) fn run(session: &Session, params: &CodeLensParams) -> Option<Vec<CodeLens>> {
    let snapshot = session.snapshot(&params.text_document.uri)?;
    if !snapshot.pair.is_pair() {
        return None;
    }
    let range = |kind: BlockKind| {
        let block = snapshot.pair.block(kind).or_else(|| snapshot.pair.blocks().first());
        block.map_or_else(
            || Range::new(Position::new(0, 0), Position::new(0, 0)),
            |block| snapshot.range(block.opening),
        )
    };
    let offers = offers::of(session, &snapshot);
    let lens = |offer: &offers::Offer| CodeLens {
        range: range(offer.block),
        command: Some(offer.command("")),
        data: None,
    };
    Some(offers.iter().map(lens).collect())
}
