//! `fusewright.convert`

use std::sync::Arc;

use fusewright_pair::{PairFile, Style};
use serde_json::{Value, json};
use tower_lsp::jsonrpc::Result;
use tower_lsp::ls_types::LSPAny;

use super::{Command, document, refused};
use crate::lsp::edits;
use crate::lsp::requests::ask::ask;
use crate::lsp::session::Session;

/// Has the client put the document into the other style; says which one that is.
pub(crate) async fn run(session: &Arc<Session>, arguments: &[Value]) -> Result<LSPAny> {
    let uri = document(Command::Convert, arguments)?;
    let snapshot = session.snapshot(&uri).ok_or_else(|| refused("open the document first"))?;
    let other = other(&snapshot.pair).ok_or_else(|| refused("this document is no pair"))?;
    let fix = snapshot.pair.conversion_to(other).ok_or_else(|| {
        refused("this pair cannot be converted: mend its structure first, and keep code inside the blocks")
    })?;
    let edit = edits::of(&snapshot, &fix.edits, session.features());
    let client = session.client.clone();
    let answer = ask("workspace/applyEdit", async move { client.apply_edit(edit).await }).await;
    match answer {
        Some(answer) if answer.applied => Ok(json!({ "style": name(other) })),
        Some(answer) => {
            let reason = answer.failure_reason.unwrap_or_else(|| "it gave no reason".to_owned());
            Err(refused(format!("the editor did not make the change: {reason}")))
        }
        None => Err(refused("the editor did not make the change: it cannot, or it did not answer")),
    }
}

/// The style that the pair can be converted to.
pub(crate) fn target(pair: &PairFile) -> Option<Style> {
    other(pair).filter(|style| pair.conversion_to(*style).is_some())
}

fn other(pair: &PairFile) -> Option<Style> {
    pair.style().map(|style| match style {
        Style::Open => Style::Closed,
        Style::Closed => Style::Open,
    })
}

/// The style's name.
pub(crate) fn name(style: Style) -> &'static str {
    match style {
        Style::Open => "open",
        Style::Closed => "closed",
    }
}
