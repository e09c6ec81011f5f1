//! FW313: an output on the wrong device, or of the wrong type.

use ruff_python_ast::{self as ast, Expr};
use ruff_text_size::Ranged;

use super::Context;
use crate::block::BlockKind;
use crate::diagnostic::{Diagnostic, Edit, Fix, Severity};
use crate::pair_file::slice;
use crate::rules::{About, Rule};
use crate::triton::{HostFunction, keyword};

pub(super) const ABOUT: About = About {
    rule: Rule::OutputAllocation,
    code: "FW313",
    name: "output-allocation",
    severity: Severity::Error,
    summary: "A tensor for a kernel is made on the CPU, or as float32 where the inputs are 16 bits wide.",
    why: "`torch.empty(…)` without `device=` makes a tensor on the CPU, which a kernel cannot write to; without `dtype=` it is \
          float32, whatever the inputs are, and an output of another type than the reference's is wrong. Take both from an \
          input, or use `torch.empty_like`. The device is an error; the type is a warning, given where TEST makes inputs \
          of 16 bits alone and the tensor is returned.",
    fix: Some("Adds `device=` and `dtype=` of the wrapper's first tensor."),
    bad: include_str!("../examples/FW313-bad.py"),
    good: include_str!("../examples/FW313-good.py"),
};

const FACTORIES: &[&str] = &["arange", "empty", "empty_strided", "full", "ones", "rand", "randn", "zeros"];

/// Those that take the device of a tensor, unless they are told another.
const ALIKE: &[&str] = &["empty_like", "full_like", "ones_like", "rand_like", "randn_like", "zeros_like"];

pub(super) fn check(context: &Context<'_, '_>, found: &mut Vec<Diagnostic>) {
    let text = context.text(context.section.block.content);
    if [
        "set_default_device",
        "set_default_tensor_type",
        "set_default_dtype",
        "with torch.device",
        "torch.cuda.device(",
    ]
    .iter()
    .any(|setting| text.contains(setting))
    {
        return;
    }
    let short = inputs_are_short(context);
    for launch in &context.device.host.launches {
        let function = &context.device.host.functions[launch.function];
        let keywords = launch.call.arguments.keywords.iter().map(|keyword| &keyword.value);
        for argument in launch.call.arguments.args.iter().chain(keywords) {
            let Expr::Name(name) = argument else { continue };
            let Some(Expr::Call(call)) = function.value(name.id.as_str()).map(first_made) else { continue };
            let tensor = first_tensor(context, function);
            if let Some(diagnostic) = on_host(context, call, tensor) {
                if !found.contains(&diagnostic) {
                    found.push(diagnostic);
                }
                continue;
            }
            let made = context.device.modules.torch(&call.func);
            let Some(made) = made.filter(|made| FACTORIES.contains(made) || ALIKE.contains(made)) else {
                continue;
            };
            if call.arguments.keywords.iter().any(|keyword| keyword.arg.is_none())
                || found.iter().any(|one| one.rule == Rule::OutputAllocation && one.range == call.range())
            {
                continue;
            }
            if let Some(device) = keyword(call, "device").filter(|device| is_cpu(device)) {
                let fix = tensor.map(|tensor| {
                    let edit = Edit::replace(device.range(), format!("{tensor}.device"));
                    Fix::safe(format!("Take the device of `{tensor}`"), vec![edit])
                });
                let message = format!(
                    "`torch.{made}` makes this on the CPU, and a kernel cannot reach it: give it the device of an input"
                );
                found.push(Diagnostic::new(Rule::OutputAllocation, call.range(), message).with_fix(fix));
                continue;
            }
            if ALIKE.contains(&made) {
                continue;
            }
            if keyword(call, "device").is_none_or(Expr::is_none_literal_expr) {
                let also = if keyword(call, "dtype").is_none()
                    && made != "full"
                    && returns(function, name.id.as_str())
                {
                    "device and dtype"
                } else {
                    "device"
                };
                let message = format!(
                    "`torch.{made}` without `device=` makes a tensor on the CPU, and a kernel cannot reach it: give it the {also} of \
                     an input"
                );
                found.push(
                    Diagnostic::new(Rule::OutputAllocation, call.range(), message).with_fix(
                        tensor
                            .filter(|_| keyword(call, "device").is_none())
                            .and_then(|tensor| add(call, tensor, also)),
                    ),
                );
            } else if short
                && keyword(call, "dtype").is_none()
                && made != "full"
                && returns(function, name.id.as_str())
            {
                let message = format!(
                    "`torch.{made}` without `dtype=` makes float32, and the inputs are 16 bits wide: give it the dtype of an input"
                );
                found.push(
                    Diagnostic::new(Rule::OutputAllocation, call.range(), message)
                        .with_severity(Severity::Warning)
                        .with_fix(tensor.and_then(|tensor| add(call, tensor, "dtype"))),
                );
            }
        }
    }
}

