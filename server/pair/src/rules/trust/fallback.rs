//! FW404: where the kernel fails or a condition holds, something else computes in its place.

use super::add;
use super::torch_compute::named;
use crate::block::BlockKind;
use crate::diagnostic::{Diagnostic, Severity};
use crate::facts::{ArmKind, Event, Trace, What, When};
use crate::file::File;
use crate::rules::{About, Rule};

pub(in crate::rules) const ABOUT: About = About {
    rule: Rule::Fallback,
    code: "FW404",
    name: "fallback",
    severity: Severity::Error,
    summary: "Where the kernel fails or a condition holds, something else computes in its place.",
    why: "With a fallback the pair is right even if the kernel is wrong, or never runs. An `except` around \
          a launch that goes on without one hides its failure; a branch that computes with torch and skips \
          the kernel makes the kernel optional. Raise an error for what the kernel does not handle.",
    fix: None,
    bad: include_str!("../examples/FW404-bad.py"),
    good: include_str!("../examples/FW404-good.py"),
};

pub(in crate::rules) fn check(file: &File<'_>, found: &mut Vec<Diagnostic>) {
    let Some(deed) = file.deeds.block(BlockKind::Triton) else { return };
    for event in deed.trace.events.iter().filter(|event| event.when == When::Entry) {
        let message = match event.what {
            What::Compute { how } if is_fallback(&deed.trace, event) => format!(
                "{} computes here where the kernel is skipped: launch a kernel, or raise an error for what it does not \
                 handle",
                named(file, deed, event.range, how)
            ),
            What::Opaque if is_fallback(&deed.trace, event) => {
                "torch computes here where the kernel is skipped: launch a kernel, or raise an error"
                    .to_owned()
            }
            What::Swallow => {
                "this hides that a launch failed: let the error out, or launch a kernel that works".to_owned()
            }
            _ => continue,
        };
        add(found, Rule::Fallback, event.range, message);
    }
}

/// Whether something is computed in a branch that the kernel is skipped in.
pub(super) fn is_fallback(trace: &Trace<'_>, event: &Event<'_>) -> bool {
    let launches = trace.arms.first().is_some_and(|arm| arm.launches);
    launches
        && trace.arms_of(event).any(|(at, arm)| {
            let other_branch_launches = || {
                trace.arms.iter().enumerate().any(|(other, candidate)| {
                    other != at as usize
                        && (candidate.statement, candidate.parent) == (arm.statement, arm.parent)
                        && candidate.launches
                })
            };
            let around_launches =
                || trace.arms.get(arm.parent as usize).is_some_and(|around| around.launches);
            !arm.launches
                && match arm.kind {
                    ArmKind::Except => true,
                    ArmKind::If => other_branch_launches() || arm.leaves && around_launches(),
                    _ => false,
                }
        })
}
