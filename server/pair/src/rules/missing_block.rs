//! FW101: a block is missing.

use super::{About, Rule};
use crate::block::{BlockKind, Style};
use crate::diagnostic::{Diagnostic, Edit, Fix, Severity};
use crate::file::File;
use crate::layout::Problem;

pub(super) const ABOUT: About = About {
    rule: Rule::MissingBlock,
    code: "FW101",
    name: "missing-block",
    severity: Severity::Error,
    summary: "One of the three blocks is not there.",
    why: "A pair is a reference (PYTHON), a candidate (TRITON) and inputs (TEST). Without one of them nothing can be \
          compared, and the archived example would have an empty field.",
    fix: Some(
        "Adds the markers of the missing block in their place, in the style of the file. The code is yours to write.",
    ),
    bad: include_str!("examples/FW101-bad.py"),
    good: include_str!("examples/FW101-good.py"),
};

pub(super) fn check(file: &File<'_>, found: &mut Vec<Diagnostic>) {
    for problem in &file.layout.problems {
        let Problem::Missing(kind) = *problem else { continue };
        let before = file.blocks.iter().rev().find(|block| block.kind < kind);
        let after = file.blocks.iter().find(|block| block.kind > kind);
        let Some(anchor) = before.or(after).map(|block| block.opening).or(file
            .layout
            .borders
            .first()
            .map(|border| border.range))
        else {
            continue;
        };
        let place = match (before, after) {
            (Some(before), Some(after)) => format!(" between {} and {}", before.kind.tag(), after.kind.tag()),
            (Some(before), None) => format!(" after {}", before.kind.tag()),
            (None, Some(after)) => format!(" before {}", after.kind.tag()),
            (None, None) => String::new(),
        };
        let message = format!(
            "the {} block is missing: add `{}`{place} with {}",
            kind.tag(),
            kind.opening_marker(),
            match kind {
                BlockKind::Python => "the PyTorch code",
                BlockKind::Triton => "the kernel and its wrapper",
                BlockKind::Test => "`get_test_inputs()`",
            }
        );
        found.push(Diagnostic::new(Rule::MissingBlock, anchor, message).with_fix(fix(file, kind)));
    }
}

fn fix(file: &File<'_>, kind: BlockKind) -> Option<Fix> {
    let edit = block_insertion(file, kind, "")?;
    Some(Fix::unsafe_(format!("Add an empty {} block", kind.tag()), vec![edit]))
}

/// The edit that adds a block, with this code in it, in its place.
pub(crate) fn block_insertion(file: &File<'_>, kind: BlockKind, code: &str) -> Option<Edit> {
    let newline = file.newline;
    let mut text = format!("{}{newline}{code}", kind.opening_marker());
    if file.style == Some(Style::Closed) {
        text = format!("{text}{newline}{}{newline}", kind.closing_marker());
    }
    let following = file.blocks.iter().find(|block| block.kind > kind);
    if let Some(following) = following {
        let at = file.lines.start_of_line(following.opening.start());
        return Some(Edit::insert(at.max(file.start()), format!("{text}{newline}")));
    }
    let last = file.blocks.last()?;
    let at = last.closing.map_or(last.content.end(), |closing| file.lines.next_line(closing.start()));
    let after = if at < file.end() { newline } else { "" };
    Some(Edit::insert(at, format!("{}{newline}{text}{after}", file.line_end_before(at))))
}
