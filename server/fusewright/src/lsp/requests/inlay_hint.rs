//! `textDocument/inlayHint`

use fusewright_engine::verdict::Kernel;
use tower_lsp::ls_types::{InlayHint, InlayHintLabel, InlayHintParams, InlayHintTooltip, Position};

use crate::lsp::document::Snapshot;
use crate::lsp::session::{Session, Standing};
use crate::lsp::summary;

/// The verdict at the end of the wrapper's first line, and what each kernel takes at the end of its own.
pub(crate) fn run(session: &Session, params: &InlayHintParams) -> Option<Vec<InlayHint>> {
    let snapshot = session.snapshot(&params.text_document.uri)?;
    let (standing, check) = {
        let state = session.state();
        let standing = state.verdicts.standing(&snapshot.uri, &snapshot.pair);
        (standing, state.compiled.of(&snapshot.uri, &snapshot.pair))
    };
    let mut hints = Vec::new();
    if let Standing::Judged(verdict) = &standing {
        hints.extend(of_wrapper(
            &snapshot,
            &summary::label(&verdict.line),
            &summary::sentence(&verdict.line),
        ));
    }
    match (&check, &standing) {
        (Some(check), _) => {
            let kernels = check.compiled.kernels.iter();
            hints.extend(kernels.filter_map(|kernel| {
                of_kernel(&snapshot, kernel, check.line_in(&snapshot.pair, kernel.line?))
            }));
        }
        (None, Standing::Judged(verdict)) => {
            let kernels = verdict.line.kernels.iter();
            hints.extend(kernels.filter_map(|kernel| {
                of_kernel(&snapshot, kernel, verdict.line_in(&snapshot.pair, kernel.line?))
            }));
        }
        _ => {}
    }
    hints.retain(|hint| params.range.start <= hint.position && hint.position <= params.range.end);
    (!hints.is_empty()).then_some(hints)
}

fn of_wrapper(snapshot: &Snapshot, label: &str, sentence: &str) -> Option<InlayHint> {
    let wrapper = &snapshot.pair.entry_points()?.candidate;
    let line = snapshot.pair.line_of(wrapper.name_range.start());
    Some(hint(snapshot.line(line).end, label.to_owned(), sentence.to_owned()))
}

fn of_kernel(snapshot: &Snapshot, kernel: &Kernel, line: u32) -> Option<InlayHint> {
    let resources = summary::resources(kernel)?;
    let tooltip = format!("{} as compiled: {resources}", kernel.name);
    Some(hint(snapshot.line(line).end, resources, tooltip))
}

fn hint(position: Position, label: String, tooltip: String) -> InlayHint {
    InlayHint {
        position,
        label: InlayHintLabel::String(label),
        kind: None,
        text_edits: None,
        tooltip: Some(InlayHintTooltip::String(tooltip)),
        padding_left: Some(true),
        padding_right: None,
        data: None,
    }
}
