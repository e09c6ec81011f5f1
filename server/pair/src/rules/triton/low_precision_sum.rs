//! FW309: a sum that is kept in 16 bits.

use ruff_python_ast::{Expr, Operator};
use ruff_text_size::Ranged;

use super::Context;
use crate::diagnostic::{Diagnostic, Edit, Fix, Severity};
use crate::rules::{About, Rule};
use crate::triton::{Assigned, Kernel, argument, keyword};

pub(super) const ABOUT: About = About {
    rule: Rule::LowPrecisionSum,
    code: "FW309",
    name: "low-precision-sum",
    severity: Severity::Warning,
    summary: "A sum is kept in float16 or bfloat16 while it grows.",
    why: "A sum of n terms loses what is below the last bit of the sum so far: with the 11 bits of float16 a sum of some \
          thousand terms is wrong in its third digit, with the 8 bits of bfloat16 sooner, and float16 overflows at 65504. \
          PyTorch sums in float32 and rounds once. Keep the accumulator in float32 and cast when it is stored.",
    fix: Some("Makes the accumulator float32."),
    bad: include_str!("../examples/FW309-bad.py"),
    good: include_str!("../examples/FW309-good.py"),
};

pub(super) fn check(context: &Context<'_, '_>, found: &mut Vec<Diagnostic>) {
    for (_, kernel) in context.kernels() {
        for (name, assigned) in &kernel.assigned {
            let Assigned::Value { value: Expr::Call(call), .. } = *assigned else { continue };
            // `tl.zeros(…, tl.float32).to(tl.float16)`.
            if let Expr::Attribute(method) = &*call.func
                && method.attr == *"to"
                && let Expr::Call(made) = &*method.value
                && matches!(context.device.modules.language(&made.func), Some("zeros" | "full"))
                && let Some(dtype) = argument(call, 0, "dtype").filter(|dtype| is_short(context, dtype))
                && grows(context, kernel, name)
            {
                found.push(diagnostic(
                    context,
                    dtype,
                    &format!("`{name}` grows by addition and is kept in 16 bits"),
                ));
            }
            // `tl.cast(tl.zeros(…, tl.float32), tl.float16)`.
            if context.device.modules.language(&call.func) == Some("cast")
                && let Some(Expr::Call(made)) = argument(call, 0, "input")
                && matches!(context.device.modules.language(&made.func), Some("zeros" | "full"))
                && let Some(dtype) = argument(call, 1, "dtype").filter(|dtype| is_short(context, dtype))
                && grows(context, kernel, name)
            {
                found.push(diagnostic(
                    context,
                    dtype,
                    &format!("`{name}` grows by addition and is kept in 16 bits"),
                ));
            }
            let place = match context.device.modules.language(&call.func) {
                Some("zeros") => 1,
                Some("full") => 2,
                _ => continue,
            };
            let Some(dtype) = argument(call, place, "dtype") else { continue };
            if is_short(context, dtype) && grows(context, kernel, name) {
                found.push(diagnostic(
                    context,
                    dtype,
                    &format!("`{name}` grows by addition and is kept in 16 bits"),
                ));
            }
        }
        for call in &kernel.calls {
            let dtype = match call.language {
                Some("dot") => keyword(call.call, "out_dtype"),
                Some("sum" | "cumsum") => match argument(call.call, 0, "input") {
                    Some(Expr::Call(cast)) => match &*cast.func {
                        Expr::Attribute(attribute) if attribute.attr.id == "to" => argument(cast, 0, "dtype"),
                        _ => None,
                    },
                    _ => None,
                },
                _ => None,
            };
            if let Some(dtype) = dtype.filter(|dtype| is_short(context, dtype)) {
                let name = call.language.unwrap_or_default();
                found.push(diagnostic(context, dtype, &format!("`tl.{name}` sums in 16 bits")));
            }
        }
    }
}

fn is_short(context: &Context<'_, '_>, dtype: &Expr) -> bool {
    matches!(context.device.modules.language(dtype), Some("float16" | "bfloat16"))
}

/// Whether a name is added to: `x += …`, `x = x + …`, `x = tl.dot(a, b, x)`.
fn grows<'a>(context: &Context<'_, 'a>, kernel: &Kernel<'a>, name: &str) -> bool {
    let is_name = |one: &Expr| matches!(one, Expr::Name(other) if other.id.as_str() == name);
    kernel.given(name).any(|assigned| match *assigned {
        Assigned::Updated { statement } => statement.op == Operator::Add,
        Assigned::Value { value: Expr::BinOp(binary), .. } => {
            binary.op == Operator::Add && (is_name(&binary.left) || is_name(&binary.right))
        }
        Assigned::Value { value: Expr::Call(call), .. } => {
            context.device.modules.language(&call.func) == Some("dot")
                && argument(call, 2, "acc").is_some_and(is_name)
        }
        _ => false,
    })
}

fn diagnostic(context: &Context<'_, '_>, dtype: &Expr, what: &str) -> Diagnostic {
    // The module's name as it is written: `tl`.
    let fix = match dtype {
        Expr::Attribute(attribute) => {
            let module = context.text(&*attribute.value);
            Some(Fix::unsafe_("Use float32", vec![Edit::replace(dtype.range(), format!("{module}.float32"))]))
        }
        _ => None,
    };
    let message = format!("{what}: use `tl.float32` and cast when it is stored");
    Diagnostic::new(Rule::LowPrecisionSum, dtype.range(), message).with_fix(fix)
}
