//! One kernel: its parameters, what it assigns, what it calls, and the Python in it that Triton refuses.

mod walk;

use ruff_python_ast::{self as ast, Expr};
use ruff_text_size::TextRange;

use self::walk::Walk;
use super::modules::{Modules, is_constexpr};
use super::tuning::Tuning;
use crate::by_name::ByName;

/// A function under `triton.jit`.
#[derive(Debug)]
pub(crate) struct Kernel<'a> {
    pub(crate) name: &'a str,
    pub(crate) function: &'a ast::StmtFunctionDef,
    pub(crate) parameters: Vec<Parameter<'a>>,
    /// Whether host code launches it, in sight.
    pub(crate) launched: bool,
    pub(crate) tuning: Option<Tuning<'a>>,
    /// What each name is assigned, in text order.
    pub(crate) assigned: Vec<(&'a str, Assigned<'a>)>,
    /// The same by name: places in `assigned`.
    by_name: ByName<'a, usize>,
    /// The calls in it, in text order.
    pub(crate) calls: Vec<DeviceCall<'a>>,
    /// Names that it uses and does not bind.
    pub(crate) free: Vec<FreeName<'a>>,
    /// What Triton's compiler refuses whatever the types are.
    pub(crate) faults: Vec<Fault<'a>>,
    /// Operators, comparisons and subscripts, which tensors do not all have.
    pub(crate) operations: Vec<Operation<'a>>,
    /// Dotted names: `tl.float32`, `tl.math.exp`.
    pub(crate) attributes: Vec<&'a Expr>,
}

/// A parameter of a kernel.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Parameter<'a> {
    pub(crate) name: &'a str,
    pub(crate) range: TextRange,
    pub(crate) annotation: Option<&'a Expr>,
    pub(crate) constexpr: bool,
    pub(crate) default: Option<&'a Expr>,
}

/// What a name is given.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Assigned<'a> {
    /// `name = value`; a `tl.constexpr` where it is annotated so. The range is the name's; it stands alone where an
    /// annotation could be added to it.
    Value { value: &'a Expr, constexpr: bool, range: TextRange, alone: bool },
    /// `name += value`.
    Updated { statement: &'a ast::StmtAugAssign },
    /// One of several names that a value is unpacked into, or that something else binds.
    Unpacked { value: Option<&'a Expr> },
    /// The variable of a loop over `tl.static_range`, or over `range`.
    Counted { call: &'a Expr, fixed: bool },
}

/// A call in a kernel.
#[derive(Debug, Clone, Copy)]
pub(crate) struct DeviceCall<'a> {
    pub(crate) call: &'a ast::ExprCall,
    /// The function of `triton.language`, if it is one.
    pub(crate) language: Option<&'a str>,
    /// The method of something that is no module.
    pub(crate) method: Option<&'a str>,
    /// Whether it stands in a branch that may never be compiled.
    pub(crate) conditional: bool,
    /// How many loops it stands in.
    pub(crate) loops: u8,
}

/// A name that a kernel takes from elsewhere.
#[derive(Debug, Clone, Copy)]
pub(crate) struct FreeName<'a> {
    pub(crate) name: &'a str,
    pub(crate) range: TextRange,
    pub(crate) conditional: bool,
}

/// Something that Triton's compiler refuses.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Fault<'a> {
    pub(crate) what: Refused<'a>,
    pub(crate) range: TextRange,
    pub(crate) conditional: bool,
}

