//! FW401: tRITON computes with torch, or with another library, what its kernel is to compute.

use ruff_text_size::TextRange;

use super::fallback::is_fallback;
use super::{add, plain, quote, uses};
use crate::block::BlockKind;
use crate::diagnostic::{Diagnostic, Severity};
use crate::facts::{Concern, Deed, How, What, When};
use crate::file::File;
use crate::rules::{About, Rule};

pub(in crate::rules) const ABOUT: About = About {
    rule: Rule::TorchCompute,
    code: "FW401",
    name: "torch-compute",
    severity: Severity::Error,
    summary: "TRITON computes with torch, or with another library, what its kernel is to compute.",
    why: "The candidate is to show that a Triton kernel does the work. What torch, cuBLAS, a layer or \
          another library computes on the inputs or on what a kernel left is not the kernel's work, \
          however it is spelled. Allocating, viewing, casting and moving tensors, computing with sizes and \
          indices, and adding up the partial results of a reduction are what wrappers do, and are left \
          alone.",
    fix: None,
    bad: include_str!("../examples/FW401-bad.py"),
    good: include_str!("../examples/FW401-good.py"),
};

pub(in crate::rules) fn check(file: &File<'_>, found: &mut Vec<Diagnostic>) {
    let Some(deed) = file.deeds.block(BlockKind::Triton) else { return };
    for event in deed.trace.events.iter().filter(|event| event.when == When::Entry) {
        if is_fallback(&deed.trace, event) {
            continue;
        }
        let message = match event.what {
            What::Compute { how } => {
                format!(
                    "{} computes in place of a kernel: compute it in the kernel",
                    named(file, deed, event.range, how)
                )
            }
            What::Trip(name) => {
                format!(
                    "`{name}` takes a tensor's numbers to the host, where no kernel computes: keep them on the GPU"
                )
            }
            What::Opaque => {
                "a function of torch whose name is put together at run time computes on tensors: \
                                compute it in the kernel"
                    .to_owned()
            }
            _ => continue,
        };
        add(found, Rule::TorchCompute, event.range, message);
    }
    for (kind, when, range, path) in uses(file, &[Concern::Compute]) {
        let told = found.iter().any(|other| {
            matches!(other.rule, Rule::TorchCompute | Rule::Fallback)
                && (other.range.contains_range(range) || range.contains_range(other.range))
        });
        if kind == BlockKind::Triton && when != When::Elsewhere && !told {
            let message =
                format!("`{path}` computes with something else than this pair's kernel: launch the kernel");
            add(found, Rule::TorchCompute, range, message);
        }
    }
}

/// How a message names what computes.
pub(super) fn named(file: &File<'_>, deed: &Deed<'_>, range: TextRange, how: How<'_>) -> String {
    match how {
        How::Operator(operator) => format!("`{operator}` on tensors (`{}`)", quote(file, range)),
        How::Function(path) => format!("`{}`", plain(deed.path(path))),
        How::Method(name) => format!("the method `{name}` of a tensor"),
    }
}
