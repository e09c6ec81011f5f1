//! FW311: a wrapper that waits for the GPU.

use ruff_python_ast::{Expr, InterpolatedStringElement};
use ruff_text_size::Ranged;

use super::Context;
use crate::block::BlockKind;
use crate::diagnostic::{Diagnostic, Severity};
use crate::facts::{What, When};
use crate::rules::{About, Rule};
use crate::triton::HostFunction;

pub(super) const ABOUT: About = About {
    rule: Rule::HostSynchronisation,
    code: "FW311",
    name: "host-synchronisation",
    severity: Severity::Warning,
    summary: "The wrapper waits for the GPU: `.item()`, `.cpu()`, `synchronize()`, a printed tensor.",
    why: "A launch only enqueues work; the host goes on at once. What needs a value on the host waits until all that was \
          enqueued is done, so the GPU runs dry at every call, and the pair cannot be recorded in a CUDA graph. Pass sizes, \
          which the host knows, and leave values on the GPU.",
    fix: None,
    bad: include_str!("../examples/FW311-bad.py"),
    good: include_str!("../examples/FW311-good.py"),
};

pub(super) fn check(context: &Context<'_, '_>, found: &mut Vec<Diagnostic>) {
    for at in &context.reachable {
        let function = &context.device.host.functions[*at];
        for found_call in &function.calls {
            let call = found_call.call;
            let torch = context.device.modules.member(&call.func);
            let what = match (&*call.func, torch) {
                (Expr::Attribute(attribute), None) => match attribute.attr.id.as_str() {
                    name @ ("item" | "tolist" | "cpu" | "numpy") if call.arguments.args.is_empty() => {
                        Some(format!("`.{name}()` waits for the GPU: keep the value there"))
                    }
                    "to" if call.arguments.args.first().is_some_and(|one| {
                        matches!(one, Expr::StringLiteral(text) if text.value.to_str() == "cpu")
                    }) =>
                    {
                        Some("`.to(\"cpu\")` waits for the GPU: keep the value there".to_owned())
                    }
                    "synchronize" => {
                        Some("`synchronize()` waits for the GPU: leave it out, what follows waits by itself".to_owned())
                    }
                    _ => None,
                },
                (_, Some(member)) if member.name == "synchronize" && member.is_under("torch") => Some(
                    "`torch.cuda.synchronize()` waits for the GPU: leave it out, what follows waits by itself".to_owned(),
                ),
                (Expr::Name(name), _) if name.id == "print" => call
                    .arguments
                    .args
                    .iter()
                    .any(|one| prints_tensor(context, function, one))
                    .then(|| "printing a tensor waits for the GPU: take it out".to_owned()),
                (Expr::Name(name), _) if matches!(name.id.as_str(), "float" | "int" | "bool") => {
                    let taken = match &*call.arguments.args {
                        [Expr::Subscript(element)] => &*element.value,
                        [one] => one,
                        _ => continue,
                    };
                    let id = name.id.as_str();
                    is_tensor(context, function, taken)
                        .then(|| format!("`{id}(…)` of a tensor waits for the GPU: keep the value there"))
                }
                _ => None,
            };
            if let Some(message) = what {
                found.push(Diagnostic::new(Rule::HostSynchronisation, call.range(), message));
            }
        }
    }
    followed(context, found);
}

/// What waits by following the values: aliases, `getattr`, `x.to(device="cpu")`, a tensor that decides a branch.
fn followed(context: &Context<'_, '_>, found: &mut Vec<Diagnostic>) {
    let Some(deed) = context.file.deeds.block(BlockKind::Triton) else { return };
    for event in deed.trace.events.iter().filter(|event| event.when == When::Entry) {
        let message = match event.what {
            What::Host("bool") => {
                "a tensor decides here what is done, and the host waits for it: decide in the kernel, or by sizes"
                    .to_owned()
            }
            What::Host("print") => "printing a tensor waits for the GPU: take it out".to_owned(),
            What::Host("to") => "`.to(\"cpu\")` waits for the GPU: keep the value there".to_owned(),
            What::Host("item") => {
                "a number is taken from a tensor here, and the host waits for it: keep the value there".to_owned()
            }
            What::Host(name) => format!("`{name}` waits for the GPU: keep the value there"),
            What::Synchronize => {
                "`synchronize()` waits for the GPU: leave it out, what follows waits by itself".to_owned()
            }
            _ => continue,
        };
        let told = found.iter().any(|other| {
            other.rule == Rule::HostSynchronisation
                && (other.range.contains_range(event.range) || event.range.contains_range(other.range))
        });
        if !told {
            found.push(Diagnostic::new(Rule::HostSynchronisation, event.range, message));
        }
    }
}

/// Whether a tensor is turned into text.
fn prints_tensor<'a>(context: &Context<'_, 'a>, function: &HostFunction<'a>, value: &'a Expr) -> bool {
    match value {
        Expr::Name(_) => is_tensor(context, function, value),
        Expr::FString(text) => text.value.elements().any(|element| match element {
            InterpolatedStringElement::Interpolation(part) => {
                prints_tensor(context, function, &part.expression)
            }
            InterpolatedStringElement::Literal(_) => false,
        }),
        Expr::Subscript(subscript) => is_tensor(context, function, &subscript.value),
        _ => false,
    }
}

/// Whether a name is what a function of torch made, or what a kernel is given to write into.
fn is_tensor<'a>(context: &Context<'_, 'a>, function: &HostFunction<'a>, value: &'a Expr) -> bool {
    let Expr::Name(name) = value else { return false };
    let id = name.id.as_str();
    if function.is_parameter(id) && !function.rebinds(id) {
        // What is asked for its shape is a tensor.
        let body = context.text(function.function.range);
        return [".shape", ".numel(", ".device", ".dtype", ".stride(", ".contiguous("]
            .iter()
            .any(|member| body.contains(&format!("{id}{member}")));
    }
    if let Some(Expr::Call(call)) = function.value(id) {
        return context.device.modules.torch(&call.func).is_some_and(|made| {
            made.starts_with("empty") || made.starts_with("zeros") || made.starts_with("ones")
        });
    }
    false
}
