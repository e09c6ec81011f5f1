//! The function, or the module, that a block is about: its name and what it takes.

use ruff_python_ast::{self as ast, Expr};
use ruff_text_size::Ranged;

use crate::block::BlockKind;
use crate::file::File;
use crate::outline::{Callable, What, method};
use crate::pair_file::slice;

/// What a reference, or a candidate, takes.
pub(super) struct Subject<'a> {
    pub(super) name: &'a str,
    /// The parameters of the function, or of the module's `forward`.
    pub(super) parameters: Vec<Parameter<'a>>,
    /// The parameters of the module's `__init__`, if it is one.
    pub(super) init: Option<Vec<Parameter<'a>>>,
}

/// One parameter, with its annotation and its default as they are written.
pub(super) struct Parameter<'a> {
    pub(super) name: &'a str,
    pub(super) annotation: Option<&'a str>,
    /// `None` as text where it means something here alone.
    pub(super) default: Option<&'a str>,
    pub(super) keyword_only: bool,
}

/// The function, or the module, that a block is about: even where the other block is not there yet.
pub(crate) fn callable<'a>(file: &File<'a>, kind: BlockKind) -> Option<Callable<'a>> {
    let section = file.sound(kind)?;
    let outline = &section.outline;
    let (module, found) = match (&file.entry, kind) {
        (Some(Ok(entry)), BlockKind::Python) => ("Model", Some(entry.reference)),
        (Some(Ok(entry)), BlockKind::Triton) => ("ModelNew", Some(entry.candidate)),
        (_, BlockKind::Python) => ("Model", None),
        _ => ("ModelNew", None),
    };
    let function = |one: &&Callable<'_>| {
        !one.triton && !section.names.helpers.contains(one.name) && matches!(one.what, What::Function(_))
    };
    found.or_else(|| outline.callable(module).or_else(|| outline.callables.iter().rfind(function)).copied())
}

/// What a block's function, or its module, takes.
pub(super) fn subject<'a>(file: &'a File<'_>, kind: BlockKind) -> Option<Subject<'a>> {
    let found = callable(file, kind)?;
    match found.what {
        What::Function(function) => {
            Some(Subject { name: found.name, parameters: parameters(file, function, 0), init: None })
        }
        What::Class(class) => {
            let init =
                method(class, "__init__").map(|function| parameters(file, function, 1)).unwrap_or_default();
            let forward = method(class, "forward")?;
            Some(Subject { name: found.name, parameters: parameters(file, forward, 1), init: Some(init) })
        }
        What::Alias(_) => None,
    }
}

fn parameters<'a>(file: &'a File<'_>, function: &'a ast::StmtFunctionDef, skip: usize) -> Vec<Parameter<'a>> {
    let all = &function.parameters;
    let text = |one: &Expr| slice(file.text, one.range()).unwrap_or_default();
    let read = |one: &'a ast::ParameterWithDefault, keyword_only| Parameter {
        name: one.name().id.as_str(),
        annotation: one.annotation().map(text),
        default: one.default().map(|default| if is_literal(default) { text(default) } else { "None" }),
        keyword_only,
    };
    let positional = all.posonlyargs.iter().chain(&all.args).skip(skip).map(|one| read(one, false));
    positional.chain(all.kwonlyargs.iter().map(|one| read(one, true))).collect()
}

/// Whether an expression means the same everywhere.
fn is_literal(value: &Expr) -> bool {
    match value {
        Expr::UnaryOp(unary) => is_literal(&unary.operand),
        other => other.is_literal_expr(),
    }
}

/// The parameters as another function takes them: names, and defaults that mean the same everywhere.
pub(super) fn list(parameters: &[Parameter<'_>], before: &str) -> String {
    let mut parts: Vec<String> = if before.is_empty() { Vec::new() } else { vec![before.to_owned()] };
    let mut starred = false;
    for parameter in parameters {
        if parameter.keyword_only && !starred {
            starred = true;
            parts.push("*".to_owned());
        }
        parts.push(match parameter.default {
            Some(default) => format!("{}={default}", parameter.name),
            None => parameter.name.to_owned(),
        });
    }
    parts.join(", ")
}
