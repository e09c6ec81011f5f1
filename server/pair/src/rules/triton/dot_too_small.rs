//! FW308: a `tl.dot` of blocks below the hardware's smallest.

use ruff_python_ast::{self as ast, Expr};
use ruff_text_size::Ranged;

use super::Context;
use crate::diagnostic::{Diagnostic, Severity};
use crate::rules::{About, Rule};
use crate::triton::{Integers, Kernel, Taint, Version, argument};

pub(super) const ABOUT: About = About {
    rule: Rule::DotTooSmall,
    code: "FW308",
    name: "dot-too-small",
    severity: Severity::Error,
    summary: "A `tl.dot` multiplies blocks that are smaller than Triton can multiply.",
    why: "`tl.dot` needs an inner dimension of at least 16 for 16-bit operands (32 for 8-bit ones, 8 for float32 since Triton \
          3.9), and up to Triton 3.4 at least 16 rows and columns too. Below that the compiler refuses the kernel, which the \
          interpreter runs all the same. Take larger blocks, or multiply and sum: `tl.sum(a[:, :, None] * b[None, :, :], 1)`.",
    fix: None,
    bad: include_str!("../examples/FW308-bad.py"),
    good: include_str!("../examples/FW308-good.py"),
};

pub(super) fn check(context: &Context<'_, '_>, found: &mut Vec<Diagnostic>) {
    for (at, kernel) in context.kernels() {
        for dot in kernel.calls_of("dot") {
            let operands = (argument(dot.call, 0, "input"), argument(dot.call, 1, "other"));
            let (Some(first), Some(second)) = operands else { continue };
            let float32 = [first, second].iter().any(|one| {
                let taint = context.taints[at].value(one);
                taint.has(Taint::FLOAT32) || !taint.has(Taint::OTHER_TYPE)
            });
            for integers in &context.integers[at] {
                let (rows, inner) = shape(context, kernel, integers, first, 8);
                let (other, columns) = shape(context, kernel, integers, second, 8);
                let Some((message, severity)) =
                    fault([rows, columns], [inner, other], float32, context.file.triton)
                else {
                    continue;
                };
                let severity = if dot.conditional { Severity::Warning } else { severity };
                found.push(
                    Diagnostic::new(Rule::DotTooSmall, dot.call.range(), message).with_severity(severity),
                );
                break;
            }
        }
    }
}

fn fault(
    outer: [Option<i64>; 2],
    inner: [Option<i64>; 2],
    float32: bool,
    version: Option<Version>,
) -> Option<(String, Severity)> {
    if let Some(inner) = inner.into_iter().flatten().min().filter(|inner| *inner < 16) {
        let possible = float32 && inner == 8 && version.is_none_or(|version| version >= Version::new(3, 9));
        let message = format!(
            "`tl.dot` needs an inner dimension of at least 16, and this one has {inner}: take a larger block"
        );
        return Some((message, if possible { Severity::Warning } else { Severity::Error }));
    }
    let outer = outer.into_iter().flatten().min().filter(|outer| *outer < 16)?;
    let padded = Version::new(3, 5);
    Some(match version {
        Some(version) if version < padded => (
            format!(
                "`tl.dot` needs at least 16 rows and columns up to Triton 3.4, and one side has {outer}: take a larger block"
            ),
            Severity::Error,
        ),
        Some(_) => (
            format!(
                "`tl.dot` pads {outer} rows or columns to 16, so most of the multiplication is for nothing: take a larger block"
            ),
            Severity::Info,
        ),
        None => (
            format!(
                "`tl.dot` needs at least 16 rows and columns up to Triton 3.4, and one side has {outer}: take a larger block"
            ),
            Severity::Warning,
        ),
    })
}

