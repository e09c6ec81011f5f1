//! FW419: an argument that the candidate never reads.

use ruff_python_ast::visitor::{Visitor, walk_expr, walk_stmt};
use ruff_python_ast::{self as ast, CmpOp, Expr, ExprContext, ParameterWithDefault, Stmt};
use ruff_text_size::Ranged;
use rustc_hash::{FxHashMap, FxHashSet};

use crate::block::BlockKind;
use crate::diagnostic::{Diagnostic, Severity};
use crate::file::File;
use crate::outline::{Callable, Outline, What, method};
use crate::rules::{About, Rule};

pub(in crate::rules) const ABOUT: About = About {
    rule: Rule::IgnoredArgument,
    code: "FW419",
    name: "ignored-argument",
    severity: Severity::Error,
    summary: "The reference computes with an argument that the candidate never reads.",
    why: "A kernel that never sees an argument is right for the values alone that TEST happens to give: for a bias of \
          zeros, for one mode, for one epsilon. Of a tensor that is an error; of a number, a flag or a text it is a \
          warning, since a kernel may be written for one setting. What is handed to a helper or a kernel that never \
          reads it counts as never read; to compare it, or to refuse other values, counts as reading. Checks and shapes \
          in the reference, and what concerns training alone, ask nothing of the candidate.",
    fix: None,
    bad: include_str!("../examples/FW419-bad.py"),
    good: include_str!("../examples/FW419-good.py"),
};

pub(in crate::rules) fn check(file: &File<'_>, found: &mut Vec<Diagnostic>) {
    let (Some(python), Some(triton)) = (file.sound(BlockKind::Python), file.sound(BlockKind::Triton)) else {
        return;
    };
    let Some(Ok(entry)) = &file.entry else { return };
    // Who computes elsewhere needs no argument here, and is told so.
    if found.iter().any(|other| other.rule.is_about_trust() && other.severity == Severity::Error) {
        return;
    }
    let (Some(reference), Some(candidate)) =
        (called(&python.outline, &entry.reference), called(&triton.outline, &entry.candidate))
    else {
        return;
    };
    // A wrapper that is yet to be written.
    let is_stub = |statement: &Stmt| match statement {
        Stmt::Raise(_) | Stmt::Pass(_) => true,
        Stmt::Expr(text) => text.value.is_literal_expr(),
        _ => false,
    };
    if candidate.function.body.iter().all(is_stub) {
        return;
    }
    let mut wanted = Reads::of(&python.outline, true);
    let wanted = wanted.of_function(reference.function);
    let mut taken = Reads::of(&triton.outline, false);
    let taken = taken.of_function(candidate.function);
    for (place, parameter) in candidate.positional().enumerate() {
        let Some(twin) = reference.positional().nth(place) else { break };
        let (name, other) = (parameter.name().id.as_str(), twin.name().id.as_str());
        let of_training =
            [name, other].iter().any(|name| OF_TRAINING.contains(name) || name.starts_with('_'));
        if of_training || taken.contains(name) || !wanted.contains(other) {
            continue;
        }
        let (one, both) = (entry.candidate.name, entry.reference.name);
        let is_tensor = file.deeds.inputs_are_tensors.get(place) == Some(&true);
        let (severity, message) = if is_tensor {
            (
                Severity::Error,
                format!("`{one}` never reads `{name}`, and `{both}` computes with it: hand it to the kernel"),
            )
        } else {
            (
                Severity::Warning,
                format!(
                    "`{one}` never reads `{name}`, and `{both}` does: use it, refuse the values that the kernel is not \
                     written for, or take it out of both"
                ),
            )
        };
        found.push(
            Diagnostic::new(Rule::IgnoredArgument, parameter.name().range(), message).with_severity(severity),
        );
    }
}

/// Arguments that change nothing, or nothing but what is random.
const OF_TRAINING: &[&str] = &["generator", "inplace", "is_training", "train", "training"];

/// What is called with the inputs.
struct Called<'a> {
    function: &'a ast::StmtFunctionDef,
    /// How many of its parameters are no inputs: `self`, `ctx`.
    own: usize,
}

impl<'a> Called<'a> {
    fn positional(&self) -> impl Iterator<Item = &'a ParameterWithDefault> {
        let parameters = &self.function.parameters;
        parameters.posonlyargs.iter().chain(&parameters.args).skip(self.own)
    }
}

