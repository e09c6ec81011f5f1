//! FW415: the result, or its shape, is written into the candidate.

use super::add;
use crate::block::BlockKind;
use crate::diagnostic::{Diagnostic, Severity};
use crate::facts::{Outcome, What, When};
use crate::file::File;
use crate::rules::{About, Rule};

pub(in crate::rules) const ABOUT: About = About {
    rule: Rule::HardCodedResult,
    code: "FW415",
    name: "hard-coded-result",
    severity: Severity::Error,
    summary: "The result, or its shape, is written into the candidate.",
    why: "A result that is made without the inputs is right for one task at most, whose result happens to \
          be constant. A shape that is written out makes the candidate right for one size alone; that is a \
          warning. Take sizes from the inputs.",
    fix: None,
    bad: include_str!("../examples/FW415-bad.py"),
    good: include_str!("../examples/FW415-good.py"),
};

pub(in crate::rules) fn check(file: &File<'_>, found: &mut Vec<Diagnostic>) {
    let Some(deed) = file.deeds.block(BlockKind::Triton) else { return };
    if let (Outcome::Constant(range), false) = (deed.trace.outcome, deed.trace.blind) {
        let message = "what is returned is a constant that no kernel wrote to: compute it from the inputs";
        add(found, Rule::HardCodedResult, range, message);
    }
    for event in &deed.trace.events {
        if let (What::Shape, When::Entry) = (event.what, event.when) {
            let message = "the shape of the result is written out here: take it from the inputs";
            let mut diagnostic = Diagnostic::new(Rule::HardCodedResult, event.range, message);
            diagnostic.severity = Severity::Warning;
            found.push(diagnostic);
        }
    }
}
