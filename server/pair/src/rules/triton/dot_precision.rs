//! FW307: a `tl.dot` of float32 that leaves its precision open.

use ruff_text_size::Ranged;

use super::Context;
use crate::block::BlockKind;
use crate::diagnostic::{Diagnostic, Edit, Fix, Severity};
use crate::pair_file::slice;
use crate::rules::{About, Rule};
use crate::triton::{Taint, argument, keyword, spreads};

pub(super) const ABOUT: About = About {
    rule: Rule::DotPrecision,
    code: "FW307",
    name: "dot-precision",
    severity: Severity::Warning,
    summary: "A `tl.dot` of float32 blocks does not say how exactly it is to multiply.",
    why: "By default `tl.dot` rounds float32 operands to TF32, which keeps 10 bits of the fraction: errors of about 1e-3, \
          where PyTorch's matmul of float32 has 1e-6, so the result is judged wrong. `input_precision=\"ieee\"` is exact; \
          `\"tf32x3\"` is nearly so, and faster; `\"tf32\"` says that the loss is meant. Reported where the operands are \
          float32 for certain: cast to it, or loaded while TEST makes float32 inputs alone.",
    fix: Some("Adds `input_precision=\"ieee\"`."),
    bad: include_str!("../examples/FW307-bad.py"),
    good: include_str!("../examples/FW307-good.py"),
};

pub(super) fn check(context: &Context<'_, '_>, found: &mut Vec<Diagnostic>) {
    let inputs = inputs_are_float32(context);
    for (at, kernel) in context.kernels() {
        for dot in kernel.calls_of("dot") {
            let call = dot.call;
            if spreads(call)
                || call.arguments.args.len() > 3
                || keyword(call, "input_precision").is_some()
                || keyword(call, "allow_tf32").is_some()
            {
                continue;
            }
            let float32 =
                [argument(call, 0, "input"), argument(call, 1, "other")].into_iter().all(|operand| {
                    let Some(operand) = operand else { return false };
                    let taint = context.taints[at].value(operand);
                    !taint.has(Taint::OTHER_TYPE)
                        && (taint.has(Taint::FLOAT32) || inputs && taint.has(Taint::LOADED))
                        && (inputs || !taint.has(Taint::STRANGE))
                });
            if !float32 {
                continue;
            }
            let end = call
                .arguments
                .keywords
                .last()
                .map(Ranged::end)
                .max(call.arguments.args.last().map(Ranged::end));
            let fix = end.map(|end| {
                Fix::unsafe_(
                    "Pass `input_precision=\"ieee\"`",
                    vec![Edit::insert(end, ", input_precision=\"ieee\"")],
                )
            });
            let message = "`tl.dot` rounds float32 to TF32 unless told otherwise: pass `input_precision=\"ieee\"`, or \
                           `\"tf32\"` if that is meant";
            found.push(Diagnostic::new(Rule::DotPrecision, call.range(), message).with_fix(fix));
        }
    }
}

/// Whether TEST makes float32 tensors and none of another floating type.
fn inputs_are_float32(context: &Context<'_, '_>) -> bool {
    let code = |kind| {
        context
            .file
            .section(kind)
            .and_then(|section| slice(context.file.text, section.block.content))
            .unwrap_or_default()
    };
    let main = context.file.main.and_then(|range| slice(context.file.text, range)).unwrap_or_default();
    let texts = [code(BlockKind::Test), main];
    let has = |words: &[&str]| texts.iter().any(|text| words.iter().any(|word| text.contains(word)));
    has(&["torch.randn(", "torch.rand("])
        && !has(&[
            "half",
            "float16",
            "float8",
            "float64",
            "double",
            "set_default_dtype",
            "dtype=dtype",
            ".to(dtype",
            "int8",
        ])
}
