//! FW303: a load or a store without a mask on a grid that reaches past the end.

use ruff_python_ast::{self as ast, Expr, Operator, UnaryOp};
use ruff_text_size::Ranged;

use super::Context;
use crate::diagnostic::{Diagnostic, Severity};
use crate::rules::{About, Rule};
use crate::triton::{Kernel, Launch, Taint, argument, keyword, spreads};

pub(super) const ABOUT: About = About {
    rule: Rule::UnmaskedAccess,
    code: "FW303",
    name: "unmasked-access",
    severity: Severity::Warning,
    summary: "A load or a store has no mask although the grid rounds up.",
    why: "With a grid of `triton.cdiv(n, BLOCK)` programs the last one reaches past the end wherever `n` is no multiple of \
          `BLOCK`: it then reads what is no part of the tensor, and writes over what lies behind it. The same holds for a \
          single block of `triton.next_power_of_2(n)` elements. That shows only at sizes that do not divide. Nothing is \
          reported where the offsets are kept in bounds otherwise, or where the wrapper takes remainders itself.",
    fix: None,
    bad: include_str!("../examples/FW303-bad.py"),
    good: include_str!("../examples/FW303-good.py"),
};

pub(super) fn check(context: &Context<'_, '_>, found: &mut Vec<Diagnostic>) {
    for (at, kernel) in context.kernels() {
        let partial =
            context.device.launches_of(at).fold(0, |all, launch| all | partial(context, at, launch));
        if partial == 0 {
            continue;
        }
        for call in &kernel.calls {
            let (what, mask) = match call.language {
                Some("load") => ("load", 1),
                Some("store") => ("store", 2),
                Some("atomic_add" | "atomic_max" | "atomic_min") => ("atomic", 2),
                _ => continue,
            };
            // `mask=None` and `mask=True` are no masks; TorchInductor writes `None` where its sizes divide.
            let is_masked = argument(call.call, mask, "mask").is_some_and(|mask| match mask {
                Expr::NoneLiteral(_) => keyword(call.call, "mask").is_none(),
                Expr::BooleanLiteral(flag) => !flag.value,
                _ => true,
            });
            if call.conditional || spreads(call.call) || is_masked {
                continue;
            }
            let Some(pointer) = argument(call.call, 0, "pointer") else { continue };
            let taint = context.taints[at].value(pointer);
            if taint.ranges & partial == 0
                || taint.has(Taint::BOUNDED | Taint::BLOCK_POINTER | Taint::STRANGE)
            {
                continue;
            }
            let block = (0..kernel.parameters.len().min(64))
                .find(|place| taint.ranges & partial & 1 << place != 0)
                .map_or("the block", |place| kernel.parameters[place].name);
            let message = format!(
                "this {what} reaches past the end wherever the size is no multiple of `{block}`: pass `mask=`"
            );
            found.push(Diagnostic::new(Rule::UnmaskedAccess, call.call.range(), message));
        }
    }
}

/// The parameters, by their place, whose blocks may be partly outside by this launch.
fn partial(context: &Context<'_, '_>, kernel: usize, launch: &Launch<'_>) -> u64 {
    let function = &context.device.host.functions[launch.function];
    let at = &context.device.kernels[kernel];
    if function.asks_for_remainders {
        return 0;
    }
    let bindings = launch.bindings(at);
    let mut divisors = Vec::new();
    let mut grid = function.follow(launch.grid);
    if let Expr::Lambda(lambda) = grid {
        grid = &lambda.body;
    }
    let dimensions = match grid {
        // `(triton.cdiv(n, BLOCK),) * 1`.
        Expr::BinOp(repeated) if repeated.op == Operator::Mult && repeated.left.is_tuple_expr() => {
            repeated.left.as_tuple_expr().map_or(&[][..], |tuple| &tuple.elts[..])
        }
        Expr::Tuple(ast::ExprTuple { elts, .. }) | Expr::List(ast::ExprList { elts, .. }) => &elts[..],
        other => std::slice::from_ref(other),
    };
    for dimension in dimensions {
        divisors_of(context, function.follow(dimension), &mut divisors);
    }
    let mut partial = 0;
    for (place, parameter) in at.parameters.iter().enumerate().take(64).filter(|(_, one)| one.constexpr) {
        let binding = bindings.iter().find(|(name, _)| *name == parameter.name).map(|(_, value)| *value);
        let rounds_up = divisors.iter().any(|(size, divisor)| {
            is_binding(context, at, parameter.name, binding, divisor)
                && !divides(context, launch, size, divisor)
        });
        let whole = binding.is_some_and(|value| {
            matches!(function.follow(value), Expr::Call(call)
                if context.device.modules.is_triton(&call.func, "next_power_of_2"))
                && context.device.host_integer(Some(launch.function), value, 8).is_none()
        });
        if rounds_up || whole {
            partial |= 1 << place;
        }
    }
    partial
}

