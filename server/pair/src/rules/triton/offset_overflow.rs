//! FW310: offsets of 32 bits into tensors that need more.

use ruff_python_ast::{Expr, Number, Operator};
use ruff_text_size::Ranged;

use super::Context;
use crate::block::BlockKind;
use crate::diagnostic::{Diagnostic, Edit, Fix, Severity};
use crate::flow::Flow;
use crate::outline::Outline;
use crate::rules::{About, Rule};
use crate::triton::{Taint, argument};

pub(super) const ABOUT: About = About {
    rule: Rule::OffsetOverflow,
    code: "FW310",
    name: "offset-overflow",
    severity: Severity::Warning,
    summary: "A kernel computes offsets in 32 bits, and TEST makes a tensor of 2³¹ elements or more.",
    why: "`tl.program_id` and `tl.arange` are 32 bits wide, and so is what is computed from them: beyond 2147483647 an offset \
          becomes negative, and the kernel reads and writes elsewhere. Cast before multiplying: \
          `tl.program_id(0).to(tl.int64) * BLOCK`. Reported only where the sizes in TEST are written out.",
    fix: Some("Casts each `tl.program_id` of the kernel to `tl.int64`."),
    bad: include_str!("../examples/FW310-bad.py"),
    good: include_str!("../examples/FW310-good.py"),
};

pub(super) fn check(context: &Context<'_, '_>, found: &mut Vec<Diagnostic>) {
    if !has_large_input(context) {
        return;
    }
    for (at, kernel) in context.kernels().filter(|(_, kernel)| kernel.launched) {
        let narrow = kernel.calls.iter().find_map(|call| {
            let pointer = matches!(call.language, Some("load" | "store"))
                .then(|| argument(call.call, 0, "pointer"))
                .flatten()?;
            let taint = context.taints[at].value(pointer);
            let narrow = taint.has(Taint::PROGRAM)
                && taint.has(Taint::RANGE)
                && !taint.has(Taint::WIDE | Taint::BLOCK_POINTER | Taint::STRANGE);
            narrow.then_some(pointer)
        });
        let Some(pointer) = narrow else { continue };
        let language = kernel.calls_of("program_id").find_map(|call| match &*call.call.func {
            Expr::Attribute(attribute) => Some(context.text(&*attribute.value)),
            _ => None,
        });
        let fix = language.map(|language| {
            let edits = kernel
                .calls_of("program_id")
                .map(|call| Edit::insert(call.call.end(), format!(".to({language}.int64)")))
                .collect();
            Fix::unsafe_("Compute the offsets in 64 bits", edits)
        });
        let message = "TEST makes a tensor of 2³¹ elements or more, and this offset has 32 bits: cast `tl.program_id(…)` to \
                       `tl.int64` before multiplying";
        found.push(Diagnostic::new(Rule::OffsetOverflow, pointer.range(), message).with_fix(fix));
    }
}

/// Whether an input has so many elements, as far as its sizes are written out.
fn has_large_input(context: &Context<'_, '_>) -> bool {
    let Some(test) = context.file.sound(BlockKind::Test) else { return false };
    let Some(flow) = Flow::of(context.file) else { return false };
    flow.given.iter().any(|given| {
        flow.elements(given)
            .unwrap_or_default()
            .iter()
            .filter_map(|element| elements(&flow, &test.outline, flow.follow(element)?, 8))
            .any(|count| count >= 1 << 31)
    })
}

/// How many elements a tensor has that is made by a function of torch.
fn elements<'a>(flow: &Flow<'a>, outline: &Outline<'a>, value: &'a Expr, depth: u8) -> Option<i64> {
    let depth = depth.checked_sub(1)?;
    let Expr::Call(call) = value else { return None };
    let Expr::Attribute(attribute) = &*call.func else { return None };
    let factory = matches!(
        attribute.attr.id.as_str(),
        "empty" | "full" | "ones" | "rand" | "randint" | "randn" | "zeros" | "arange"
    );
    if !factory {
        return elements(flow, outline, flow.follow(&attribute.value)?, depth);
    }
    if outline.path(&call.func)?.split('.').next() != Some("torch") {
        return None;
    }
    let named = call.arguments.keywords.iter().find(|keyword| {
        keyword.arg.as_ref().is_some_and(|name| name == "size") && call.arguments.args.is_empty()
    });
    let sizes: Vec<&Expr> = match &*call.arguments.args {
        [Expr::Tuple(tuple), ..] => tuple.iter().collect(),
        [Expr::List(list), ..] => list.iter().collect(),
        // `torch.randn(*(65536, 65536))`, `torch.randn(size=(65536, 65536))`.
        [Expr::Starred(sizes)] => flow.follow(&sizes.value)?.as_tuple_expr()?.iter().collect(),
        [] => flow.follow(&named?.value)?.as_tuple_expr()?.iter().collect(),
        _ if attribute.attr.id == "randint" => match call.arguments.args.iter().find_map(Expr::as_tuple_expr)
        {
            Some(tuple) => tuple.iter().collect(),
            None => return None,
        },
        arguments => arguments.iter().collect(),
    };
    if sizes.is_empty() {
        return None;
    }
    sizes.into_iter().try_fold(1_i64, |product, size| product.checked_mul(whole(flow, size, 8)?))
}

/// A whole number that is written out: `4096`, `2 * 1024**3`.
fn whole<'a>(flow: &Flow<'a>, expression: &'a Expr, depth: u8) -> Option<i64> {
    let depth = depth.checked_sub(1)?;
    match flow.follow(expression)? {
        Expr::NumberLiteral(number) => match &number.value {
            Number::Int(integer) => integer.as_i64(),
            _ => None,
        },
        Expr::BinOp(binary) => {
            let (left, right) = (whole(flow, &binary.left, depth)?, whole(flow, &binary.right, depth)?);
            match binary.op {
                Operator::Add => left.checked_add(right),
                Operator::Sub => left.checked_sub(right),
                Operator::Mult => left.checked_mul(right),
                Operator::Pow => left.checked_pow(u32::try_from(right).ok()?),
                Operator::LShift if (0..40).contains(&right) => left.checked_mul(1 << right),
                _ => None,
            }
        }
        _ => None,
    }
}
