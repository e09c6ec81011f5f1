//! FW306: a kernel that takes a global which is no constant.

use ruff_python_ast::{Expr, Stmt, StmtFunctionDef};
use ruff_text_size::Ranged;

use super::{Context, severity};
use crate::diagnostic::{Diagnostic, Edit, Fix, Severity};
use crate::outline::What;
use crate::rules::{About, Rule};
use crate::triton::Kernel;

pub(super) const ABOUT: About = About {
    rule: Rule::GlobalNotConstexpr,
    code: "FW306",
    name: "global-not-constexpr",
    severity: Severity::Error,
    summary: "A kernel uses a global name that is no `tl.constexpr`, or calls a function that is not under `@triton.jit`.",
    why: "A kernel is compiled once, so what it takes from around it must never change: of the block's names it sees \
          modules, other kernels, types, and values made by `tl.constexpr(…)`. An annotation `X: tl.constexpr = 4` at the \
          top level is not enough. The interpreter lets everything through; the compiler does not.",
    fix: Some("Puts a number into `tl.constexpr(…)`, or the called function under `@triton.jit`."),
    bad: include_str!("../examples/FW306-bad.py"),
    good: include_str!("../examples/FW306-good.py"),
};

pub(super) fn check(context: &Context<'_, '_>, found: &mut Vec<Diagnostic>) {
    for (_, kernel) in context.kernels() {
        let mut told: Vec<&str> = Vec::new();
        for used in &kernel.free {
            if told.contains(&used.name) {
                continue;
            }
            let Some((message, fix)) = fault(context, kernel, used.name) else { continue };
            told.push(used.name);
            found.push(
                Diagnostic::new(Rule::GlobalNotConstexpr, used.range, message)
                    .with_severity(severity(used.conditional))
                    .with_fix(fix),
            );
        }
    }
}

fn fault(context: &Context<'_, '_>, kernel: &Kernel<'_>, name: &str) -> Option<(String, Option<Fix>)> {
    let device = context.device;
    if let Some(module) = device.modules.imported_from(name) {
        // Modules and what Triton knows itself are seen; a number of `math` is not.
        let lower = name.chars().all(|one| one.is_ascii_lowercase() || one == '_');
        return (module == "math" && lower && matches!(name, "pi" | "e" | "inf" | "nan" | "tau")).then(|| {
            (format!("a kernel sees no number that is imported from `math`: write `math.{name}` and `import math`"), None)
        });
    }
    if device.modules.imports(name) || device.kernels.iter().any(|other| other.name == name) {
        return None;
    }
    if let Some(callable) = context.section.outline.callable(name)
        && let What::Function(function) = callable.what
    {
        if callable.triton || std::ptr::eq(function, kernel.function) {
            return None;
        }
        if callable.decorated && is_cached(context, function) {
            let message = format!(
                "a kernel cannot call `{name}`, which Python caches: call it in the wrapper and pass what it gives"
            );
            return Some((message, None));
        }
        if callable.decorated {
            return None;
        }
        let fix = Fix::unsafe_(
            "Add `@triton.jit`",
            vec![Edit::insert(function.start(), format!("@triton.jit{}", context.file.newline))],
        );
        let at_margin = context.file.lines.start_of_line(function.start()) == function.start();
        let imported = device.modules.imports("triton");
        let message =
            format!("a kernel cannot call `{name}`, which is plain Python: put it under `@triton.jit`");
        return Some((message, Some(fix).filter(|_| at_margin && imported)));
    }
    if let Some(What::Class(class)) = context.section.outline.callable(name).map(|callable| callable.what)
        && class.decorator_list.is_empty()
        && class.arguments.is_none()
    {
        let message = format!(
            "a kernel sees nothing of the class `{name}`: pass the number as a parameter, or make it a `tl.constexpr` of the block's own"
        );
        return Some((message, None));
    }
    let global = device.globals.get(name)?;
    if global.once && is_plain_function(context, global.value) {
        let message = format!(
            "a kernel cannot call `{name}`, which is plain Python: write a function under `@triton.jit`"
        );
        return Some((message, None));
    }
    let number = match global.value {
        Expr::NumberLiteral(_) | Expr::BooleanLiteral(_) | Expr::StringLiteral(_) => true,
        Expr::UnaryOp(unary) => matches!(&*unary.operand, Expr::NumberLiteral(_)),
        Expr::BinOp(_) => is_arithmetic(global.value),
        Expr::Tuple(_) | Expr::List(_) | Expr::Dict(_) | Expr::Set(_) => false,
        Expr::Lambda(_) => {
            let message = format!(
                "a kernel cannot call `{name}`, which is plain Python: write a function under `@triton.jit`"
            );
            return Some((message, None));
        }
        // `math.log(2)`, `float("inf")`.
        Expr::Call(call) if is_number_of_python(context, call) => false,
        // What a call or a name gives may be a constant, a type, a kernel.
        Expr::Attribute(_)
            if device.modules.member(global.value).is_some_and(|member| member.is_of("math")) =>
        {
            true
        }
        _ => return None,
    };
    let language = context.section.outline.imports.iter().find(|import| import.path() == "triton.language");
    let safe = is_kernels_alone(context, name);
    let fix =
        language.filter(|_| number && global.once && is_annotated_nowhere(context, name)).map(|language| {
            let edits = vec![
                Edit::insert(global.value.start(), format!("{}.constexpr(", language.name)),
                Edit::insert(global.value.end(), ")"),
            ];
            let title = format!("Make `{name}` a `tl.constexpr`");
            if safe { Fix::safe(title, edits) } else { Fix::unsafe_(title, edits) }
        });
    Some((
        format!(
            "a kernel sees no global that may change: write `{name} = tl.constexpr(…)`, or pass it as a parameter"
        ),
        fix,
    ))
}