/// What is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Refused<'a> {
    /// A statement or an expression of this name.
    Syntax(&'static str),
    /// `break` and `continue`.
    Jump(&'static str),
    /// A loop over something else than `range`.
    LoopOver,
    /// `else` behind a loop.
    LoopElse,
    /// `x[0] = value`.
    ElementStore,
    /// `x.name = value`.
    AttributeStore,
    /// `a = b = value`.
    ChainedAssignment,
    /// `a, *b = value`.
    StarredTarget,
    /// A list comprehension, which Triton knows over tuples since 3.5.
    ListComprehension,
    /// `name := value`, which Triton knows since 3.8.
    Walrus,
    /// `a < b < c`, which Triton knows since 3.9.
    ChainedComparison,
    /// `in` and `not in`.
    Membership,
    /// `a @ b`.
    MatrixOperator,
    /// `import` of this module.
    Import(&'a str),
    /// Text put together: an f-string that is no message.
    Text,
}

/// An operation whose operands decide whether Triton has it.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Operation<'a> {
    Power { expression: &'a ast::ExprBinOp, conditional: bool },
    Subscript { expression: &'a ast::ExprSubscript, conditional: bool },
}

impl<'a> Kernel<'a> {
    pub(crate) fn of(function: &'a ast::StmtFunctionDef, modules: &Modules<'a>) -> Self {
        let parameters: Vec<_> = function
            .parameters
            .iter()
            .map(|any| {
                let parameter = any.as_parameter();
                let annotation = parameter.annotation();
                Parameter {
                    name: parameter.name.id.as_str(),
                    range: parameter.range,
                    annotation,
                    constexpr: annotation.is_some_and(is_constexpr),
                    default: any.default(),
                }
            })
            .collect();
        let bare = Self {
            name: function.name.id.as_str(),
            function,
            parameters,
            launched: false,
            tuning: Tuning::of(function, modules),
            assigned: Vec::new(),
            by_name: ByName::from_iter([]),
            calls: Vec::new(),
            free: Vec::new(),
            faults: Vec::new(),
            operations: Vec::new(),
            attributes: Vec::new(),
        };
        let mut kernel = Walk::through(&function.body, bare, modules);
        kernel.by_name = kernel.assigned.iter().zip(0..).map(|((name, _), at)| (*name, at)).collect();
        let Self { free, parameters, by_name, .. } = &mut kernel;
        free.retain(|used| {
            !by_name.contains(used.name) && !parameters.iter().any(|parameter| parameter.name == used.name)
        });
        kernel
    }

    /// A parameter by its name.
    pub(crate) fn parameter(&self, name: &str) -> Option<&Parameter<'a>> {
        self.parameters.iter().find(|parameter| parameter.name == name)
    }

    /// All that a name is given in the body.
    pub(crate) fn given(&self, name: &str) -> impl Iterator<Item = &Assigned<'a>> {
        self.by_name.all(name).iter().map(|(_, at)| &self.assigned[*at].1)
    }

    /// What a name is assigned, if that happens once and plainly and it is no parameter.
    pub(crate) fn value(&self, name: &str) -> Option<&'a Expr> {
        let [(_, at)] = *self.by_name.all(name) else { return None };
        match self.assigned[at].1 {
            Assigned::Value { value, .. } if self.parameter(name).is_none() => Some(value),
            _ => None,
        }
    }

    /// Whether the body binds a name.
    pub(crate) fn binds(&self, name: &str) -> bool {
        self.by_name.contains(name)
    }

    /// The calls of one function of `triton.language`.
    pub(crate) fn calls_of(&self, name: &str) -> impl Iterator<Item = &DeviceCall<'a>> {
        self.calls.iter().filter(move |call| call.language == Some(name))
    }
}

/// An argument of a call, by its place or by its name.
pub(crate) fn argument<'a>(call: &'a ast::ExprCall, place: usize, name: &str) -> Option<&'a Expr> {
    let before = call.arguments.args.iter().take(place + 1);
    if before.clone().any(Expr::is_starred_expr) {
        return None;
    }
    call.arguments.args.get(place).or_else(|| keyword(call, name))
}

/// A keyword argument of a call.
pub(crate) fn keyword<'a>(call: &'a ast::ExprCall, name: &str) -> Option<&'a Expr> {
    let named = |keyword: &&ast::Keyword| keyword.arg.as_ref().is_some_and(|arg| arg.id.as_str() == name);
    call.arguments.keywords.iter().find(named).map(|keyword| &keyword.value)
}

/// Whether a call has arguments that are not written out.
pub(crate) fn spreads(call: &ast::ExprCall) -> bool {
    call.arguments.args.iter().any(Expr::is_starred_expr)
        || call.arguments.keywords.iter().any(|keyword| keyword.arg.is_none())
}
