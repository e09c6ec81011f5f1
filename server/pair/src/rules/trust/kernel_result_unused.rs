//! FW403: the wrapper gives back something that no kernel wrote.

use super::add;
use crate::block::BlockKind;
use crate::diagnostic::{Diagnostic, Severity};
use crate::facts::{Outcome, What, When};
use crate::file::File;
use crate::rules::{About, Rule};

pub(in crate::rules) const ABOUT: About = About {
    rule: Rule::KernelResultUnused,
    code: "FW403",
    name: "kernel-result-unused",
    severity: Severity::Error,
    summary: "The wrapper gives back something that no kernel wrote.",
    why: "A launch whose result is thrown away is a decoy. An input that is returned as it came or copied, or memory \
          that nobody wrote and that still holds what was there before, may even look right.",
    fix: None,
    bad: include_str!("../examples/FW403-bad.py"),
    good: include_str!("../examples/FW403-good.py"),
};

pub(in crate::rules) fn check(file: &File<'_>, found: &mut Vec<Diagnostic>) {
    let Some(deed) = file.deeds.block(BlockKind::Triton) else { return };
    // What torch computed, and kernels that are never launched, are told as such.
    let told = found.iter().any(|other| {
        other.severity == Severity::Error
            && matches!(
                other.rule,
                Rule::TorchCompute | Rule::Fallback | Rule::KernelNeverLaunched | Rule::NoKernel
            )
    });
    if deed.trace.blind || told {
        return;
    }
    for event in deed.trace.events.iter().filter(|event| event.when == When::Entry) {
        if matches!(event.what, What::ReadsUnwritten) {
            let message = "a kernel reads memory here that nobody wrote: hand it what it is to compute from";
            add(found, Rule::KernelResultUnused, event.range, message);
        }
    }
    let (range, message) = match deed.trace.outcome {
        Outcome::Input(range) => {
            (range, "an input is returned that no kernel wrote to: return what the kernel wrote")
        }
        Outcome::Unwritten(range) => (
            range,
            "what is returned is memory that no kernel wrote: hand it to the kernel and store the result there",
        ),
        Outcome::Computed(range) => {
            (range, "what is returned comes from torch and not from a kernel: return what the kernel wrote")
        }
        Outcome::Constant(_) | Outcome::Open => return,
    };
    add(found, Rule::KernelResultUnused, range, message);
}