/// What is made on the CPU for certain, by a method or a constructor.
fn on_host(context: &Context<'_, '_>, call: &ast::ExprCall, tensor: Option<&str>) -> Option<Diagnostic> {
    if let Some(device) = on_cpu_by_method(call) {
        let fix = tensor.map(|tensor| {
            let edit = Edit::replace(device.range(), format!("{tensor}.device"));
            Fix::safe(format!("Take the device of `{tensor}`"), vec![edit])
        });
        let message = "this is made on the CPU, and a kernel cannot reach it: give it the device of an input";
        return Some(Diagnostic::new(Rule::OutputAllocation, call.range(), message).with_fix(fix));
    }
    let made = context.device.modules.torch(&call.func).filter(|made| is_host_tensor(made, call))?;
    let message = format!(
        "`torch.{made}` makes this on the CPU, and a kernel cannot reach it: use `torch.empty` with the device of an input"
    );
    Some(Diagnostic::new(Rule::OutputAllocation, call.range(), message))
}

/// What stands at the beginning of `torch.empty(…).to(x.dtype).contiguous()`: none of it leaves the device.
fn first_made(value: &Expr) -> &Expr {
    let mut at = value;
    while let Expr::Call(call) = at {
        let Expr::Attribute(method) = &*call.func else { break };
        let stays = match method.attr.as_str() {
            "contiguous" | "view" | "reshape" | "zero_" | "fill_" | "float" | "half" | "bfloat16" => true,
            "to" => matches!(&call.arguments.args[..], [Expr::Attribute(dtype)]
                if dtype.attr == *"dtype" || dtype.attr.starts_with("float") || dtype.attr.starts_with("bfloat")),
            _ => false,
        };
        // `torch.float(…)` is no method.
        if !stays || !call.arguments.keywords.is_empty() || !method.value.is_call_expr() {
            break;
        }
        at = &method.value;
    }
    at
}

/// The device of `x.new_empty(…, device="cpu")`.
fn on_cpu_by_method(call: &ast::ExprCall) -> Option<&Expr> {
    let Expr::Attribute(method) = &*call.func else { return None };
    keyword(call, "device").filter(|device| method.attr.starts_with("new_") && is_cpu(device))
}

/// Whether `torch.FloatTensor(4)` or `torch.tensor([0.0])` makes a tensor on the CPU for certain.
fn is_host_tensor(made: &str, call: &ast::ExprCall) -> bool {
    match made {
        "FloatTensor" | "DoubleTensor" | "HalfTensor" | "BFloat16Tensor" | "IntTensor" | "LongTensor"
        | "Tensor" => keyword(call, "device").is_none(),
        "tensor" => {
            let literal = |one: &Expr| match one {
                Expr::List(list) => list.iter().all(Expr::is_literal_expr),
                one => one.is_literal_expr(),
            };
            keyword(call, "device").is_none()
                && call.arguments.keywords.iter().all(|keyword| keyword.arg.is_some())
                && call.arguments.args.first().is_some_and(literal)
        }
        _ => false,
    }
}

/// Whether a device is the CPU.
fn is_cpu(device: &Expr) -> bool {
    match device {
        Expr::StringLiteral(text) => text.value.to_str() == "cpu",
        Expr::Call(call) => call.arguments.args.first().is_some_and(is_cpu),
        _ => false,
    }
}

/// The first of the function's parameters that a launch is given as it is, and of which the function takes the shape.
fn first_tensor<'a>(context: &Context<'_, 'a>, function: &HostFunction<'a>) -> Option<&'a str> {
    let body = context.text(function.function.range);
    function.function.parameters.iter().map(|parameter| parameter.name().id.as_str()).find(|name| {
        [".shape", ".numel(", ".size(", ".device", ".dtype", ".stride("]
            .iter()
            .any(|member| body.contains(&format!("{name}{member}")))
    })
}

fn add(call: &ast::ExprCall, tensor: &str, names: &str) -> Option<Fix> {
    let last =
        call.arguments.args.last().map(Ranged::end).max(call.arguments.keywords.last().map(Ranged::end))?;
    let mut text = String::new();
    for name in names.split(" and ") {
        for part in [", ", name, "=", tensor, ".", name] {
            text.push_str(part);
        }
    }
    let title = format!("Take the {names} of `{tensor}`");
    Some(Fix::safe(title, vec![Edit::insert(last, text)]))
}

/// Whether a function returns a name, or something that is made of it by a method.
fn returns(function: &HostFunction<'_>, name: &str) -> bool {
    function.function.body.iter().any(|statement| match statement {
        ast::Stmt::Return(returned) => {
            let mut at = returned.value.as_deref();
            while let Some(value) = at {
                at = match value {
                    Expr::Name(one) => return one.id.as_str() == name,
                    Expr::Call(call) => match &*call.func {
                        // A cast behind it makes the type good.
                        Expr::Attribute(attribute)
                            if matches!(attribute.attr.id.as_str(), "view" | "reshape") =>
                        {
                            Some(&attribute.value)
                        }
                        _ => None,
                    },
                    _ => None,
                };
            }
            false
        }
        _ => false,
    })
}

/// Whether TEST makes floating tensors of 16 bits and none of another width.
fn inputs_are_short(context: &Context<'_, '_>) -> bool {
    let Some(test) = context.file.section(BlockKind::Test) else { return false };
    let code = slice(context.file.text, test.block.content).unwrap_or_default();
    let made = code.matches("torch.randn(").count() + code.matches("torch.rand(").count();
    let short = code.matches("torch.float16").count()
        + code.matches("torch.bfloat16").count()
        + code.matches("torch.half").count();
    made > 0 && made == short && !code.contains("float32") && !code.contains("int")
}
