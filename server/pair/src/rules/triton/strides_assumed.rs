//! FW312: a kernel that computes with sizes where strides count.

use ruff_python_ast::{Expr, Operator};
use ruff_text_size::{Ranged, TextSize};

use super::Context;
use crate::diagnostic::{Diagnostic, Edit, Fix, Severity};
use crate::rules::{About, Rule};
use crate::triton::{Assigned, HostFunction, Kernel, Launch, argument};

pub(super) const ABOUT: About = About {
    rule: Rule::StridesAssumed,
    code: "FW312",
    name: "strides-assumed",
    severity: Severity::Info,
    summary: "A kernel steps from row to row by a size, and nothing makes sure that the tensor is contiguous.",
    why: "Row `i` of a contiguous matrix begins at `i * n_columns`; that of a transposed or sliced one does not, and the kernel \
          silently reads other elements. Call `x = x.contiguous()` in the wrapper, which costs nothing where it is so \
          already, or pass `x.stride(0)` and step by that.",
    fix: Some("Adds `x = x.contiguous()` at the top of the wrapper."),
    bad: include_str!("../examples/FW312-bad.py"),
    good: include_str!("../examples/FW312-good.py"),
};

pub(super) fn check(context: &Context<'_, '_>, found: &mut Vec<Diagnostic>) {
    // What calls the launching function, or decorates it, may see to it.
    let sees_to_it =
        |function: &HostFunction<'_>| context.text(function.function.range).contains("contiguous");
    if context.device.host.functions.iter().any(sees_to_it) {
        return;
    }
    for launch in &context.device.host.launches {
        let Some(at) = launch.kernel else { continue };
        let kernel = &context.device.kernels[at];
        let function = &context.device.host.functions[launch.function];
        let body = context.text(function.function.range);
        if body.contains("stride") {
            continue;
        }
        let bindings = launch.bindings(kernel);
        for (parameter, value) in &bindings {
            let Expr::Name(tensor) = value else { continue };
            let name = tensor.id.as_str();
            if !function.is_parameter(name) || function.rebinds(name) {
                continue;
            }
            // The step must be a size of this very tensor.
            let size = stepped_by(kernel, parameter)
                .find(|size| is_size_of(context, function, launch, kernel, size, name));
            let Some(size) = size else { continue };
            if found.iter().any(|other| other.rule == Rule::StridesAssumed && other.range == tensor.range) {
                continue;
            }
            let message = format!(
                "`{}` steps through `{name}` by its size `{size}`, which is right for a contiguous tensor alone: call \
                 `{name} = {name}.contiguous()` first, or pass `{name}.stride(0)`",
                kernel.name
            );
            found.push(
                Diagnostic::new(Rule::StridesAssumed, tensor.range, message)
                    .with_fix(fix(context, function, name)),
            );
        }
    }
}

/// The parameters by which a kernel steps from row to row of what another one points to.
fn stepped_by<'k, 'a>(
    kernel: &'k Kernel<'a>,
    pointer: &'k str,
) -> impl Iterator<Item = &'a str> + use<'k, 'a> {
    // `x_ptr += row * columns`.
    let moved = kernel.given(pointer).filter_map(|assigned| match *assigned {
        Assigned::Updated { statement } if statement.op == Operator::Add => step(kernel, &statement.value, 6),
        _ => None,
    });
    let accesses = kernel.calls.iter().filter(|call| matches!(call.language, Some("load" | "store")));
    let accesses = accesses.filter_map(move |call| {
        let address = argument(call.call, 0, "pointer")?;
        names_pointer(kernel, address, pointer, 6).then(|| step(kernel, address, 6))?
    });
    moved.chain(accesses)
}

