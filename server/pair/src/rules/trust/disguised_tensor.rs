//! FW413: a tensor or an operator is made to do something else than torch's own.

use ruff_text_size::TextRange;

use super::{add, deeds, uses};
use crate::diagnostic::{Diagnostic, Severity};
use crate::facts::{Concern, What};
use crate::file::File;
use crate::rules::{About, Rule};

pub(in crate::rules) const ABOUT: About = About {
    rule: Rule::DisguisedTensor,
    code: "FW413",
    name: "disguised-tensor",
    severity: Severity::Error,
    summary: "A tensor or an operator is made to do something else than torch's own.",
    why: "A subclass of tensor, a `__torch_function__`, a method that is hung on one tensor or an operator \
          that is registered anew computes when the result is looked at, not when it is measured, or \
          answers the comparison itself. Return a plain tensor.",
    fix: None,
    bad: include_str!("../examples/FW413-bad.py"),
    good: include_str!("../examples/FW413-good.py"),
};

pub(in crate::rules) fn check(file: &File<'_>, found: &mut Vec<Diagnostic>) {
    for (_, deed) in deeds(file) {
        for event in &deed.trace.events {
            let message = match event.what {
                What::Disguise(name) => {
                    format!("`{name}` changes what tensors or operators do: return a plain tensor")
                }
                What::Hang(name) => format!("`{name}` is hung on a tensor: return a plain tensor"),
                _ => continue,
            };
            add(found, Rule::DisguisedTensor, event.range, message);
        }
    }
    for (_, _, range, path) in uses(file, &[Concern::Disguise]) {
        let line = |range: TextRange| file.lines.line_of(range.start());
        let told =
            found.iter().any(|other| other.rule == Rule::DisguisedTensor && line(other.range) == line(range));
        if !told {
            let message = format!("`{path}` changes what torch's operators do: return a plain tensor");
            add(found, Rule::DisguisedTensor, range, message);
        }
    }
}
