//! FW414: tRITON computes in 16 bits or in TF32 what the reference computes in 32.

use super::{add, quote};
use crate::block::BlockKind;
use crate::diagnostic::{Diagnostic, Severity};
use crate::facts::{Kind, What, When};
use crate::file::File;
use crate::pair_file::slice;
use crate::rules::{About, Rule};

pub(in crate::rules) const ABOUT: About = About {
    rule: Rule::LoweredPrecision,
    code: "FW414",
    name: "lowered-precision",
    severity: Severity::Warning,
    summary: "TRITON computes in 16 bits or in TF32 what the reference computes in 32.",
    why: "Fewer bits are faster, so the two sides are no longer the same work. Where the inputs and the \
          reference are float32, keep float32, with `input_precision='ieee'` for `tl.dot`; or have the \
          reference say that fewer bits are meant.",
    fix: None,
    bad: include_str!("../examples/FW414-bad.py"),
    good: include_str!("../examples/FW414-good.py"),
};

pub(in crate::rules) fn check(file: &File<'_>, found: &mut Vec<Diagnostic>) {
    let Some(deed) = file.deeds.block(BlockKind::Triton) else { return };
    let inputs = &file.deeds.inputs;
    if inputs.is_empty() || inputs.iter().any(|input| matches!(input.kind, Kind::Half | Kind::Unknown)) {
        return;
    }
    let reference = file.section(BlockKind::Python).and_then(|python| slice(file.text, python.block.content));
    let means_it = |code: &str| {
        ["half", "float16", "float8", "int8", "tf32", "fp8", "quant"].iter().any(|word| code.contains(word))
    };
    if reference.is_none_or(means_it) {
        return;
    }
    let wrapper = deed.trace.events.iter().filter_map(|event| match (event.what, event.when) {
        (What::Lower, When::Entry) => Some(event.range),
        _ => None,
    });
    let kernels = deed.trace.kernels.iter().filter(|kernel| kernel.launched || kernel.called);
    for range in wrapper.chain(kernels.flat_map(|kernel| kernel.lowered.iter().copied())) {
        let message = format!(
            "`{}` is less precise than the float32 reference: keep 32 bits, or have the reference say that fewer are meant",
            quote(file, range)
        );
        add(found, Rule::LoweredPrecision, range, message);
    }
}
