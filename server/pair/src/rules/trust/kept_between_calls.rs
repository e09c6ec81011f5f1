//! FW410: the candidate keeps tensors, results or a count of its calls for the next call, or the reference counts its own.

use super::{add, events, uses};
use crate::block::BlockKind;
use crate::diagnostic::{Diagnostic, Severity};
use crate::facts::{Concern, Kept, What, When};
use crate::file::File;
use crate::rules::{About, Rule};

pub(in crate::rules) const ABOUT: About = About {
    rule: Rule::KeptBetweenCalls,
    code: "FW410",
    name: "kept-between-calls",
    severity: Severity::Error,
    summary: "The candidate keeps tensors, results or a count of its calls for the next call, or the reference counts its own.",
    why: "A call that gives what an earlier one computed does not compute. Results are kept in globals, \
          defaults, closures, attributes of functions and classes, or by `lru_cache`, and found again by \
          the identity of an argument; a count of calls tells the measured ones from the others. Settings, \
          compiled kernels and properties of the device may be kept.",
    fix: None,
    bad: include_str!("../examples/FW410-bad.py"),
    good: include_str!("../examples/FW410-good.py"),
};

pub(in crate::rules) fn check(file: &File<'_>, found: &mut Vec<Diagnostic>) {
    for event in events(file, BlockKind::Triton) {
        let (What::Keep(kept), When::Entry) = (event.what, event.when) else { continue };
        let message = match kept {
            Kept::Tensor => "a tensor is kept for the next call: make what is returned anew in each call",
            Kept::Count => {
                "calls are counted, so that later ones can differ: compute the same way in each call"
            }
            Kept::ByIdentity => {
                "what was kept is found again by an object's identity, whatever it holds by now: compute in each call"
            }
            Kept::Results => "results are kept by a cache: compute in each call",
        };
        add(found, Rule::KeptBetweenCalls, event.range, message);
    }
    // A reference that counts its calls may be slow, or another one, from the first timed call on.
    for event in events(file, BlockKind::Python) {
        if let (What::Keep(Kept::Count), When::Entry) = (event.what, event.when) {
            let message = "the reference counts its calls, so that later ones can differ: compute the same way in each call";
            add(found, Rule::KeptBetweenCalls, event.range, message);
        }
    }
    for (kind, _, range, path) in uses(file, &[Concern::Cache]) {
        if kind == BlockKind::Triton {
            let message = format!("`{path}` keeps track of objects between calls: compute in each call");
            add(found, Rule::KeptBetweenCalls, range, message);
        }
    }
}