fn called<'a>(outline: &Outline<'a>, callable: &Callable<'a>) -> Option<Called<'a>> {
    match callable.what {
        What::Function(function) => Some(Called { function, own: 0 }),
        What::Class(class) => Some(Called { function: method(class, "forward")?, own: 1 }),
        What::Alias(Expr::Attribute(apply)) if apply.attr == *"apply" => applied(outline, &apply.value),
        What::Alias(_) => None,
    }
}

/// The `forward` of an autograd function.
fn applied<'a>(outline: &Outline<'a>, class: &Expr) -> Option<Called<'a>> {
    let Expr::Name(name) = class else { return None };
    let What::Class(class) = outline.callable(name.id.as_str())?.what else { return None };
    let own = usize::from(method(class, "setup_context").is_none());
    Some(Called { function: method(class, "forward")?, own })
}

/// Which of their parameters a block's functions read.
struct Reads<'o, 'a> {
    outline: &'o Outline<'a>,
    /// Whether checks, shapes and what concerns training alone count for nothing.
    values_alone: bool,
    /// The names that a function reads, by its offset; none while it is being read.
    known: FxHashMap<u32, Option<FxHashSet<&'a str>>>,
}

impl<'o, 'a> Reads<'o, 'a> {
    fn of(outline: &'o Outline<'a>, values_alone: bool) -> Self {
        Self { outline, values_alone, known: FxHashMap::default() }
    }

    fn of_function(&mut self, function: &'a ast::StmtFunctionDef) -> FxHashSet<&'a str> {
        self.read(function);
        self.known.remove(&function.range.start().to_u32()).flatten().unwrap_or_default()
    }

    fn read(&mut self, function: &'a ast::StmtFunctionDef) {
        let key = function.range.start().to_u32();
        if self.known.contains_key(&key) {
            return;
        }
        self.known.insert(key, None);
        let parameters = function.parameters.iter().map(|parameter| parameter.name().id.as_str()).collect();
        let mut names = Names { reads: self, parameters, read: FxHashSet::default(), nesting: 0 };
        names.visit_body(&function.body);
        let names = names.read;
        self.known.insert(key, Some(names));
    }

    /// Whether a function reads what it is handed at a place or by a name.
    fn takes(&mut self, called: &Called<'a>, place: Place<'_>) -> bool {
        let parameters = &called.function.parameters;
        let parameter = match place {
            Place::At(at) => called.positional().nth(at),
            Place::Named(name) => {
                parameters.iter_non_variadic_params().find(|parameter| parameter.name().id == *name)
            }
        };
        let Some(parameter) = parameter else { return true };
        self.read(called.function);
        match self.known.get(&called.function.range.start().to_u32()) {
            Some(Some(names)) => names.contains(parameter.name().id.as_str()),
            // It calls itself.
            _ => true,
        }
    }

    /// The block's own function that is called: a function, a kernel behind its grid, an autograd function.
    fn callee(&self, called: &Expr) -> Option<Called<'a>> {
        let name = match called {
            Expr::Name(name) => name,
            Expr::Subscript(launch) => launch.value.as_name_expr()?,
            Expr::Attribute(apply) if apply.attr == *"apply" => return applied(self.outline, &apply.value),
            _ => return None,
        };
        let callable = self.outline.callable(name.id.as_str())?;
        match callable.what {
            // A decorator may do anything with what it is given.
            What::Function(function) if callable.triton || !callable.decorated => {
                Some(Called { function, own: 0 })
            }
            _ => None,
        }
    }
}

/// Where an argument is handed over.
#[derive(Clone, Copy)]
enum Place<'n> {
    At(usize),
    Named(&'n str),
}

/// Gathers the names that a function reads.
struct Names<'r, 'o, 'a> {
    reads: &'r mut Reads<'o, 'a>,
    parameters: Vec<&'a str>,
    read: FxHashSet<&'a str>,
    nesting: u32,
}

