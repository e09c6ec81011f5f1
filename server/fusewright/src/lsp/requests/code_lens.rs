//! `textDocument/codeLens`

use fusewright_engine::verdict::Ruling;
use fusewright_pair::BlockKind;
use tower_lsp::ls_types::{CodeLens, CodeLensParams, Position, Range};

use crate::lsp::commands::Command;
use crate::lsp::session::{Session, Standing};
use crate::lsp::summary;

/// What can be done with the pair, above its TRITON block.
pub(crate) fn run(session: &Session, params: &CodeLensParams) -> Option<Vec<CodeLens>> {
    let snapshot = session.snapshot(&params.text_document.uri)?;
    if !snapshot.pair.is_pair() {
        return None;
    }
    let marker = snapshot.pair.block(BlockKind::Triton).or_else(|| snapshot.pair.blocks().first());
    let range = marker.map_or_else(
        || Range::new(Position::new(0, 0), Position::new(0, 0)),
        |block| snapshot.range(block.opening),
    );
    let actions = actions(session, &snapshot);
    let lens = |(title, command): (String, Command)| CodeLens {
        range,
        command: Some(command.call(title, &snapshot.uri)),
        data: None,
    };
    Some(actions.into_iter().map(lens).collect())
}

/// The commands that make sense now, each with the title that says so.
pub(crate) fn actions(
    session: &Session,
    snapshot: &crate::lsp::document::Snapshot,
) -> Vec<(String, Command)> {
    let state = session.state();
    if state.options.is_restricted() || snapshot.pair.hash().is_none() {
        return Vec::new();
    }
    if state.doing.contains_key(&snapshot.uri) {
        return vec![("■ Cancel".to_owned(), Command::Cancel)];
    }
    match state.verdicts.standing(&snapshot.uri, &snapshot.pair) {
        Standing::Unknown => vec![("▶ Verify".to_owned(), Command::Verify)],
        Standing::Stale(_) => vec![("▶ Verify again".to_owned(), Command::Verify)],
        Standing::Judged(verdict) => {
            let mut actions =
                vec![(format!("{} · Verify again", summary::label(&verdict.line)), Command::Verify)];
            let may_enter = matches!(
                verdict.line.verdict,
                Some(Ruling::Pass | Ruling::Same | Ruling::Slower | Ruling::Untimed)
            );
            if verdict.is_final() && may_enter {
                actions.push(("Archive".to_owned(), Command::Archive));
            }
            actions
        }
    }
}