/// Whether an address begins at a pointer.
fn names_pointer<'a>(kernel: &Kernel<'a>, address: &'a Expr, pointer: &str, depth: u8) -> bool {
    let Some(depth) = depth.checked_sub(1) else { return false };
    match address {
        Expr::Name(name) if name.id.as_str() == pointer => true,
        Expr::Name(name) => kernel.given(name.id.as_str()).any(|assigned| {
            matches!(*assigned, Assigned::Value { value, .. } if names_pointer(kernel, value, pointer, depth))
        }),
        Expr::BinOp(binary) if binary.op == Operator::Add => {
            names_pointer(kernel, &binary.left, pointer, depth) || names_pointer(kernel, &binary.right, pointer, depth)
        }
        _ => false,
    }
}

/// The parameter in a product `row * n_columns` within an address.
fn step<'a>(kernel: &Kernel<'a>, address: &'a Expr, depth: u8) -> Option<&'a str> {
    let depth = depth.checked_sub(1)?;
    match address {
        Expr::Name(name) => step(kernel, kernel.value(name.id.as_str())?, depth),
        Expr::Subscript(subscript) => step(kernel, &subscript.value, depth),
        Expr::BinOp(binary) if binary.op == Operator::Add => {
            step(kernel, &binary.left, depth).or_else(|| step(kernel, &binary.right, depth))
        }
        Expr::BinOp(binary) if binary.op == Operator::Mult => {
            [&*binary.left, &*binary.right].into_iter().find_map(|side| match side {
                Expr::Name(name) => {
                    let parameter = kernel.parameters.iter().find(|one| one.name == name.id.as_str())?;
                    (!kernel.binds(parameter.name)).then_some(parameter.name)
                }
                _ => None,
            })
        }
        _ => None,
    }
}

/// Whether a launch gives a parameter a size of a tensor: `x.shape[1]`, `x.size(-1)`, or a name that was unpacked from
/// `x.shape`.
fn is_size_of<'a>(
    context: &Context<'_, 'a>,
    function: &HostFunction<'a>,
    launch: &Launch<'a>,
    kernel: &Kernel<'a>,
    parameter: &str,
    tensor: &str,
) -> bool {
    let bindings = launch.bindings(kernel);
    let Some((_, value)) = bindings.iter().find(|(name, _)| *name == parameter) else { return false };
    if is_shape_of(function.follow(value), tensor) {
        return true;
    }
    // `rows, columns = x.shape`.
    let Expr::Name(name) = value else { return false };
    function.function.body.iter().any(|statement| match statement {
        ruff_python_ast::Stmt::Assign(assign) => match &assign.targets[..] {
            [Expr::Tuple(names)] => {
                is_shape_of(&assign.value, tensor)
                    && names.iter().any(|one| matches!(one, Expr::Name(one) if one.id == name.id))
            }
            _ => false,
        },
        _ => false,
    }) && context.text(value.range()) == name.id.as_str()
}

fn is_shape_of(value: &Expr, tensor: &str) -> bool {
    let is_tensor = |one: &Expr| matches!(one, Expr::Name(name) if name.id.as_str() == tensor);
    match value {
        Expr::Subscript(subscript) => is_shape_of(&subscript.value, tensor),
        Expr::Attribute(attribute) => attribute.attr.id == "shape" && is_tensor(&attribute.value),
        Expr::Call(call) => {
            matches!(&*call.func, Expr::Attribute(attribute) if attribute.attr.id == "size" && is_tensor(&attribute.value))
        }
        _ => false,
    }
}

fn fix(context: &Context<'_, '_>, function: &HostFunction<'_>, name: &str) -> Option<Fix> {
    // Behind a docstring, in front of the first statement.
    let body = &function.function.body;
    let first = body.iter().find(|statement| crate::syntax::string_statement(statement).is_none())?;
    let at = first.start();
    let line = context.file.lines.start_of_line(at);
    let indentation = context.text(ruff_text_size::TextRange::new(line, at));
    if !indentation.chars().all(|one| matches!(one, ' ' | '\t')) || at == TextSize::new(0) {
        return None;
    }
    let text = format!("{name} = {name}.contiguous(){}{indentation}", context.file.newline);
    Some(Fix::safe(format!("Make `{name}` contiguous"), vec![Edit::insert(at, text)]))
}
