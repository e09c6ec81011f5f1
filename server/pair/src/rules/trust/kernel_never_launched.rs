//! FW402: a kernel is defined, and no way from the wrapper launches it.

use ruff_text_size::TextRange;

use super::add;
use crate::block::BlockKind;
use crate::diagnostic::{Diagnostic, Severity};
use crate::facts::{ArmKind, Trace, What, When};
use crate::file::File;
use crate::rules::{About, Rule};

pub(in crate::rules) const ABOUT: About = About {
    rule: Rule::KernelNeverLaunched,
    code: "FW402",
    name: "kernel-never-launched",
    severity: Severity::Error,
    summary: "A kernel is defined, and no way from the wrapper launches it.",
    why: "A kernel that is never launched proves nothing: the result comes from elsewhere. Launches are \
          followed through helpers, aliases, tables, `functools.partial` and `autograd.Function`; a grid \
          of no programs, and code that is never reached, launch nothing. Where another kernel is \
          launched, the one that is not is a warning: it may be left over.",
    fix: None,
    bad: include_str!("../examples/FW402-bad.py"),
    good: include_str!("../examples/FW402-good.py"),
};

pub(in crate::rules) fn check(file: &File<'_>, found: &mut Vec<Diagnostic>) {
    let Some(deed) = file.deeds.block(BlockKind::Triton) else { return };
    let Some(Ok(entry)) = &file.entry else { return };
    let trace = &deed.trace;
    let wrapper = entry.candidate.name;
    let others = trace.may_launch();
    if let Some(range) = only_after_failing(trace) {
        let message = format!(
            "the only launch stands in `except`, where `{wrapper}` comes when something fails: launch on the way to the result"
        );
        add(found, Rule::KernelNeverLaunched, range, message);
    }
    for kernel in trace.kernels.iter().filter(|kernel| !(kernel.launched || kernel.lost || kernel.called)) {
        let name = kernel.name;
        if let Some(grid) = kernel.empty_grid {
            let message = format!(
                "this grid has no programs, so `{name}` never runs: launch as many as the output needs"
            );
            add(found, Rule::KernelNeverLaunched, grid, message);
            continue;
        }
        // Where the wrapper calls what cannot be followed, a launch may hide behind it.
        if kernel.launched_elsewhere && others || trace.blind {
            continue;
        }
        let message = if kernel.launched_elsewhere {
            format!(
                "`{name}` is launched only where `{wrapper}` never comes: launch it on the way to the result"
            )
        } else {
            format!("the kernel `{name}` is never launched: launch it from `{wrapper}`, or remove it")
        };
        let mut diagnostic = Diagnostic::new(Rule::KernelNeverLaunched, kernel.name_range, message);
        if others {
            diagnostic.severity = Severity::Warning;
        }
        found.push(diagnostic);
    }
}

/// The first launch, where each stands in an `except`, so that none happens unless something goes wrong.
fn only_after_failing(trace: &Trace<'_>) -> Option<TextRange> {
    let mut first = None;
    for event in trace.events.iter().filter(|event| matches!(event.what, What::Launch)) {
        if event.when != When::Entry || !trace.arms_of(event).any(|(_, arm)| arm.kind == ArmKind::Except) {
            return None;
        }
        first = first.or(Some(event.range));
    }
    first.filter(|_| !trace.blind)
}
