//! FW202: several functions to compare.

use super::{About, Rule};
use crate::block::BlockKind;
use crate::diagnostic::{Diagnostic, Severity};
use crate::entry::NotFound;
use crate::file::File;

pub(super) const ABOUT: About = About {
    rule: Rule::AmbiguousEntryPoint,
    code: "FW202",
    name: "ambiguous-entry-point",
    severity: Severity::Error,
    summary: "Several pairs of functions could be the ones to compare.",
    why: "A verdict is about one reference and one candidate. Which they are follows from their names, from what calls \
          what, and from the call of `test_performance`; here that leaves several.",
    fix: None,
    bad: include_str!("examples/FW202-bad.py"),
    good: include_str!("examples/FW202-good.py"),
};

pub(super) fn check(file: &File<'_>, found: &mut Vec<Diagnostic>) {
    let Some(Err(NotFound::Ambiguous(pairs, range))) = &file.entry else { return };
    if file.sound(BlockKind::Python).is_none() || file.sound(BlockKind::Triton).is_none() {
        return;
    }
    let names = pairs.iter().map(|(reference, candidate)| {
        if reference == candidate {
            format!("`{reference}`")
        } else {
            format!("`{reference}` with `{candidate}`")
        }
    });
    let names = names.collect::<Vec<_>>().join(", or ");
    let message = format!(
        "which functions are compared is not clear: {names}; keep one pair, or name the helpers otherwise"
    );
    found.push(Diagnostic::new(Rule::AmbiguousEntryPoint, *range, message));
}
