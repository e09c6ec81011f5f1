//! `textDocument/inlayHint`

use tower_lsp::ls_types::{InlayHint, InlayHintLabel, InlayHintParams, InlayHintTooltip};

use crate::lsp::session::{Session, Standing};
use crate::lsp::summary;

/// The verdict at the end of the wrapper's first line.
pub(crate) fn run(session: &Session, params: &InlayHintParams) -> Option<Vec<InlayHint>> {
    let snapshot = session.snapshot(&params.text_document.uri)?;
    let wrapper = &snapshot.pair.entry_points()?.candidate;
    let Standing::Judged(verdict) = session.state().verdicts.standing(&snapshot.uri, &snapshot.pair) else {
        return None;
    };
    let line = snapshot.pair.line_of(wrapper.name_range.start());
    let position = snapshot.line(line).end;
    if position < params.range.start || position > params.range.end {
        return None;
    }
    Some(vec![InlayHint {
        position,
        label: InlayHintLabel::String(summary::label(&verdict.line)),
        kind: None,
        text_edits: None,
        tooltip: Some(InlayHintTooltip::String(summary::sentence(&verdict.line))),
        padding_left: Some(true),
        padding_right: None,
        data: None,
    }])
}
