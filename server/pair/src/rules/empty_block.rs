//! FW107: a block without code.

use super::{About, Rule};
use crate::block::BlockKind;
use crate::diagnostic::{Diagnostic, Severity};
use crate::file::File;

pub(super) const ABOUT: About = About {
    rule: Rule::EmptyBlock,
    code: "FW107",
    name: "empty-block",
    severity: Severity::Error,
    summary: "A block has no code: nothing but comments, strings, `pass` or `...` stands in it.",
    why: "There is nothing to run or to archive.",
    fix: None,
    bad: include_str!("examples/FW107-bad.py"),
    good: include_str!("examples/FW107-good.py"),
};

pub(super) fn check(file: &File<'_>, found: &mut Vec<Diagnostic>) {
    for (block, empty) in file.blocks.iter().zip(&file.empty) {
        if !empty {
            continue;
        }
        let wanted = match block.kind {
            BlockKind::Python => "write the PyTorch function below its marker",
            BlockKind::Triton => "write the kernel and the function that launches it below its marker",
            BlockKind::Test => "write `get_test_inputs()` below its marker",
        };
        let message = format!("the {} block is empty: {wanted}", block.kind.tag());
        found.push(Diagnostic::new(Rule::EmptyBlock, block.opening, message));
    }
}