/// What is divided, rounding up, and by what.
fn divisors_of<'a>(context: &Context<'_, 'a>, expression: &'a Expr, into: &mut Vec<(&'a Expr, &'a Expr)>) {
    match expression {
        Expr::Call(call) if context.device.modules.is_triton(&call.func, "cdiv") => {
            if let [size, divisor] = &*call.arguments.args {
                into.push((size, divisor));
            }
        }
        // `-(-n // BLOCK)`.
        Expr::UnaryOp(outer)
            if outer.op == UnaryOp::USub
                && let Expr::BinOp(division) = &*outer.operand
                && division.op == Operator::FloorDiv
                && let Expr::UnaryOp(inner) = &*division.left
                && inner.op == UnaryOp::USub =>
        {
            into.push((&inner.operand, &division.right));
        }
        // `math.ceil(n / BLOCK)`.
        Expr::Call(call)
            if context
                .device
                .modules
                .member(&call.func)
                .is_some_and(|one| one.name == "ceil" && one.is_of("math")) =>
        {
            if let [Expr::BinOp(division)] = &*call.arguments.args
                && division.op == Operator::Div
            {
                into.push((&division.left, &division.right));
            }
        }
        Expr::Call(call) => call.arguments.args.iter().for_each(|one| divisors_of(context, one, into)),
        // `n // BLOCK + 1`.
        Expr::BinOp(binary)
            if binary.op == Operator::Add && matches!(&*binary.right, Expr::NumberLiteral(_)) =>
        {
            if let Expr::BinOp(division) = &*binary.left
                && division.op == Operator::FloorDiv
            {
                into.push((&division.left, &division.right));
            }
        }
        // `(n + BLOCK - 1) // BLOCK`.
        Expr::BinOp(binary) if binary.op == Operator::FloorDiv => {
            // `(n + 255) // 256`.
            if let Expr::BinOp(sum) = &*binary.left
                && sum.op == Operator::Add
                && let (Some(less), Some(divisor)) = (whole(&sum.right), whole(&binary.right))
                && less + 1 == divisor
            {
                into.push((&sum.left, &binary.right));
            }
            if let Expr::BinOp(sum) = &*binary.left
                && sum.op == Operator::Sub
                && let Expr::BinOp(inner) = &*sum.left
                && inner.op == Operator::Add
                && context.text(&*inner.right) == context.text(&*binary.right)
            {
                into.push((&inner.left, &binary.right));
            }
        }
        Expr::BinOp(binary) => {
            divisors_of(context, &binary.left, into);
            divisors_of(context, &binary.right, into);
        }
        _ => {}
    }
}

fn whole(number: &Expr) -> Option<i64> {
    match number {
        Expr::NumberLiteral(ast::ExprNumberLiteral { value: ast::Number::Int(number), .. }) => {
            number.as_i64().filter(|number| *number < i64::MAX)
        }
        _ => None,
    }
}

/// Whether a divisor in the grid is what the launch gives a parameter.
fn is_binding(
    context: &Context<'_, '_>,
    kernel: &Kernel<'_>,
    parameter: &str,
    binding: Option<&Expr>,
    divisor: &Expr,
) -> bool {
    if let Expr::Subscript(subscript) = divisor {
        return matches!(&*subscript.slice, Expr::StringLiteral(text) if text.value.to_str() == parameter);
    }
    let Some(binding) = binding else {
        return matches!(divisor, Expr::Name(name) if name.id.as_str() == parameter)
            && kernel.tuning.as_ref().is_some_and(|tuning| tuning.gives(parameter));
    };
    context.text(binding) == context.text(divisor)
}

/// Whether a size is known to be a multiple of a block.
fn divides<'a>(context: &Context<'_, 'a>, launch: &Launch<'a>, size: &'a Expr, divisor: &'a Expr) -> bool {
    let of = |expression| context.device.host_integer(Some(launch.function), expression, 8);
    matches!((of(size), of(divisor)), (Some(size), Some(divisor)) if divisor > 0 && size % divisor == 0)
}
