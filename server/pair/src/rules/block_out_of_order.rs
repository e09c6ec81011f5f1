//! FW103: the blocks stand in another order.

use ruff_text_size::TextRange;

use super::{About, Rule};
use crate::block::{Block, BlockKind};
use crate::diagnostic::{Diagnostic, Edit, Fix, Severity};
use crate::file::File;
use crate::layout::Problem;
use crate::pair_file::slice;
use crate::syntax::is_inert;

pub(super) const ABOUT: About = About {
    rule: Rule::BlockOutOfOrder,
    code: "FW103",
    name: "block-out-of-order",
    severity: Severity::Error,
    summary: "The blocks do not stand in the order PYTHON, TRITON, TEST.",
    why: "The order is part of the format: whoever reads the dataset's files, a program or a person, relies on it. In \
          the open style a misplaced block also swallows what follows it.",
    fix: Some(
        "Puts the blocks in order. It is offered where all three are whole and nothing stands between them.",
    ),
    bad: include_str!("examples/FW103-bad.py"),
    good: include_str!("examples/FW103-good.py"),
};

pub(super) fn check(file: &File<'_>, found: &mut Vec<Diagnostic>) {
    for problem in &file.layout.problems {
        let Problem::OutOfOrder(at) = *problem else { continue };
        let Some(block) = file.blocks.get(at) else { continue };
        let Some(earlier) = file.blocks[..at].iter().find(|earlier| earlier.kind > block.kind) else {
            continue;
        };
        let message = format!(
            "the {} block stands after {}: put the blocks in the order PYTHON, TRITON, TEST",
            block.kind.tag(),
            earlier.kind.tag()
        );
        found.push(Diagnostic::new(Rule::BlockOutOfOrder, block.opening, message).with_fix(fix(file)));
    }
}

fn fix(file: &File<'_>) -> Option<Fix> {
    let [first, second, third] = &file.blocks[..] else { return None };
    if file.layout.problems.len() != 1
        || file.outside.iter().any(|statements| !statements.iter().all(is_inert))
    {
        return None;
    }
    let slot = |block: &Block| {
        let start = file.lines.start_of_line(block.opening.start()).max(file.start());
        let end = block.closing.map_or(block.content.end(), |closing| file.lines.next_line(closing.start()));
        TextRange::new(start, end)
    };
    let slots = [first, second, third].map(slot);
    let mut edits = Vec::with_capacity(3);
    for (at, kind) in BlockKind::ALL.into_iter().enumerate() {
        let from = file.blocks.iter().position(|block| block.kind == kind)?;
        if from == at {
            continue;
        }
        let mut text = slice(file.text, slots[from])?.to_owned();
        if !text.ends_with(['\n', '\r']) {
            text.push_str(file.newline);
        }
        edits.push(Edit::replace(slots[at], text));
    }
    Some(Fix::safe("Put the blocks in order", edits))
}
