//! FW206: inputs that are not made on the GPU.

use ruff_python_ast::token::TokenKind;
use ruff_python_ast::{Expr, ExprCall, UnaryOp};
use ruff_text_size::{Ranged, TextSize};

use super::{About, Rule};
use crate::block::BlockKind;
use crate::diagnostic::{Diagnostic, Edit, Fix, Severity};
use crate::file::File;
use crate::flow::Flow;
use crate::inputs::Inputs;
use crate::outline::Outline;
use crate::pair_file::slice;

pub(super) const ABOUT: About = About {
    rule: Rule::InputsNotOnCuda,
    code: "FW206",
    name: "inputs-not-on-cuda",
    severity: Severity::Warning,
    summary: "An input is made on the CPU and handed over there.",
    why: "A Triton kernel reads the memory of the GPU. `torch.randn(…)` without `device=` makes a tensor on the CPU, \
          and the launch fails. The rule follows plain assignments only; what goes through helpers is left alone.",
    fix: Some("Adds `device=\"cuda\"` to the call, or changes a `device=\"cpu\"` to it."),
    bad: include_str!("examples/FW206-bad.py"),
    good: include_str!("examples/FW206-good.py"),
};

/// Functions of torch that make a tensor on the default device.
const FACTORIES: &[&str] = &[
    "torch.arange",
    "torch.empty",
    "torch.eye",
    "torch.full",
    "torch.linspace",
    "torch.logspace",
    "torch.ones",
    "torch.rand",
    "torch.randint",
    "torch.randn",
    "torch.randperm",
    "torch.tensor",
    "torch.zeros",
];

/// Methods whose result is where their tensor is.
const STAYING: &[&str] = &[
    "abs",
    "bfloat16",
    "bool",
    "clamp",
    "clamp_",
    "clone",
    "contiguous",
    "detach",
    "div",
    "div_",
    "double",
    "exp",
    "expand",
    "flatten",
    "float",
    "half",
    "int",
    "long",
    "mul",
    "mul_",
    "neg",
    "normal_",
    "permute",
    "pow",
    "repeat",
    "requires_grad_",
    "reshape",
    "sigmoid",
    "softmax",
    "sqrt",
    "squeeze",
    "t",
    "tanh",
    "transpose",
    "tril",
    "triu",
    "uniform_",
    "unsqueeze",
    "view",
];

pub(super) fn check(file: &File<'_>, found: &mut Vec<Diagnostic>) {
    let Some(test) = file.sound(BlockKind::Test) else { return };
    let places = [Some(test.block.content), file.main];
    let code = || places.iter().flatten().filter_map(|place| slice(file.text, *place));
    let elsewhere =
        ["set_default_device", "set_default_tensor_type", "with torch.device", "torch.cuda.device("];
    if code().any(|code| elsewhere.iter().any(|setting| code.contains(setting))) {
        return;
    }
    // Whoever runs modules moves them and their inputs to the GPU.
    if matches!(file.inputs, Some(Inputs::GetInputs(_))) {
        return;
    }
    let Some(flow) = Flow::of(file) else { return };
    let mut told: Vec<TextSize> = Vec::new();
    let quote = if code().any(|code| code.contains("'cuda'")) { '\'' } else { '"' };
    for given in &flow.given {
        let single = std::slice::from_ref(*given);
        for element in flow.elements(given).unwrap_or(single) {
            let Some(made) = made_on_cpu(&flow, &test.outline, element, 8) else { continue };
            let call = made.call();
            if told.contains(&call.start()) {
                continue;
            }
            told.push(call.start());
            let function = slice(file.text, call.func.range()).unwrap_or_default();
            let message = format!("`{function}` makes an input on the CPU: add `device={quote}cuda{quote}`");
            let fix = made.edit(file, quote);
            let fix =
                fix.map(|edit| Fix::safe(format!("Make it with `device={quote}cuda{quote}`"), vec![edit]));
            found.push(Diagnostic::new(Rule::InputsNotOnCuda, call.func.range(), message).with_fix(fix));
        }
    }
}

/// A call that makes a tensor on the CPU.
#[derive(Clone, Copy)]
enum Made<'a> {
    /// Because it names no device.
    ByDefault(&'a ExprCall),
    /// Because it names this one.
    OnCpu(&'a ExprCall, &'a Expr),
}

