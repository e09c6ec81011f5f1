//! What single expressions and statements of a reference are.

use ruff_python_ast::{Expr, Number, Operator, Stmt};

use crate::facts::{Work, work};

pub(super) fn name_of(expression: &Expr) -> Option<&str> {
    match expression {
        Expr::Name(name) => Some(name.id.as_str()),
        _ => None,
    }
}

pub(super) fn is_range(iterated: &Expr) -> bool {
    matches!(iterated, Expr::Call(call) if matches!(&*call.func, Expr::Name(name) if name.id == "range"))
}

/// How many steps `range(100_000)` has.
pub(super) fn steps(iterated: &Expr) -> Option<i64> {
    let Expr::Call(call) = iterated else { return None };
    if !is_range(iterated) {
        return None;
    }
    match &call.arguments.args[..] {
        [steps] => whole(steps),
        _ => None,
    }
}

/// A whole number that is written out: `64`, `10**7`, `64 * 128`.
pub(super) fn whole(number: &Expr) -> Option<i64> {
    match number {
        Expr::NumberLiteral(number) => match &number.value {
            Number::Int(number) => number.as_i64(),
            _ => None,
        },
        Expr::BinOp(operation) => {
            let (left, right) = (whole(&operation.left)?, whole(&operation.right)?);
            match operation.op {
                Operator::Mult => left.checked_mul(right),
                Operator::Pow => left.checked_pow(u32::try_from(right).ok()?),
                _ => None,
            }
        }
        _ => None,
    }
}

pub(super) fn is_number(expression: &Expr, number: i64) -> bool {
    matches!(expression, Expr::NumberLiteral(_)) && whole(expression) == Some(number)
}

/// `x.unbind(0)`, `torch.unbind(x)`.
pub(super) fn is_unbind(iterated: &Expr) -> bool {
    matches!(iterated, Expr::Call(call) if matches!(&*call.func, Expr::Attribute(method) if method.attr == *"unbind"))
}

/// `x, y = x.clone(), y.clone()`.
pub(super) fn only_copies(statement: &Stmt) -> bool {
    fn copies(value: &Expr) -> bool {
        match value {
            // `x + 0`, `x * 1`.
            Expr::BinOp(operation) => match operation.op {
                Operator::Add | Operator::Sub => is_number(&operation.right, 0),
                Operator::Mult | Operator::Div | Operator::Pow => is_number(&operation.right, 1),
                _ => false,
            },
            Expr::Tuple(tuple) => tuple.elts.iter().all(copies),
            Expr::Call(call) => matches!(&*call.func, Expr::Attribute(method)
                if matches!(method.attr.as_str(), "clone" | "contiguous" | "detach" | "copy_")),
            _ => false,
        }
    }
    matches!(statement, Stmt::Assign(assign) if copies(&assign.value))
}

/// What `x.clone()` copies.
pub(super) fn copied(expression: &Expr) -> Option<&Expr> {
    let Expr::Call(call) = expression else { return None };
    match &*call.func {
        Expr::Attribute(method) if method.attr == *"clone" => Some(&method.value),
        _ => None,
    }
}

/// `x.t().contiguous().t().contiguous()`, `x.contiguous().clone().contiguous()`: what was laid out is laid out again.
pub(super) fn copies_back(expression: &Expr) -> bool {
    let mut copies = 0;
    let mut turns: Vec<(&str, Vec<Option<i64>>)> = Vec::new();
    let mut at = expression;
    // More would be followed for nothing: one turn back is enough.
    for _ in 0..12 {
        at = match at {
            Expr::Call(call) => match &*call.func {
                Expr::Attribute(method) => {
                    match method.attr.as_str() {
                        "contiguous" | "clone" => copies += 1,
                        name @ ("t" | "transpose" | "swapaxes") => {
                            turns.push((name, call.arguments.args.iter().map(whole).collect()));
                        }
                        "detach" => {}
                        _ => break,
                    }
                    &method.value
                }
                _ => break,
            },
            Expr::Attribute(attribute) if matches!(attribute.attr.as_str(), "T" | "mT") => {
                turns.push((attribute.attr.as_str(), Vec::new()));
                &attribute.value
            }
            _ => break,
        };
    }
    copies > 2 || copies == 2 && matches!(&turns[..], [one, other] if one == other)
}

/// Whether an expression is work on tensors, rather than a size or a view.
pub(super) fn is_work(value: &Expr) -> bool {
    match value {
        Expr::BinOp(operation) => {
            operation.op == Operator::MatMult || is_work(&operation.left) || is_work(&operation.right)
        }
        Expr::Call(call) => {
            let Expr::Attribute(method) = &*call.func else { return false };
            // `x.sum().item()` alone waits, and leaves nothing.
            if method.attr == *"item"
                && let Expr::Call(of) = &*method.value
                && let Expr::Attribute(of) = &*of.func
            {
                return work(of.attr.as_str()).is_some();
            }
            let heavy = matches!(work(method.attr.as_str()), Some(Work::Heavy | Work::Order | Work::Math));
            heavy
                && !matches!(&*method.value, Expr::Name(module) if matches!(module.id.as_str(), "math" | "self"))
        }
        _ => false,
    }
}

/// `x.exp_()`, `torch.exp(x, out=y)`, `F.relu(x, inplace=True)`: what counts is what it leaves there.
pub(super) fn writes(value: &Expr) -> bool {
    let Expr::Call(call) = value else { return false };
    let named = |keyword: &ruff_python_ast::Keyword| {
        keyword.arg.as_ref().is_none_or(|name| matches!(name.as_str(), "out" | "inplace"))
    };
    matches!(&*call.func, Expr::Attribute(method) if method.attr.ends_with('_'))
        || call.arguments.keywords.iter().any(named)
}

/// `x.shape`, `x.size()`.
pub(super) fn is_shape(expression: &Expr) -> bool {
    match expression {
        Expr::Attribute(attribute) => attribute.attr == *"shape",
        Expr::Call(call) => {
            call.arguments.args.is_empty()
                && matches!(&*call.func, Expr::Attribute(method) if method.attr == *"size")
        }
        _ => false,
    }
}

/// `x.shape[0]`, `x.size(0)`.
pub(super) fn is_size(expression: &Expr) -> bool {
    match expression {
        Expr::Subscript(subscript) => is_shape(&subscript.value) && !subscript.slice.is_slice_expr(),
        Expr::Call(call) => {
            call.arguments.args.len() == 1
                && matches!(&*call.func, Expr::Attribute(method) if method.attr == *"size")
        }
        _ => false,
    }
}
