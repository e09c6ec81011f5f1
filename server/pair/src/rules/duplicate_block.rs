//! FW102: a block is there more than once.

use ruff_text_size::TextRange;

use super::{About, Rule};
use crate::diagnostic::{Diagnostic, Edit, Fix, Severity};
use crate::file::File;
use crate::layout::Problem;
use crate::pair_file::slice;

pub(super) const ABOUT: About = About {
    rule: Rule::DuplicateBlock,
    code: "FW102",
    name: "duplicate-block",
    severity: Severity::Error,
    summary: "A block is there more than once.",
    why: "Only the first block of a kind is run and archived; what stands in the second would be lost without a word.",
    fix: Some(
        "Deletes the later block where it says the same as the first. Where they differ, it is for you to choose.",
    ),
    bad: include_str!("examples/FW102-bad.py"),
    good: include_str!("examples/FW102-good.py"),
};

pub(super) fn check(file: &File<'_>, found: &mut Vec<Diagnostic>) {
    for problem in &file.layout.problems {
        let Problem::Duplicate(at) = *problem else { continue };
        let Some(block) = file.blocks.get(at) else { continue };
        let Some(first) = file.blocks.iter().find(|other| other.kind == block.kind) else { continue };
        let tag = block.kind.tag();
        let line = file.lines.line_of(first.opening.start());
        let message = format!(
            "a second {tag} block, only the first on line {line} counts: merge the two, or delete this one"
        );
        let code = |content| slice(file.text, content).map(str::trim);
        let fix = (code(block.content) == code(first.content)).then(|| {
            let start = file.lines.start_of_line(block.opening.start());
            let end =
                block.closing.map_or(block.content.end(), |closing| file.lines.next_line(closing.start()));
            Fix::safe(
                format!("Delete the second {tag} block"),
                vec![Edit::delete(TextRange::new(start, end))],
            )
        });
        found.push(Diagnostic::new(Rule::DuplicateBlock, block.opening, message).with_fix(fix));
    }
}