impl<'a> Made<'a> {
    fn call(self) -> &'a ExprCall {
        match self {
            Self::ByDefault(call) | Self::OnCpu(call, _) => call,
        }
    }

    fn edit(self, file: &File<'_>, quote: char) -> Option<Edit> {
        // With an error somewhere the tokens are not to be trusted.
        if !file.errors.is_empty() {
            return None;
        }
        let device = format!("{quote}cuda{quote}");
        let call = match self {
            Self::OnCpu(_, named) => return Some(Edit::replace(named.range(), device)),
            Self::ByDefault(call) => call,
        };
        if matches!(&call.arguments.args[..], [Expr::Generator(generator)] if !generator.parenthesized) {
            return None;
        }
        let inside = file.tokens(call.arguments.range);
        let (_, inside) = inside.split_last()?;
        let last = inside.iter().rev().find(|token| !token.kind().is_trivia())?;
        let text = match last.kind() {
            TokenKind::Lpar if inside.len() == 1 || call.arguments.is_empty() => format!("device={device}"),
            TokenKind::Comma => format!(" device={device}"),
            _ => format!(", device={device}"),
        };
        Some(Edit::insert(last.end(), text))
    }
}

fn made_on_cpu<'a>(flow: &Flow<'a>, outline: &Outline<'a>, value: &'a Expr, depth: u8) -> Option<Made<'a>> {
    let depth = depth.checked_sub(1)?;
    match flow.follow(value)? {
        Expr::Call(call) => {
            if outline.path(&call.func).is_some_and(|path| FACTORIES.contains(&path.as_str())) {
                return factory(call);
            }
            let Expr::Attribute(method) = &*call.func else { return None };
            STAYING
                .contains(&method.attr.as_str())
                .then(|| made_on_cpu(flow, outline, &method.value, depth))?
        }
        Expr::BinOp(operation) => {
            let (left, right) = (&*operation.left, &*operation.right);
            match (left, right) {
                (tensor, Expr::NumberLiteral(_)) | (Expr::NumberLiteral(_), tensor) => {
                    made_on_cpu(flow, outline, tensor, depth)
                }
                _ => {
                    let made = made_on_cpu(flow, outline, left, depth);
                    made.and_then(|made| made_on_cpu(flow, outline, right, depth).map(|_| made))
                }
            }
        }
        Expr::UnaryOp(operation) => made_on_cpu(flow, outline, &operation.operand, depth),
        _ => None,
    }
}

/// Whether a value is one tensor for certain: one that torch makes, and what keeps it one.
pub(super) fn is_one_tensor<'a>(flow: &Flow<'a>, outline: &Outline<'a>, value: &'a Expr, depth: u8) -> bool {
    let Some(depth) = depth.checked_sub(1) else { return false };
    match flow.follow(value) {
        Some(Expr::Call(call)) => {
            let made = outline.path(&call.func).is_some_and(|path| {
                FACTORIES.contains(&path.as_str()) || path.starts_with("torch.") && path.ends_with("_like")
            });
            made || matches!(&*call.func, Expr::Attribute(method)
                if (STAYING.contains(&method.attr.as_str()) || ["cuda", "to"].contains(&method.attr.as_str()))
                    && is_one_tensor(flow, outline, &method.value, depth))
        }
        Some(Expr::BinOp(operation)) => {
            is_one_tensor(flow, outline, &operation.left, depth)
                || is_one_tensor(flow, outline, &operation.right, depth)
        }
        Some(Expr::UnaryOp(operation)) => {
            operation.op != UnaryOp::Not && is_one_tensor(flow, outline, &operation.operand, depth)
        }
        _ => false,
    }
}

fn factory(call: &ExprCall) -> Option<Made<'_>> {
    // A number in a tensor of no dimension may stay on the CPU.
    let scalar = matches!(call.arguments.args.first(), Some(Expr::NumberLiteral(_) | Expr::UnaryOp(_)));
    let of_scalar =
        matches!(&*call.func, Expr::Attribute(attribute) if attribute.attr == *"tensor") && scalar;
    let spread = call.arguments.keywords.iter().any(|keyword| keyword.arg.is_none());
    if of_scalar || spread {
        return None;
    }
    let device = call
        .arguments
        .keywords
        .iter()
        .find(|keyword| keyword.arg.as_ref().is_some_and(|name| name == "device"));
    let Some(device) = device else { return Some(Made::ByDefault(call)) };
    match &device.value {
        Expr::StringLiteral(text) if text.value.to_str() == "cpu" => Some(Made::OnCpu(call, &device.value)),
        _ => None,
    }
}
