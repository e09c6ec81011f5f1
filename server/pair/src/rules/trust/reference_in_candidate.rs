//! FW412: the code reads the program that it is part of: the reference, `__main__`, its own file.

use super::{add, plain, uses};
use crate::block::BlockKind;
use crate::diagnostic::{Diagnostic, Severity};
use crate::facts::Concern;
use crate::file::File;
use crate::rules::{About, Rule};

pub(in crate::rules) const ABOUT: About = About {
    rule: Rule::ReferenceInCandidate,
    code: "FW412",
    name: "reference-in-candidate",
    severity: Severity::Error,
    summary: "The code reads the program that it is part of: the reference, `__main__`, its own file.",
    why: "A candidate that calls or reads the reference has its answer without computing it. Each block \
          stands alone.",
    fix: None,
    bad: include_str!("../examples/FW412-bad.py"),
    good: include_str!("../examples/FW412-good.py"),
};

pub(in crate::rules) fn check(file: &File<'_>, found: &mut Vec<Diagnostic>) {
    for (_, _, range, path) in uses(file, &[Concern::Program]) {
        let path = plain(path);
        let message =
            format!("`{path}` reads the program that the pair is part of: compute from the arguments alone");
        add(found, Rule::ReferenceInCandidate, range, message);
    }
    let (Some(triton), Some(Ok(entry))) = (file.section(BlockKind::Triton), &file.entry) else { return };
    let reference = entry.reference.name;
    for used in triton.names.unbound.iter().filter(|used| used.name == reference) {
        let message = format!("TRITON uses `{reference}`, which is the reference: compute it in a kernel");
        add(found, Rule::ReferenceInCandidate, used.range, message);
    }
}
