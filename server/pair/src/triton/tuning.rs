//! What a kernel's `triton.autotune` and `triton.heuristics` say.

use ruff_python_ast::{self as ast, Expr};
use ruff_text_size::TextRange;

use super::kernel::keyword;
use super::modules::Modules;

/// A kernel's autotuner and heuristics.
#[derive(Debug, Default)]
pub(crate) struct Tuning<'a> {
    /// The names that the tuner's choice is remembered by; none where they are not written out.
    pub(crate) keys: Option<Vec<(&'a str, TextRange)>>,
    /// The list of keys.
    pub(crate) key_list: Option<&'a Expr>,
    /// The configurations that are written out.
    pub(crate) configs: Vec<Config<'a>>,
    /// Whether there may be others.
    pub(crate) open: bool,
    /// Whether there is an autotuner.
    pub(crate) tuned: bool,
    /// Whether a function prunes the configurations first, which may make others.
    pub(crate) remade: bool,
    /// The tensors that are zeroed or restored between trials.
    pub(crate) touched: Vec<(&'a str, TextRange)>,
    /// The parameters that heuristics give.
    pub(crate) heuristics: Vec<&'a str>,
}

/// One `triton.Config`.
#[derive(Debug)]
pub(crate) struct Config<'a> {
    /// The parameters that it gives.
    pub(crate) given: Vec<(&'a str, &'a Expr, TextRange)>,
}

impl<'a> Tuning<'a> {
    /// Reads the decorators of a kernel.
    pub(super) fn of(function: &'a ast::StmtFunctionDef, modules: &Modules<'a>) -> Option<Self> {
        let mut tuning = Self::default();
        let mut any = false;
        for decorator in &function.decorator_list {
            let Expr::Call(call) = &decorator.expression else { continue };
            if modules.is_triton(&call.func, "autotune") {
                any = true;
                tuning.tuned = true;
                tuning.read(call, modules);
            } else if modules.is_triton(&call.func, "heuristics") {
                any = true;
                let values = call.arguments.args.first().or_else(|| keyword(call, "values"));
                if let Some(Expr::Dict(values)) = values {
                    let names = values.items.iter().filter_map(|item| text(item.key.as_ref()?));
                    tuning.heuristics.extend(names.map(|(name, _)| name));
                } else {
                    tuning.open = true;
                }
            }
        }
        any.then_some(tuning)
    }

    fn read(&mut self, call: &'a ast::ExprCall, modules: &Modules<'a>) {
        let configs = call.arguments.args.first().or_else(|| keyword(call, "configs"));
        match configs {
            Some(Expr::List(ast::ExprList { elts, .. }) | Expr::Tuple(ast::ExprTuple { elts, .. })) => {
                for element in elts {
                    match Config::of(element, modules) {
                        Some(config) => self.configs.push(config),
                        None => self.open = true,
                    }
                }
            }
            _ => self.open = true,
        }
        self.remade = match keyword(call, "prune_configs_by") {
            Some(Expr::Dict(prune)) => prune.items.iter().any(|item| {
                item.key.as_ref().and_then(text).is_none_or(|(key, _)| key == "early_config_prune")
            }),
            Some(Expr::NoneLiteral(_)) | None => false,
            Some(_) => true,
        };
        for list in ["reset_to_zero", "restore_value"] {
            if let Some(Expr::List(ast::ExprList { elts, .. }) | Expr::Tuple(ast::ExprTuple { elts, .. })) =
                keyword(call, list)
            {
                self.touched.extend(elts.iter().filter_map(text));
            }
        }
        let keys = call.arguments.args.get(1).or_else(|| keyword(call, "key"));
        if let Some(Expr::List(ast::ExprList { elts, .. }) | Expr::Tuple(ast::ExprTuple { elts, .. })) = keys
        {
            self.keys = elts.iter().map(text).collect();
            self.key_list = keys;
        }
    }

    /// Whether a configuration or a heuristic gives a parameter.
    pub(crate) fn gives(&self, name: &str) -> bool {
        self.heuristics.contains(&name)
            || self.configs.iter().any(|config| config.given.iter().any(|(given, ..)| *given == name))
    }
}

impl<'a> Config<'a> {
    fn of(expression: &'a Expr, modules: &Modules<'a>) -> Option<Self> {
        let Expr::Call(call) = expression else { return None };
        if !modules.is_triton(&call.func, "Config") {
            return None;
        }
        let given = match call.arguments.args.first().or_else(|| keyword(call, "kwargs"))? {
            Expr::Dict(values) => values
                .items
                .iter()
                .map(|item| {
                    let (name, range) = text(item.key.as_ref()?)?;
                    Some((name, &item.value, range))
                })
                .collect::<Option<_>>()?,
            Expr::Call(made) if matches!(&*made.func, Expr::Name(name) if name.id == "dict") => made
                .arguments
                .keywords
                .iter()
                .map(|keyword| {
                    let name = keyword.arg.as_ref()?;
                    Some((name.id.as_str(), &keyword.value, name.range))
                })
                .collect::<Option<_>>()?,
            _ => return None,
        };
        Some(Self { given })
    }
}

fn text(expression: &Expr) -> Option<(&str, TextRange)> {
    match expression {
        Expr::StringLiteral(text) => Some((text.value.to_str(), text.range)),
        _ => None,
    }
}