/// Whether a call of Python's own gives a number.
fn is_number_of_python(context: &Context<'_, '_>, call: &ruff_python_ast::ExprCall) -> bool {
    match &*call.func {
        Expr::Name(name) => {
            matches!(name.id.as_str(), "float" | "int" | "abs" | "round" | "len")
                && !context.section.names.bound.contains(name.id.as_str())
        }
        function => context.device.modules.member(function).is_some_and(|member| member.is_of("math")),
    }
}

fn is_arithmetic(value: &Expr) -> bool {
    match value {
        Expr::NumberLiteral(_) => true,
        Expr::BinOp(binary) => is_arithmetic(&binary.left) && is_arithmetic(&binary.right),
        Expr::UnaryOp(unary) => is_arithmetic(&unary.operand),
        _ => false,
    }
}

/// Whether no assignment of the name has an annotation, under which a constant would be refused.
fn is_annotated_nowhere(context: &Context<'_, '_>, name: &str) -> bool {
    !context.section.statements.iter().any(|statement| {
        matches!(statement, Stmt::AnnAssign(assign)
            if matches!(&*assign.target, Expr::Name(target) if target.id.as_str() == name))
    })
}

/// Whether kernels alone use the name: other code may want a plain number.
fn is_kernels_alone(context: &Context<'_, '_>, name: &str) -> bool {
    let inside =
        |range| context.device.kernels.iter().any(|kernel| kernel.function.range.contains_range(range));
    let block = context.section.block.content;
    let tokens = context.file.regions.iter().flat_map(|region| region.tokens);
    let uses = tokens.filter(|token| {
        token.kind() == ruff_python_ast::token::TokenKind::Name
            && block.contains_range(token.range())
            && context.text(token.range()) == name
    });
    // The first use is its definition.
    uses.filter(|token| !inside(token.range())).count() <= 1
}

/// Whether a function is wrapped by a cache of `functools`, and by nothing else.
fn is_cached(context: &Context<'_, '_>, function: &StmtFunctionDef) -> bool {
    function.decorator_list.iter().all(|decorator| {
        let named = match &decorator.expression {
            Expr::Call(call) => &*call.func,
            named => named,
        };
        context
            .device
            .modules
            .member(named)
            .is_some_and(|member| member.is_of("functools") && matches!(member.name, "cache" | "lru_cache"))
    })
}

/// Whether a value is another name of a plain function, or `functools.partial` of one.
fn is_plain_function(context: &Context<'_, '_>, value: &Expr) -> bool {
    let name = match value {
        Expr::Name(name) => name,
        Expr::Call(call)
            if context
                .device
                .modules
                .member(&call.func)
                .is_some_and(|member| member.is_of("functools") && member.name == "partial") =>
        {
            match call.arguments.args.first() {
                Some(Expr::Name(name)) => name,
                _ => return false,
            }
        }
        _ => return false,
    };
    context.section.outline.callable(name.id.as_str()).is_some_and(|callable| {
        matches!(callable.what, What::Function(_)) && !callable.triton && !callable.decorated
    })
}
