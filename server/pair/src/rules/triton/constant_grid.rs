//! FW316: a grid that does not depend on the inputs.

use ruff_python_ast::{self as ast, Expr};
use ruff_text_size::Ranged;

use super::Context;
use crate::diagnostic::{Diagnostic, Severity};
use crate::rules::{About, Rule};
use crate::triton::{Assigned, Kernel, Taint, argument};

pub(super) const ABOUT: About = About {
    rule: Rule::ConstantGrid,
    code: "FW316",
    name: "constant-grid",
    severity: Severity::Warning,
    summary: "The number of programs and their blocks are fixed, and no loop covers the rest.",
    why: "A grid of a fixed number of programs with a fixed block each covers a fixed number of elements: a larger input is \
          computed in part, and what lies beyond is never written. Compute the grid from a size, \
          `(triton.cdiv(n, BLOCK),)`, or loop in the kernel until the end.",
    fix: None,
    bad: include_str!("../examples/FW316-bad.py"),
    good: include_str!("../examples/FW316-good.py"),
};

pub(super) fn check(context: &Context<'_, '_>, found: &mut Vec<Diagnostic>) {
    for launch in &context.device.host.launches {
        let Some(at) = launch.kernel else { continue };
        let kernel = &context.device.kernels[at];
        let function = &context.device.host.functions[launch.function];
        let mut grid = function.follow(launch.grid);
        if let Expr::Lambda(lambda) = grid {
            grid = &lambda.body;
        }
        let dimensions = match grid {
            Expr::Tuple(ast::ExprTuple { elts, .. }) | Expr::List(ast::ExprList { elts, .. }) => &elts[..],
            other => std::slice::from_ref(other),
        };
        let fixed = !dimensions.is_empty()
            && dimensions
                .iter()
                .all(|one| context.device.host_integer(Some(launch.function), one, 8).is_some());
        if !fixed || loops(kernel) {
            continue;
        }
        let bindings = launch.bindings(kernel);
        let integers = &context.integers[at];
        // A block is masked against a size that the launch takes from an input.
        let partial = kernel.calls.iter().any(|call| {
            let mask = match call.language {
                Some("load") => argument(call.call, 1, "mask"),
                Some("store") => argument(call.call, 2, "mask"),
                _ => None,
            };
            let Some(mask) = mask else { return false };
            let taint = context.taints[at].value(mask);
            let size = kernel.parameters.iter().any(|parameter| {
                !parameter.constexpr
                    && mentions(kernel, mask, parameter.name, 6)
                    && bindings.iter().any(|(name, value)| {
                        *name == parameter.name
                            && context.device.host_integer(Some(launch.function), value, 8).is_none()
                    })
            });
            let block =
                |place: usize| integers.iter().all(|one| one.of(kernel.parameters[place].name).is_some());
            let fixed_block = (0..kernel.parameters.len().min(64))
                .all(|place| taint.ranges & 1 << place == 0 || block(place));
            taint.has(Taint::RANGE) && !taint.has(Taint::STRANGE) && size && fixed_block
        });
        if partial {
            let message = format!(
                "this grid is the same for every size, and `{}` has no loop over the rest: compute it from a size, as \
                 `triton.cdiv(n, BLOCK)` does",
                kernel.name
            );
            found.push(Diagnostic::new(Rule::ConstantGrid, launch.grid.range(), message));
        }
    }
}

/// Whether a kernel has a loop that may go as far as needed.
fn loops(kernel: &Kernel<'_>) -> bool {
    kernel.calls.iter().any(|call| call.loops > 0)
        || kernel.assigned.iter().any(|(_, assigned)| matches!(assigned, Assigned::Counted { .. }))
}

/// Whether a parameter stands in an expression.
fn mentions<'a>(kernel: &Kernel<'a>, expression: &'a Expr, parameter: &str, depth: u8) -> bool {
    let Some(depth) = depth.checked_sub(1) else { return false };
    let of = |one| mentions(kernel, one, parameter, depth);
    match expression {
        Expr::Name(name) if name.id.as_str() == parameter => true,
        Expr::Name(name) => kernel.value(name.id.as_str()).is_some_and(of),
        Expr::Compare(compare) => of(&compare.left) || compare.comparators.iter().any(of),
        Expr::BinOp(binary) => of(&binary.left) || of(&binary.right),
        Expr::Subscript(subscript) => of(&subscript.value),
        _ => false,
    }
}
