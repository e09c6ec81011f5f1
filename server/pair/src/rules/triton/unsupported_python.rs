//! FW305: Python that a kernel cannot use.

use ruff_python_ast::{self as ast, Expr};
use ruff_text_size::{Ranged, TextRange};

use super::{Context, severity};
use crate::builtins::is_builtin;
use crate::diagnostic::{Diagnostic, Edit, Fix, Severity};
use crate::rules::{About, Rule};
use crate::triton::{Assigned, Fault, Kernel, Operation, Refused, Taint, Version};

pub(super) const ABOUT: About = About {
    rule: Rule::UnsupportedPython,
    code: "FW305",
    name: "unsupported-python",
    severity: Severity::Error,
    summary: "A kernel uses Python that Triton's compiler does not know.",
    why: "A kernel looks like Python and is compiled by Triton, which knows a part of the language: no `try`, `with`, `class`, \
          `lambda`, nested functions, `raise`, `break`, `continue`, dictionaries, sets, generators or f-strings outside of \
          messages; loops over `range`, `tl.range` and `tl.static_range` alone; no writing into elements; of the built-in \
          functions `range`, `len`, `min`, `max`, `int`, `float`, `isinstance`, `getattr` and `print`, which prints from \
          every program; no function of torch, numpy or `math` for a block. The interpreter runs the kernel as Python and lets all of it through. In a branch, which may \
          never be compiled, it is a warning.",
    fix: None,
    bad: include_str!("../examples/FW305-bad.py"),
    good: include_str!("../examples/FW305-good.py"),
};

/// The built-in functions that a kernel has.
const BUILTINS: &[&str] =
    &["float", "getattr", "hasattr", "int", "isinstance", "len", "list", "max", "min", "print", "range"];

pub(super) fn check(context: &Context<'_, '_>, found: &mut Vec<Diagnostic>) {
    for (at, kernel) in context.kernels() {
        for fault in &kernel.faults {
            if let Some(message) = refused(fault.what, context.file.triton) {
                found.push(diagnostic(fault.range, fault.conditional, message));
            }
        }
        for used in &kernel.free {
            let known = context.section.names.bound.contains(used.name)
                || context.device.modules.imports(used.name)
                || BUILTINS.contains(&used.name)
                || !is_builtin(used.name);
            if !known && !is_comprehension(kernel, used.range) {
                found.push(diagnostic(used.range, used.conditional, builtin(used.name)));
            }
        }
        for call in &kernel.calls {
            if matches!(&*call.call.func, Expr::Name(name) if name.id == "print")
                && !context.section.names.bound.contains("print")
            {
                print(call.call, call.conditional, found);
            }
            if let (Some(method), Expr::Attribute(attribute)) = (call.method, &*call.call.func)
                && let Some(instead) = of_tensors(method)
                && is_block(context, kernel, &attribute.value)
            {
                let message = format!("a block has no method `{method}` in a kernel: {instead}");
                found.push(diagnostic(attribute.attr.range, call.conditional, message));
            }
            if let Some(message) = of_host(context, at, call.call) {
                found.push(diagnostic(call.call.func.range(), call.conditional, message));
            }
        }
        for operation in &kernel.operations {
            match *operation {
                Operation::Power { expression, conditional } => {
                    let is_of_blocks = |side: &'_ _| {
                        let value = context.taints[at].value(side);
                        value.has(Taint::LOADED | Taint::RANGE | Taint::PROGRAM) && !value.has(Taint::STRANGE)
                    };
                    let literal = matches!(&*expression.left, Expr::NumberLiteral(_));
                    if !literal && is_of_blocks(&expression.left) || is_of_blocks(&expression.right) {
                        found.push(power(context, expression, conditional));
                    }
                }
                Operation::Subscript { expression, conditional } => {
                    if is_block(context, kernel, &expression.value) && is_element(kernel, &expression.slice) {
                        let message = "a block has no single elements in a kernel: load what is needed, or pick it by `tl.sum` of \
                                       `tl.where`";
                        found.push(diagnostic(expression.range, conditional, message.to_owned()));
                    }
                }
            }
        }
    }
}

/// What is wrong with `torch.exp(x)` and `math.exp(x)` of a block: both are called while the kernel is compiled.
fn of_host<'a>(context: &Context<'_, 'a>, kernel: usize, call: &'a ast::ExprCall) -> Option<String> {
    let member = context.device.modules.member(&call.func)?;
    // What TorchInductor's kernels call is written for kernels.
    let of_torch = member.is_under("torch") && !member.is_under("torch._inductor") || member.is_of("numpy");
    let of_python = ["math", "operator", "functools", "itertools"].iter().any(|module| member.is_of(module));
    let of_block = |one: &'a Expr| {
        let value = context.taints[kernel].value(one);
        value.has(Taint::LOADED | Taint::RANGE | Taint::PROGRAM) && !value.has(Taint::STRANGE)
    };
    if !of_torch && !of_python || !call.arguments.args.iter().any(of_block) {
        return None;
    }
    let (module, name) = (member.module(), member.name);
    Some(format!(
        "`{module}.{name}` is Python's and knows no block of a kernel: use what `triton.language` has"
    ))
}

