//! FW104: a block lacks its closing marker.

use super::{About, Rule};
use crate::diagnostic::{Diagnostic, Edit, Fix, Severity};
use crate::file::File;
use crate::layout::Problem;

pub(super) const ABOUT: About = About {
    rule: Rule::UnclosedBlock,
    code: "FW104",
    name: "unclosed-block",
    severity: Severity::Error,
    summary: "A block has no closing marker although other blocks have theirs.",
    why: "In the closed style a block ends at its closing marker. Without it, nobody can tell where the block's code \
          ends and the file's own begins. (A file without any closing marker is in the open style, which is fine.)",
    fix: Some("Adds the closing marker at the end of the block."),
    bad: include_str!("examples/FW104-bad.py"),
    good: include_str!("examples/FW104-good.py"),
};

pub(super) fn check(file: &File<'_>, found: &mut Vec<Diagnostic>) {
    for problem in &file.layout.problems {
        let Problem::Unclosed(at) = *problem else { continue };
        let Some(block) = file.blocks.get(at) else { continue };
        let marker = block.kind.closing_marker();
        let end = block.content.end();
        let place = if end < file.end() {
            format!("before line {}", file.lines.line_of(end))
        } else {
            "at the end of the file".to_owned()
        };
        let message = format!("the {} block is not closed: add `{marker}` {place}", block.kind.tag());
        let newline = file.newline;
        let after = if end < file.end() { newline } else { "" };
        let text = format!("{}{marker}{newline}{after}", file.line_end_before(end));
        let fix = Fix::safe(format!("Add `{marker}`"), vec![Edit::insert(end, text)]);
        found.push(Diagnostic::new(Rule::UnclosedBlock, block.opening, message).with_fix(Some(fix)));
    }
}
