//! FW407: work is started where a clock or a check does not see it: threads, processes, coroutines, side streams, graphs.

use super::{add, deeds, plain, uses};
use crate::block::BlockKind;
use crate::diagnostic::{Diagnostic, Severity};
use crate::facts::{Concern, What};
use crate::file::File;
use crate::rules::{About, Rule};

pub(in crate::rules) const ABOUT: About = About {
    rule: Rule::WorkOutOfSight,
    code: "FW407",
    name: "work-out-of-sight",
    severity: Severity::Error,
    summary: "Work is started where a clock or a check does not see it: threads, processes, coroutines, side streams, graphs.",
    why: "The time of a call is what passes on its own stream, in its own thread. Work that another thread \
          or stream does, or that a captured graph replays on what its inputs held before, is not \
          measured, and need not be done when the result is compared. TEST may time with events by hand.",
    fix: None,
    bad: include_str!("../examples/FW407-bad.py"),
    good: include_str!("../examples/FW407-good.py"),
};

pub(in crate::rules) fn check(file: &File<'_>, found: &mut Vec<Diagnostic>) {
    for (kind, _, range, path) in uses(file, &[Concern::OutOfSight, Concern::Timing]) {
        // TEST may measure by hand.
        if kind == BlockKind::Test && path.starts_with("torch.") && !path.contains("multiprocessing") {
            continue;
        }
        let path = plain(path);
        let message = format!(
            "`{path}` lets work happen out of sight: launch on the current stream, in the calling thread"
        );
        add(found, Rule::WorkOutOfSight, range, message);
    }
    for (_, deed) in deeds(file) {
        for event in &deed.trace.events {
            if matches!(event.what, What::Async) {
                let message = "a coroutine runs when something else decides: write a plain function";
                add(found, Rule::WorkOutOfSight, event.range, message);
            }
        }
    }
}
