//! `textDocument/codeLens`

use std::sync::Arc;

use fusewright_pair::BlockKind;
use tower_lsp::ls_types::{CodeLens, CodeLensParams, Position, Range};

use crate::lsp::session::Session;
use crate::lsp::{ideas, offers};

/// What can be done with an idea, above its line, or with the pair, above the block that it is about.
pub(crate) async fn run(session: &Arc<Session>, params: &CodeLensParams) -> Option<Vec<CodeLens>> {
    match ideas::of(session, &params.text_document.uri).await {
        Some(ideas) => Some(ideas.offers(session).into_iter().map(ideas::Offer::lens).collect()),
        None => of_pair(session, params),
    }
}

fn of_pair(session: &Session, params: &CodeLensParams) -> Option<Vec<CodeLens>> {
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
