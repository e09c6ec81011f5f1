//! What a function accepts.

use ruff_python_ast::{Expr, Number, Parameters, StmtClassDef, UnaryOp};

use crate::outline::{Callable, Outline, What, method};

/// The parameters of a callable, as a caller sees them.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Signature {
    pub(crate) positional: Vec<Parameter>,
    pub(crate) any_positional: bool,
    pub(crate) keyword_only: Vec<Parameter>,
}

/// One parameter.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Parameter {
    pub(crate) name: String,
    pub(crate) default: Option<Default>,
}

/// A default value, as far as it can be compared without running anything.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Default {
    Number(f64),
    Text(String),
    Truth(bool),
    Nothing,
    Other,
}

impl Signature {
    /// What a callable of a block accepts, where that can be told.
    pub(crate) fn of(outline: &Outline<'_>, callable: &Callable<'_>) -> Option<Self> {
        Self::follow(outline, callable, 8)
    }

    fn follow(outline: &Outline<'_>, callable: &Callable<'_>, depth: u8) -> Option<Self> {
        match callable.what {
            What::Function(function) => Some(Self::of_parameters(&function.parameters, 0)),
            What::Class(class) => Self::of_method(class, "forward"),
            What::Alias(value) => Self::of_value(outline, value, depth.checked_sub(1)?),
        }
    }

    fn of_value(outline: &Outline<'_>, value: &Expr, depth: u8) -> Option<Self> {
        let depth = depth.checked_sub(1)?;
        match value {
            Expr::Lambda(lambda) => Some(
                lambda
                    .parameters
                    .as_ref()
                    .map(|parameters| Self::of_parameters(parameters, 0))
                    .unwrap_or_default(),
            ),
            Expr::Name(name) => Self::follow(outline, outline.callable(name.id.as_str())?, depth),
            Expr::Attribute(attribute) if attribute.attr.id == "apply" => {
                let Expr::Name(name) = &*attribute.value else { return None };
                let What::Class(class) = outline.callable(name.id.as_str())?.what else { return None };
                // The first parameter of an autograd function's `forward` is its context, if it has one.
                let forward = method(class, "forward")?;
                let has_context = method(class, "setup_context").is_none();
                Some(Self::of_parameters(&forward.parameters, usize::from(has_context)))
            }
            Expr::Call(call) => {
                let path = outline.path(&call.func)?;
                let last = path.rsplit('.').next().unwrap_or(&path);
                match last {
                    "compile" | "script" | "no_grad" | "inference_mode" | "cache" | "lru_cache" => {
                        Self::of_value(outline, call.arguments.args.first()?, depth)
                    }
                    _ => match &*call.func {
                        Expr::Name(name) => {
                            if let What::Class(class) = outline.callable(name.id.as_str())?.what {
                                return Self::of_method(class, "forward");
                            }
                            let made = outline.made_by(call)?;
                            Some(Self::of_parameters(&made.parameters, 0))
                        }
                        _ => None,
                    },
                }
            }
            _ => None,
        }
    }

    /// What a method accepts after `self`.
    pub(crate) fn of_method(class: &StmtClassDef, name: &str) -> Option<Self> {
        method(class, name).map(|function| Self::of_parameters(&function.parameters, 1))
    }

    fn of_parameters(parameters: &Parameters, skip: usize) -> Self {
        let read = |parameter: &ruff_python_ast::ParameterWithDefault| Parameter {
            name: parameter.name().id.to_string(),
            default: parameter.default().map(Default::of),
        };
        Self {
            positional: parameters.posonlyargs.iter().chain(&parameters.args).skip(skip).map(read).collect(),
            any_positional: parameters.vararg.is_some(),
            keyword_only: parameters.kwonlyargs.iter().map(read).collect(),
        }
    }

    /// The fewest positional arguments that it accepts.
    pub(crate) fn least(&self) -> usize {
        self.positional.iter().take_while(|parameter| parameter.default.is_none()).count()
    }

    /// The most positional arguments that it accepts.
    pub(crate) fn most(&self) -> usize {
        if self.any_positional { usize::MAX } else { self.positional.len() }
    }

    /// The names of all parameters.
    pub(crate) fn names(&self) -> Vec<String> {
        self.positional.iter().chain(&self.keyword_only).map(|parameter| parameter.name.clone()).collect()
    }
}

impl Default {
    fn of(value: &Expr) -> Self {
        match value {
            Expr::NumberLiteral(number) => match &number.value {
                Number::Int(integer) => {
                    // Both sides are read alike, so a number too large for `f64` cannot make a difference appear.
                    integer.to_string().parse().map_or(Self::Other, Self::Number)
                }
                Number::Float(float) => Self::Number(*float),
                Number::Complex { .. } => Self::Other,
            },
            Expr::UnaryOp(unary) if unary.op == UnaryOp::USub => match Self::of(&unary.operand) {
                Self::Number(number) => Self::Number(-number),
                _ => Self::Other,
            },
            Expr::StringLiteral(text) => Self::Text(text.value.to_str().to_owned()),
            Expr::BooleanLiteral(truth) => Self::Truth(truth.value),
            Expr::NoneLiteral(_) => Self::Nothing,
            _ => Self::Other,
        }
    }

    /// Whether two defaults are certainly different.
    pub(crate) fn differs(&self, other: &Self) -> bool {
        *self != Self::Other && *other != Self::Other && self != other
    }
}