fn diagnostic(range: TextRange, conditional: bool, message: String) -> Diagnostic {
    Diagnostic::new(Rule::UnsupportedPython, range, message).with_severity(severity(conditional))
}

/// What is said of a fault, unless the version that is used knows it.
fn refused(what: Refused<'_>, version: Option<Version>) -> Option<String> {
    let since = |minor: u16| {
        let first = Version::new(3, minor);
        match version {
            Some(version) if version >= first => None,
            Some(version) => Some(format!("Triton {version} does not know it; {first} does")),
            None => Some(format!("Triton knows it since {first}")),
        }
    };
    Some(match what {
        Refused::Syntax("with") => {
            "a kernel has no `with` but for Triton's own contexts: write the statements without it".to_owned()
        }
        Refused::Syntax("try") => {
            "a kernel cannot catch anything: take `try` out and check what is needed by `if` or by a mask".to_owned()
        }
        Refused::Syntax("raise") => "a kernel cannot raise: use `tl.device_assert` or `tl.static_assert`".to_owned(),
        Refused::Syntax("def") => {
            "a kernel has no functions of its own: move this one out and put it under `@triton.jit`".to_owned()
        }
        Refused::Syntax("lambda") => {
            "a kernel has no `lambda`: write a function beside it, under `@triton.jit`".to_owned()
        }
        Refused::Syntax("match") => "a kernel has no `match`: use `if`".to_owned(),
        Refused::Syntax(what) => format!("a kernel cannot use Python's `{what}`: write it with blocks and numbers"),
        Refused::Jump(what) => {
            format!("a kernel cannot `{what}`: put the condition into the loop's bounds, into an `if` or into a mask")
        }
        Refused::LoopOver => {
            "a kernel loops over `range`, `tl.range` or `tl.static_range` alone: loop over a number".to_owned()
        }
        Refused::LoopElse => "a kernel's loops have no `else`: put it behind the loop".to_owned(),
        Refused::ElementStore => {
            "a kernel cannot write into a block: make a new one by `tl.where`, or store it by `tl.store`".to_owned()
        }
        Refused::AttributeStore => "a kernel cannot set an attribute: use a name".to_owned(),
        Refused::ChainedAssignment => "a kernel assigns one name at a time: write two assignments".to_owned(),
        Refused::StarredTarget => "a kernel cannot unpack into `*name`: name each value".to_owned(),
        Refused::Membership => "a kernel has no `in`: compare with `==` and join by `|`".to_owned(),
        Refused::MatrixOperator => "a kernel has no `@`: use `tl.dot`".to_owned(),
        Refused::Import("") => "a kernel cannot import: move the import to the top of TRITON".to_owned(),
        Refused::Import(module) => {
            format!("a kernel cannot import: move the import of `{module}` to the top of TRITON")
        }
        Refused::Text => {
            "a kernel has text in messages alone: an f-string may stand in `tl.static_print`, `tl.static_assert` and the like"
                .to_owned()
        }
        Refused::ListComprehension => {
            format!("a kernel has no list comprehensions but over tuples, and {}", since(5)?)
        }
        Refused::Walrus => format!("a kernel cannot use `:=`: assign the name before; {}", since(8)?),
        Refused::ChainedComparison => {
            format!("a kernel compares two values at a time: write `(a < b) & (b < c)`; {}", since(9)?)
        }
    })
}

fn builtin(name: &str) -> String {
    let instead = match name {
        "abs" => "use `tl.abs`",
        "sum" => "use `tl.sum`",
        "pow" => "multiply, or use `libdevice.pow`",
        "round" => "use `libdevice.rint` or `tl.floor(x + 0.5)`",
        "bool" => "compare with 0",
        "enumerate" | "zip" | "reversed" | "sorted" | "map" | "filter" => "loop over `tl.static_range`",
        "all" => "use `tl.min`",
        "any" => "use `tl.max`",
        "divmod" => "use `//` and `%`",
        "str" | "repr" | "format" => "a kernel has no text but in messages",
        "type" => "use `.dtype`",
        "tuple" => "write it in parentheses",
        _ => "do it in the wrapper",
    };
    format!("a kernel has no `{name}`: {instead}")
}

