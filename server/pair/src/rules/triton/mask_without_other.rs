//! FW304: lanes outside of a mask that reach the result.

use ruff_python_ast::{self as ast, Expr, Number};
use ruff_text_size::Ranged;

use super::Context;
use crate::diagnostic::{Diagnostic, Edit, Fix, Severity};
use crate::rules::{About, Rule};
use crate::triton::{DeviceCall, argument, keyword};

pub(super) const ABOUT: About = About {
    rule: Rule::MaskWithoutOther,
    code: "FW304",
    name: "mask-without-other",
    severity: Severity::Warning,
    summary: "A masked load has no `other`, and a reduction takes in what it gives.",
    why: "Where the mask is false, `tl.load` without `other` gives anything at all. An elementwise result is masked again \
          when it is stored, but `tl.sum`, `tl.max`, `tl.dot`, a softmax or a scan in reverse mixes the lanes: one that \
          holds garbage spoils the good ones. Give what leaves the reduction alone: 0 for a sum and a product of matrices, minus \
          infinity for a maximum and for what goes through `tl.exp`. Values that go through `tl.where` first are left \
          alone, and so are masks along another axis than the reduction's, and scans from the first lane to the last.",
    fix: Some("Adds the `other` that leaves the reduction alone."),
    bad: include_str!("../examples/FW304-bad.py"),
    good: include_str!("../examples/FW304-good.py"),
};

/// What mixes the lanes of a block.
const REDUCTIONS: &[&str] = &[
    "argmax",
    "argmin",
    "associative_scan",
    "cumprod",
    "cumsum",
    "dot",
    "dot_scaled",
    "max",
    "min",
    "reduce",
    "softmax",
    "sort",
    "sum",
    "topk",
    "xor_sum",
];

pub(super) fn check(context: &Context<'_, '_>, found: &mut Vec<Diagnostic>) {
    for (at, kernel) in context.kernels() {
        let taints = &context.taints[at];
        // By load: the first reduction that takes it in.
        let mut spoilt: Vec<(usize, &str)> = Vec::new();
        for reduction in &kernel.calls {
            let Some((name, operands)) = operands(reduction) else { continue };
            for (operand, axes) in operands {
                let [first, second] = taints.value(operand).loads;
                let mut loads =
                    if axes & 1 != 0 { first } else { 0 } | if axes & 2 != 0 { second } else { 0 };
                while loads != 0 {
                    let load = loads.trailing_zeros() as usize;
                    loads &= loads - 1;
                    match spoilt.iter_mut().find(|(known, _)| *known == load) {
                        // A maximum decides what is to be given.
                        Some(known) if matches!(name, "max" | "argmax" | "softmax") => known.1 = name,
                        Some(_) => {}
                        None => spoilt.push((load, name)),
                    }
                }
            }
        }
        for call in kernel.calls_of("load") {
            let Some((_, name)) =
                spoilt.iter().find(|(load, _)| taints.place_of(call.call) == Some(*load)).copied()
            else {
                continue;
            };
            let other = match name {
                "max" | "argmax" | "softmax" => "float(\"-inf\")",
                "min" | "argmin" | "sort" | "topk" => "float(\"inf\")",
                "cumprod" => "1.0",
                _ => "0.0",
            };
            let message = format!(
                "lanes outside of the mask hold anything, and `tl.{name}` takes them in: pass `other={other}`"
            );
            let fix = call
                .call
                .arguments
                .args
                .last()
                .map(Ranged::end)
                .max(call.call.arguments.keywords.last().map(Ranged::end));
            let fix = fix.map(|end| {
                let edits = vec![Edit::insert(end, format!(", other={other}"))];
                Fix::unsafe_(format!("Pass `other={other}`"), edits)
            });
            found.push(Diagnostic::new(Rule::MaskWithoutOther, call.call.range(), message).with_fix(fix));
        }
    }
}

/// Whether a scan runs from the first lane to the last: what lies behind the end reaches nothing before it.
fn is_forward_scan(name: &str, call: &ast::ExprCall) -> bool {
    matches!(name, "cumsum" | "cumprod" | "associative_scan")
        && keyword(call, "reverse").is_none_or(|reverse| {
            matches!(reverse, Expr::BooleanLiteral(ast::ExprBooleanLiteral { value: false, .. }))
        })
}

/// What a reduction takes in, and the axes that it mixes.
fn operands<'a>(call: &DeviceCall<'a>) -> Option<(&'a str, Vec<(&'a Expr, u8)>)> {
    let name = call.language.or(call.method).filter(|name| REDUCTIONS.binary_search(name).is_ok())?;
    if is_forward_scan(name, call.call) {
        return None;
    }
    let (operand, place) = match (call.language, &*call.call.func) {
        (Some(_), _) => (argument(call.call, 0, "input").or_else(|| argument(call.call, 0, "x"))?, 1),
        (None, Expr::Attribute(attribute)) => (&*attribute.value, 0),
        _ => return None,
    };
    if matches!(name, "dot" | "dot_scaled") {
        let other = argument(call.call, place, "other")?;
        // The rows of the first and the columns of the second stay apart.
        return Some((name, vec![(operand, 2), (other, 1)]));
    }
    let axis = argument(call.call, place, "axis").or_else(|| argument(call.call, place, "dim"));
    let mixed = match axis {
        Some(Expr::NumberLiteral(ast::ExprNumberLiteral { value: Number::Int(axis), .. })) => {
            axis.as_u8().map_or(0xff, |axis| 1 << axis.min(7))
        }
        _ => 0xff,
    };
    Some((name, vec![(operand, mixed)]))
}
