//! FW301: bounds of `tl.arange` that Triton refuses.

use ruff_python_ast::{Expr, Number};
use ruff_text_size::Ranged;

use super::{Context, severity};
use crate::diagnostic::{Diagnostic, Edit, Fix, Severity};
use crate::rules::{About, Rule};
use crate::triton::{Integers, argument, spreads};

pub(super) const ABOUT: About = About {
    rule: Rule::ArangeBounds,
    code: "FW301",
    name: "arange-bounds",
    severity: Severity::Error,
    summary: "The bounds of `tl.arange` are no constants, or their distance is no power of two.",
    why: "`tl.arange` makes a block, and a block's size is fixed when the kernel is compiled: both bounds must be \
          `tl.constexpr`, the end above the start, and their distance a power of two up to 1048576. A number that is \
          assigned to a plain name inside of the kernel becomes a tensor, so it is no constant either. Triton's \
          interpreter lets all of this through; its compiler does not. Take the next power of two and mask what is too \
          much.",
    fix: Some("Annotates the parameter or the name with `tl.constexpr`, or rounds a number up."),
    bad: include_str!("../examples/FW301-bad.py"),
    good: include_str!("../examples/FW301-good.py"),
};

/// The most elements that a block can have.
const MOST: i64 = 1 << 20;

pub(super) fn check(context: &Context<'_, '_>, found: &mut Vec<Diagnostic>) {
    for (at, kernel) in context.kernels() {
        for arange in kernel.calls_of("arange") {
            let call = arange.call;
            if spreads(call) {
                continue;
            }
            // A constant that Triton refuses too would be no better.
            let bad = |size: i64| size <= 0 || size.count_ones() != 1 || size > MOST;
            let bounds = (argument(call, 0, "start"), argument(call, 1, "end"));
            let (Some(start), Some(end)) = bounds else {
                let values =
                    |end| context.integers[at].iter().filter_map(move |integers| integers.value(end));
                let fix = match &*call.arguments.args {
                    [end]
                        if call.arguments.keywords.is_empty()
                            && !is_float(end)
                            && context.not_constant(kernel, end).is_none()
                            && !values(end).any(bad) =>
                    {
                        Some(Fix::safe("Begin at 0", vec![Edit::insert(end.start(), "0, ")]))
                    }
                    _ => None,
                };
                let message = "`tl.arange` takes a start and an end: write `tl.arange(0, …)`";
                found.push(
                    Diagnostic::new(Rule::ArangeBounds, call.range(), message)
                        .with_severity(severity(arange.conditional))
                        .with_fix(fix),
                );
                continue;
            };
            if let Some(bound) = [start, end].into_iter().find(|bound| is_float(bound)) {
                let message = "a bound of `tl.arange` must be a whole number: write it without a point";
                found.push(
                    Diagnostic::new(Rule::ArangeBounds, bound.range(), message)
                        .with_severity(severity(arange.conditional)),
                );
                continue;
            }
            let distance =
                |integers: &Integers<'_, '_>| integers.value(end)?.checked_sub(integers.value(start)?);
            let good = !context.integers[at].iter().filter_map(distance).any(bad);
            let mut constant = true;
            for bound in [start, end] {
                let Some((why, fix)) = context.not_constant(kernel, bound) else { continue };
                constant = false;
                let message = format!("a bound of `tl.arange` must be `tl.constexpr`, and {why}");
                found.push(
                    Diagnostic::new(Rule::ArangeBounds, bound.range(), message)
                        .with_severity(severity(arange.conditional))
                        .with_fix(fix.filter(|_| good)),
                );
            }
            if !constant {
                continue;
            }
            for integers in &context.integers[at] {
                let (Some(first), Some(last)) = (integers.value(start), integers.value(end)) else {
                    continue;
                };
                let Some(distance) = last.checked_sub(first) else { continue };
                if !bad(distance) {
                    continue;
                }
                let place = match end {
                    ruff_python_ast::Expr::Name(name) => integers.place(name.id.as_str()),
                    _ => None,
                };
                let place = place.unwrap_or_else(|| end.range());
                let message = if distance <= 0 {
                    format!("`tl.arange` must end above its start, and this one goes from {first} to {last}")
                } else if distance > MOST {
                    format!(
                        "a block has at most {MOST} elements, and this one has {distance}: take it in pieces"
                    )
                } else {
                    let next = distance.unsigned_abs().next_power_of_two();
                    format!(
                        "the size of `tl.arange` must be a power of two, and this one is {distance}: take {next} and mask what \
                         is too much"
                    )
                };
                let fix =
                    context.round_up(last, place).filter(|_| first == 0 && (1..MOST).contains(&distance));
                found.push(
                    Diagnostic::new(Rule::ArangeBounds, place, message)
                        .with_severity(severity(arange.conditional))
                        .with_fix(fix),
                );
                break;
            }
        }
    }
    // One number at a launch may be the bound of several ranges.
    found.dedup_by(|one, other| {
        one.rule == other.rule && one.range == other.range && one.rule == Rule::ArangeBounds
    });
}

fn is_float(bound: &Expr) -> bool {
    matches!(bound, Expr::NumberLiteral(number) if matches!(number.value, Number::Float(_)))
}