/// Names in what is refused as a whole are no further news.
fn is_comprehension(kernel: &Kernel<'_>, range: TextRange) -> bool {
    let inside = |fault: &Fault<'_>| fault.range != range && fault.range.contains_range(range);
    kernel.faults.iter().any(inside)
}

fn print(call: &ast::ExprCall, conditional: bool, found: &mut Vec<Diagnostic>) {
    if call
        .arguments
        .args
        .first()
        .is_some_and(|first| matches!(first, Expr::StringLiteral(_) | Expr::FString(_)))
    {
        let message = "every program prints this at every call, and `do_bench` calls often: take it out when it has been read";
        found.push(
            Diagnostic::new(Rule::UnsupportedPython, call.range(), message).with_severity(Severity::Warning),
        );
        return;
    }
    let message = "`print` in a kernel is `tl.device_print`, whose first argument must be a text: take it out, or write \
                   `tl.device_print(\"x\", x)`";
    found.push(diagnostic(call.range(), conditional, message.to_owned()));
}

fn power(context: &Context<'_, '_>, expression: &ast::ExprBinOp, conditional: bool) -> Diagnostic {
    let base = context.text(&*expression.left);
    let square = context.text(&*expression.right) == "2" && matches!(&*expression.left, Expr::Name(_));
    let fix = square
        .then(|| Fix::safe("Multiply", vec![Edit::replace(expression.range, format!("({base} * {base})"))]));
    let message = if square {
        format!("a block has no `**` in a kernel: write `{base} * {base}`")
    } else {
        "a block has no `**` in a kernel: multiply, or use `tl.exp2(tl.log2(x) * y)` or `libdevice.pow`"
            .to_owned()
    };
    diagnostic(expression.range, conditional, message).with_fix(fix)
}

/// What stands in a kernel for a method that torch's tensors have and blocks do not.
fn of_tensors(method: &str) -> Option<&'static str> {
    Some(match method {
        "item" | "tolist" | "numpy" | "cpu" | "cuda" | "detach" | "clone" | "contiguous" => "leave it out",
        "mean" => "divide `tl.sum` by the count",
        "var" | "std" | "norm" => "compute it by `tl.sum`",
        "size" | "dim" | "ndim" | "stride" => "pass the size as an argument",
        "float" | "half" | "double" | "bfloat16" | "int" | "long" | "bool" | "type" => {
            "cast by `.to(tl.float32)` and the like"
        }
        "clamp" | "clip" => "use `tl.minimum` and `tl.maximum`",
        "pow" | "square" => "multiply",
        "relu" => "use `tl.maximum(x, 0.0)`",
        "tanh" | "gelu" | "silu" => "compute it by `tl.exp`, or use `libdevice`",
        "masked_fill" | "masked_fill_" => "use `tl.where`",
        "unsqueeze" => "index with `None`",
        "squeeze" | "flatten" => "use `.reshape(…)`",
        "add" | "sub" | "mul" | "div" => "use the operator",
        "matmul" | "mm" | "bmm" => "use `tl.dot`",
        "zero_" | "fill_" | "copy_" => "store it by `tl.store`",
        "any" | "all" => "use `tl.max` or `tl.min`",
        _ => return None,
    })
}

/// Whether a name is a block for certain: all that it is given is loaded or made as one.
fn is_block<'a>(context: &Context<'_, 'a>, kernel: &Kernel<'a>, value: &'a Expr) -> bool {
    let Expr::Name(name) = value else { return false };
    let mut any = false;
    for assigned in kernel.given(name.id.as_str()) {
        let made = match *assigned {
            Assigned::Value { value: Expr::Call(call), .. } => context.device.modules.language(&call.func),
            Assigned::Updated { .. } => continue,
            _ => None,
        };
        if !made.is_some_and(|made| {
            matches!(made, "load" | "zeros" | "full" | "arange" | "where" | "dot" | "exp")
        }) {
            return false;
        }
        any = true;
    }
    any && kernel.parameter(name.id.as_str()).is_none()
}

/// Whether a subscript picks single elements or a stretch: anything but `None` and whole slices.
fn is_element(kernel: &Kernel<'_>, slice: &Expr) -> bool {
    let whole = |one: &Expr| match one {
        Expr::Slice(slice) => slice.lower.is_none() && slice.upper.is_none() && slice.step.is_none(),
        // A name may stand for `None`, but no number that a launch hands over.
        Expr::Name(name) => kernel
            .parameter(name.id.as_str())
            .is_none_or(|parameter| parameter.constexpr || parameter.annotation.is_some()),
        Expr::NumberLiteral(_) | Expr::UnaryOp(_) => false,
        _ => true,
    };
    match slice {
        Expr::Tuple(tuple) => !tuple.iter().all(whole),
        other => !whole(other),
    }
}