/// The rows and columns of a block, where they are known.
fn shape<'a>(
    context: &Context<'_, 'a>,
    kernel: &Kernel<'a>,
    integers: &Integers<'_, 'a>,
    expression: &'a Expr,
    depth: u8,
) -> (Option<i64>, Option<i64>) {
    const UNKNOWN: (Option<i64>, Option<i64>) = (None, None);
    let Some(depth) = depth.checked_sub(1) else { return UNKNOWN };
    let of = |expression| shape(context, kernel, integers, expression, depth);
    let join = |one: (Option<i64>, Option<i64>), other: (Option<i64>, Option<i64>)| {
        // Broadcasting: 1 gives way, and what is not known may be anything.
        let side = |one: Option<i64>, other: Option<i64>| match (one, other) {
            (Some(1), other) => other,
            (one, Some(1)) => one,
            (known, None) | (None, known) => known,
            (Some(one), Some(other)) => (one == other).then_some(one),
        };
        (side(one.0, other.0), side(one.1, other.1))
    };
    match expression {
        Expr::Name(name) => kernel.value(name.id.as_str()).map_or(UNKNOWN, of),
        Expr::BinOp(binary) => join(of(&binary.left), of(&binary.right)),
        Expr::NumberLiteral(_) => (Some(1), Some(1)),
        Expr::UnaryOp(unary) => of(&unary.operand),
        Expr::Compare(compare) => {
            compare.comparators.iter().fold(of(&compare.left), |all, one| join(all, of(one)))
        }
        Expr::Subscript(subscript) => {
            let Expr::Tuple(tuple) = &*subscript.slice else { return UNKNOWN };
            let length = length(context, kernel, integers, &subscript.value, depth);
            match &tuple.elts[..] {
                [Expr::Slice(_), Expr::NoneLiteral(_)] => (length, Some(1)),
                [Expr::NoneLiteral(_), Expr::Slice(_)] => (Some(1), length),
                _ => UNKNOWN,
            }
        }
        Expr::Call(call) => match context.device.modules.language(&call.func) {
            Some("load") => argument(call, 0, "pointer").map_or(UNKNOWN, of),
            Some("zeros" | "full") => sides(integers, argument(call, 0, "shape")),
            Some("where") => call.arguments.args.iter().map(of).reduce(join).unwrap_or(UNKNOWN),
            Some("trans") if call.arguments.args.len() == 1 => {
                let (rows, columns) = of(&call.arguments.args[0]);
                (columns, rows)
            }
            Some("exp" | "exp2" | "abs" | "cast" | "sqrt" | "sigmoid") => {
                call.arguments.args.first().map_or(UNKNOWN, of)
            }
            None => match &*call.func {
                Expr::Attribute(attribute) if attribute.attr.id == "to" => of(&attribute.value),
                _ => UNKNOWN,
            },
            _ => UNKNOWN,
        },
        _ => UNKNOWN,
    }
}

fn sides<'a>(integers: &Integers<'_, 'a>, shape: Option<&'a Expr>) -> (Option<i64>, Option<i64>) {
    match shape {
        Some(Expr::Tuple(ast::ExprTuple { elts, .. }) | Expr::List(ast::ExprList { elts, .. })) => {
            match &elts[..] {
                [rows, columns] => (integers.value(rows), integers.value(columns)),
                _ => (None, None),
            }
        }
        _ => (None, None),
    }
}

/// How many elements a block of one axis has: that of the one range in it.
fn length<'a>(
    context: &Context<'_, 'a>,
    kernel: &Kernel<'a>,
    integers: &Integers<'_, 'a>,
    expression: &'a Expr,
    depth: u8,
) -> Option<i64> {
    let depth = depth.checked_sub(1)?;
    let of = |expression| length(context, kernel, integers, expression, depth);
    match expression {
        Expr::Name(name) => of(kernel.value(name.id.as_str())?),
        Expr::BinOp(binary) => of(&binary.left).or_else(|| of(&binary.right)),
        Expr::Call(call) if context.device.modules.language(&call.func) == Some("arange") => integers
            .value(argument(call, 1, "end")?)?
            .checked_sub(integers.value(argument(call, 0, "start")?)?),
        Expr::Call(call) => call.arguments.args.first().and_then(of),
        _ => None,
    }
}