impl<'a> Names<'_, '_, 'a> {
    fn call(&mut self, call: &'a ast::ExprCall) {
        self.function(&call.func);
        let last = match &*call.func {
            Expr::Name(name) => name.id.as_str(),
            Expr::Attribute(attribute) => attribute.attr.as_str(),
            _ => "",
        };
        let is_open = call.arguments.args.iter().any(Expr::is_starred_expr);
        let callee = self.reads.callee(&call.func).filter(|_| !is_open);
        let values_alone = self.reads.values_alone;
        for (at, argument) in call.arguments.args.iter().enumerate() {
            let is_idle = values_alone
                && argument.is_name_expr()
                && (ASKS_FOR_SHAPE.contains(&last) || last.contains("dropout") && at > 0);
            let is_dropped = is_idle || self.is_dropped(callee.as_ref(), argument, Place::At(at));
            if !is_dropped {
                self.visit_expr(argument);
            }
        }
        for keyword in &call.arguments.keywords {
            let name = keyword.arg.as_ref().map(ast::Identifier::as_str);
            let is_dropped = name.is_some_and(|name| {
                values_alone && (OF_TRAINING.contains(&name) || last.contains("dropout") && name != "input")
                    || self.is_dropped(callee.as_ref(), &keyword.value, Place::Named(name))
            });
            if !is_dropped {
                self.visit_expr(&keyword.value);
            }
        }
    }

    /// What is called; a kernel's grid is read.
    fn function(&mut self, function: &'a Expr) {
        if let Expr::Attribute(attribute) = function
            && self.reads.values_alone
            && attribute.value.is_name_expr()
            && OF_SHAPE.contains(&attribute.attr.as_str())
        {
            return;
        }
        self.visit_expr(function);
    }

    fn is_dropped(&mut self, callee: Option<&Called<'a>>, argument: &Expr, place: Place<'_>) -> bool {
        argument.is_name_expr() && callee.is_some_and(|callee| !self.reads.takes(callee, place))
    }
}

impl<'a> Visitor<'a> for Names<'_, '_, 'a> {
    fn visit_stmt(&mut self, statement: &'a Stmt) {
        match statement {
            Stmt::Assert(_) if self.reads.values_alone => return,
            Stmt::If(check) if self.reads.values_alone && check.body.iter().all(Stmt::is_raise_stmt) => {
                for clause in &check.elif_else_clauses {
                    self.visit_elif_else_clause(clause);
                }
                return;
            }
            // `_ = eps`, `_unused = eps, mode`.
            Stmt::Assign(assign) => {
                let names = |value: &Expr| match value {
                    Expr::Tuple(tuple) => tuple.elts.iter().all(Expr::is_name_expr),
                    value => value.is_name_expr(),
                };
                let idle = |target: &Expr| matches!(target, Expr::Name(name) if name.id.starts_with('_'));
                if assign.targets.iter().all(idle) && names(&assign.value) {
                    return;
                }
            }
            _ => {}
        }
        walk_stmt(self, statement);
    }

    fn visit_expr(&mut self, expression: &'a Expr) {
        let values_alone = self.reads.values_alone;
        match expression {
            Expr::Name(name) if name.ctx == ExprContext::Load => {
                self.read.insert(name.id.as_str());
            }
            Expr::Call(call) => {
                // What asks for all names by themselves reads all.
                if matches!(&*call.func, Expr::Name(name) if matches!(name.id.as_str(), "locals" | "vars" | "eval"))
                {
                    self.read.extend(self.parameters.iter().copied());
                }
                let checks = matches!(&*call.func, Expr::Name(name) if matches!(name.id.as_str(), "isinstance" | "len" | "type"));
                if values_alone && checks {
                    return;
                }
                self.nesting += 1;
                if self.nesting.is_multiple_of(16) {
                    stacker::maybe_grow(512 << 10, 2 << 20, || self.call(call));
                } else {
                    self.call(call);
                }
                self.nesting -= 1;
            }
            Expr::Attribute(attribute)
                if values_alone
                    && attribute.value.is_name_expr()
                    && OF_SHAPE.contains(&attribute.attr.as_str()) => {}
            Expr::Compare(compare)
                if values_alone
                    && compare.left.is_name_expr()
                    && matches!(compare.ops[..], [CmpOp::Is | CmpOp::IsNot]) => {}
            _ => walk_expr(self, expression),
        }
    }
}

/// What a tensor is asked for that is none of its numbers.
const OF_SHAPE: &[&str] = &[
    "device",
    "dim",
    "dtype",
    "element_size",
    "is_contiguous",
    "is_cuda",
    "ndim",
    "numel",
    "requires_grad",
    "shape",
    "size",
    "stride",
];

/// Functions that take a tensor for its shape or its dtype.
const ASKS_FOR_SHAPE: &[&str] = &[
    "empty_like",
    "expand_as",
    "full_like",
    "ones_like",
    "rand_like",
    "randn_like",
    "reshape_as",
    "type_as",
    "view_as",
    "zeros_like",
];
