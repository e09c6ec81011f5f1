//! FW314: several launches where one kernel was asked for.

use ruff_text_size::Ranged;

use super::Context;
use crate::diagnostic::{Diagnostic, Severity};
use crate::rules::{About, Rule};
use crate::triton::Launch;

pub(super) const ABOUT: About = About {
    rule: Rule::SeveralLaunches,
    code: "FW314",
    name: "several-launches",
    severity: Severity::Info,
    summary: "The wrapper launches several kernels one after another, and the pair is to show one fused kernel.",
    why: "Each launch reads its inputs from memory and writes its results back, and costs some microseconds by itself; to save \
          that is what fusing is for. Reported on pairs that call themselves fused, for a \
          launch that always runs and works element by element on what the one before wrote. Where a result is needed in \
          whole before the next step can begin, two launches may well be right.",
    fix: None,
    bad: include_str!("../examples/FW314-bad.py"),
    good: include_str!("../examples/FW314-good.py"),
};

pub(super) fn check(context: &Context<'_, '_>, found: &mut Vec<Diagnostic>) {
    if !is_to_be_fused(context) {
        return;
    }
    let always = |launch: &&Launch<'_>| launch.branches == 0 && context.reachable.contains(&launch.function);
    let mut launches = context.device.host.launches.iter().filter(always);
    let Some(first) = launches.next() else { return };
    // The passes of an autograd function are run one at a time.
    let same = |launch: &&Launch<'_>| launch.function == first.function;
    let mut before = first;
    for (launch, count) in launches.filter(same).zip(2..) {
        if !is_epilogue(context, before, launch) {
            before = launch;
            continue;
        }
        before = launch;
        let name = launch.kernel.map_or("a kernel", |at| context.device.kernels[at].name);
        let message = format!(
            "this is launch {count} of a call, `{name}`: what the launches pass on goes through memory, so fuse them into one \
             kernel if you can"
        );
        found.push(Diagnostic::new(Rule::SeveralLaunches, launch.call.func.range(), message));
    }
}

/// Whether a launch could be the end of the one before: it mixes no elements, and what it takes is ready when a program of
/// the one before is.
fn is_epilogue(context: &Context<'_, '_>, before: &Launch<'_>, launch: &Launch<'_>) -> bool {
    let (Some(first), Some(second)) = (before.kernel, launch.kernel) else { return false };
    let calls = |at: usize, names: &[&str]| {
        let mut calls = context.device.kernels[at].calls.iter();
        calls.any(|call| call.language.or(call.method).is_some_and(|name| names.contains(&name)))
    };
    let same_grid = context.text(before.grid) == context.text(launch.grid);
    !calls(second, REDUCTIONS)
        && !calls(second, &["dot", "dot_scaled"])
        && !calls(first, ATOMICS)
        && !calls(second, ATOMICS)
        && (same_grid || !calls(first, REDUCTIONS))
}

const REDUCTIONS: &[&str] = &[
    "argmax",
    "argmin",
    "associative_scan",
    "cumprod",
    "cumsum",
    "histogram",
    "max",
    "min",
    "reduce",
    "softmax",
    "sort",
    "sum",
    "topk",
    "xor_sum",
];

const ATOMICS: &[&str] = &["atomic_add", "atomic_cas", "atomic_max", "atomic_min", "atomic_xchg"];

/// Whether the pair says that it fuses.
fn is_to_be_fused(context: &Context<'_, '_>) -> bool {
    let title =
        context.file.docstring.is_some_and(|(text, _)| text.trim_start().starts_with("Fused Kernels:"));
    let name = match &context.file.entry {
        Some(Ok(entry)) => entry.candidate.name.contains("fused"),
        _ => false,
    };
    title || name
}
