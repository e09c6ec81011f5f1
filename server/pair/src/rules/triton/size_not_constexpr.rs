//! FW302: sizes of blocks that Triton refuses.

use ruff_python_ast::{self as ast, Expr};
use ruff_text_size::Ranged;

use super::{Context, severity};
use crate::diagnostic::{Diagnostic, Severity};
use crate::rules::{About, Rule};
use crate::triton::{DeviceCall, Kernel, argument};

pub(super) const ABOUT: About = About {
    rule: Rule::SizeNotConstexpr,
    code: "FW302",
    name: "size-not-constexpr",
    severity: Severity::Error,
    summary: "A size in the shape of a block is not `tl.constexpr`, or is no power of two.",
    why: "The shape of `tl.zeros`, `tl.full`, `tl.reshape`, `tl.broadcast_to` or of a descriptor's block is fixed when the \
          kernel is compiled, so each of its sizes must be `tl.constexpr` and a power of two. A parameter without the \
          annotation is a number that is known only when the kernel runs.",
    fix: Some("Annotates the parameter or the name with `tl.constexpr`, or rounds a number up."),
    bad: include_str!("../examples/FW302-bad.py"),
    good: include_str!("../examples/FW302-good.py"),
};

pub(super) fn check(context: &Context<'_, '_>, found: &mut Vec<Diagnostic>) {
    for (at, kernel) in context.kernels() {
        for call in &kernel.calls {
            let powers = !matches!(call.language, Some("make_block_ptr" | "make_tensor_descriptor"));
            for size in sizes(kernel, call) {
                let is_bad =
                    |value: i64| value < 1 && value != -1 || powers && value > 0 && value.count_ones() != 1;
                let bad = context.bad_sizes(at, size, is_bad);
                let why = match context.not_constant(kernel, size) {
                    Some((why, fix)) => {
                        let message = format!("a size of a block must be `tl.constexpr`, and {why}");
                        // A constant that Triton refuses too would be no better.
                        Some((message, size.range(), fix.filter(|_| bad.is_none())))
                    }
                    None => bad.map(|(value, place)| {
                        let message =
                            format!("a size of a block must be a power of two, and this one is {value}");
                        (message, place, context.round_up(value, place))
                    }),
                };
                if let Some((message, range, fix)) = why
                    && !found.iter().any(|other| other.range == range && other.rule == Rule::SizeNotConstexpr)
                {
                    found.push(
                        Diagnostic::new(Rule::SizeNotConstexpr, range, message)
                            .with_severity(severity(call.conditional))
                            .with_fix(fix),
                    );
                }
            }
        }
    }
}

/// The sizes that a call makes a block of.
fn sizes<'a>(kernel: &Kernel<'a>, call: &DeviceCall<'a>) -> &'a [Expr] {
    let call_ = call.call;
    let shape = match (call.language, call.method) {
        (Some("zeros" | "full"), _) | (None, Some("reshape" | "broadcast_to" | "view")) => {
            argument(call_, 0, "shape")
        }
        (Some("broadcast_to" | "reshape" | "view"), _) => argument(call_, 1, "shape"),
        (Some("make_tensor_descriptor"), _) => argument(call_, 3, "block_shape"),
        (Some("make_block_ptr"), _) => argument(call_, 4, "block_shape"),
        _ => None,
    };
    // `x.reshape(n, 1)`, `tl.reshape(x, n, 1)`.
    let from = match (call.language, call.method) {
        (None, Some("reshape" | "broadcast_to" | "view")) => Some(0),
        (Some("broadcast_to" | "reshape" | "view"), _) => Some(1),
        _ => None,
    };
    if let (Some(from), Some(Expr::Name(_) | Expr::NumberLiteral(_) | Expr::BinOp(_))) = (from, shape) {
        return call_.arguments.args.get(from..).filter(|sizes| sizes.len() > 1).unwrap_or_default();
    }
    // `shape = (n,)`, and `tl.zeros(n, …)`.
    let named = match shape {
        Some(Expr::Name(name)) => kernel.value(name.id.as_str()).or(shape),
        _ => shape,
    };
    match named {
        Some(size @ (Expr::Name(_) | Expr::BinOp(_))) if matches!(call.language, Some("zeros" | "full")) => {
            std::slice::from_ref(size)
        }
        Some(Expr::Tuple(ast::ExprTuple { elts, .. }) | Expr::List(ast::ExprList { elts, .. })) => elts,
        _ => &[],
    }
}
