//! From a function of any Python file to the beginning of a pair file: the reference with what it needs, and inputs
//! drafted from its signature. The kernel is for others to write.

use ruff_python_ast::{self as ast, Stmt};
use ruff_text_size::{Ranged, TextRange};
use rustc_hash::FxHashSet;

use crate::block::BlockKind;
use crate::builtins::is_builtin;
use crate::outline::{Import, Outline, for_each_branch};
use crate::pair_file::{PairFile, slice};
use crate::scope::Names;
use crate::syntax::{is_future_import, is_main_guard, parse_file, string_statement};

/// Longer texts are searched for no function.
const LONGEST_TEXT: usize = 4 << 20;
/// A longer sentence makes no title.
const LONGEST_TITLE: usize = 80;

/// A pair file without its kernel.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Extracted {
    /// The function's name.
    pub name: String,
    /// The new file: a title, PYTHON and TEST, in the closed style, its lines ended by LF.
    pub text: String,
}

/// Why a function makes no pair.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Obstacle {
    /// There is none in the selection.
    NoFunction,
    /// The file is no Python.
    SyntaxError {
        /// The 1-based line.
        line: usize,
    },
    /// It needs something of the file's own package, which a pair cannot import.
    OwnPackage {
        /// The name that is imported.
        name: String,
    },
    /// It needs a name that the file does not define.
    Unknown {
        /// The name.
        name: String,
    },
}

impl std::fmt::Display for Obstacle {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::NoFunction => {
                f.write_str("no function is selected: select one, or put the cursor on its first line")
            }
            Self::SyntaxError { line } => write!(f, "line {line} is no valid Python: mend it first"),
            Self::OwnPackage { name } => write!(
                f,
                "the function needs `{name}` from its own package, and a pair stands alone: copy what it does into the file \
                 first"
            ),
            Self::Unknown { name } => {
                write!(f, "the function needs `{name}`, which this file neither defines nor imports")
            }
        }
    }
}

impl std::error::Error for Obstacle {}

/// The top-level function that a selection touches, or on whose first line the cursor stands. `None` in a file that does
/// not speak of torch, and for what is a kernel already.
pub fn selected_function(text: &str, selection: TextRange) -> Option<String> {
    if text.len() > LONGEST_TEXT || !text.contains("torch") {
        return None;
    }
    let parsed = parse_file(text);
    selected(parsed.suite(), selection).map(|function| function.name.to_string())
}

/// The beginning of a pair file for the selected function.
pub fn extract(text: &str, selection: TextRange) -> Result<Extracted, Obstacle> {
    if text.len() > LONGEST_TEXT {
        return Err(Obstacle::NoFunction);
    }
    let parsed = parse_file(text);
    if let Some(error) = parsed.errors().iter().min_by_key(|error| error.location.start()) {
        let before = text.get(..error.location.start().to_usize()).unwrap_or(text);
        return Err(Obstacle::SyntaxError { line: before.matches('\n').count() + 1 });
    }
    let function = selected(parsed.suite(), selection).ok_or(Obstacle::NoFunction)?;
    let python = Needed::of(parsed.suite(), function)?.text(text);
    let name = function.name.to_string();
    let begun = format!(
        "\"\"\"Fused Kernels: {}\"\"\"\n\n# <PYTHON>\n{python}# </PYTHON>\n\n# <TEST>\nimport torch\n# </TEST>\n",
        title(function)
    );
    let drafted = PairFile::parse(&*begun).drafted_inputs().and_then(|fix| fix.apply(&begun));
    Ok(Extracted { name, text: drafted.unwrap_or(begun) })
}

fn selected(statements: &[Stmt], selection: TextRange) -> Option<&ast::StmtFunctionDef> {
    let outline = Outline::of(statements);
    let is_reference = |function: &&ast::StmtFunctionDef| {
        !function.is_async && outline.callable(function.name.as_str()).is_some_and(|one| !one.triton)
    };
    let touched = |function: &&ast::StmtFunctionDef| {
        if selection.is_empty() {
            let body = function.body.first().map_or(function.end(), Ranged::start);
            TextRange::new(function.start(), body).contains(selection.start())
        } else {
            function.range.intersect(selection).is_some_and(|common| !common.is_empty())
        }
    };
    let functions = statements.iter().filter_map(|statement| match statement {
        Stmt::FunctionDef(function) => Some(function),
        _ => None,
    });
    // Helpers mostly stand above what they help, and come along by themselves.
    functions.filter(touched).filter(is_reference).last()
}

/// The statements of a file that a function needs.
struct Needed<'a> {
    imports: Vec<String>,
    statements: Vec<&'a Stmt>,
}

impl<'a> Needed<'a> {
    fn of(file: &'a [Stmt], function: &'a ast::StmtFunctionDef) -> Result<Self, Obstacle> {
        let mut imported = Vec::new();
        let mut definitions = Vec::new();
        for statement in file.iter().filter(|one| !is_main_guard(one) && !is_future_import(one)) {
            match statement {
                Stmt::Import(_) | Stmt::ImportFrom(_) => {
                    imported.extend(Outline::of_imports([std::slice::from_ref(statement)]).imports);
                }
                _ => definitions.push((statement, names(statement))),
            }
        }
        let mut names: FxHashSet<&str> = FxHashSet::from_iter([function.name.as_str()]);
        let mut taken = vec![false; definitions.len()];
        loop {
            let next = definitions
                .iter()
                .zip(&taken)
                .position(|((_, one), taken)| !taken && one.bound.iter().any(|name| names.contains(name)));
            let Some(next) = next else { break };
            taken[next] = true;
            names.extend(definitions[next].1.unbound.iter().map(|used| used.name));
        }
        let chosen: Vec<_> =
            definitions.iter().zip(&taken).filter(|(_, taken)| **taken).map(|(one, _)| one).collect();
        let defined: FxHashSet<&str> = chosen.iter().flat_map(|(_, one)| one.bound.iter().copied()).collect();
        let mut imports = Vec::new();
        let mut found = FxHashSet::default();
        for import in imported.iter().filter(|import| import.imported == "*" || names.contains(import.name)) {
            if import.relative {
                return Err(Obstacle::OwnPackage { name: import.imported.to_owned() });
            }
            found.insert(import.name);
            imports.push(import.statement());
        }
        let open_ended = imported.iter().any(|import: &Import<'_>| import.imported == "*");
        let mut wanted: Vec<_> =
            names.iter().filter(|name| !defined.contains(*name) && !found.contains(*name)).collect();
        wanted.sort();
        if let Some(name) = wanted.iter().find(|name| !open_ended && !is_builtin(name)) {
            return Err(Obstacle::Unknown { name: (***name).to_owned() });
        }
        Ok(Self { imports, statements: chosen.into_iter().map(|(statement, _)| *statement).collect() })
    }

    fn text(&self, file: &str) -> String {
        let mut text = self.imports.join("\n");
        text.push_str(if text.is_empty() { "" } else { "\n" });
        let mut after_definition = true;
        for statement in &self.statements {
            let defines = matches!(statement, Stmt::FunctionDef(_) | Stmt::ClassDef(_));
            if !text.is_empty() {
                text.push_str(if defines || after_definition { "\n\n" } else { "" });
            }
            after_definition = defines;
            let source = slice(file, statement.range()).unwrap_or_default();
            text.push_str(&source.replace("\r\n", "\n").replace('\r', "\n"));
            text.push('\n');
        }
        text
    }
}

/// What one statement binds and needs.
fn names(statement: &Stmt) -> Names<'_> {
    let alone = std::slice::from_ref(statement);
    let mut names = Names::of(alone, &Outline::of(alone));
    // What a `try` imports is bound by it too.
    for_each_branch(statement, &mut |branch| {
        names.bound.extend(Outline::of_imports([branch]).imports.iter().map(|import| import.name));
    });
    names
}

/// The docstring's first line where it can stand in another one, else the name in words.
fn title(function: &ast::StmtFunctionDef) -> String {
    let said = function.body.first().and_then(string_statement).and_then(|text| text.trim().lines().next());
    let fits = |line: &&str| !line.is_empty() && line.len() <= LONGEST_TITLE && !line.contains(['"', '\\']);
    if let Some(line) = said.map(str::trim).filter(fits) {
        return line.to_owned();
    }
    let name = function.name.as_str();
    let base = name.strip_suffix("_pytorch").or_else(|| name.strip_suffix("_torch")).unwrap_or(name);
    base.trim_matches('_').replace('_', " ")
}

impl Extracted {
    /// What was extracted, as a pair file.
    pub fn pair(&self) -> PairFile {
        PairFile::parse(&*self.text)
    }

    /// The reference's block.
    pub fn python(&self) -> Option<String> {
        self.pair().code(BlockKind::Python).map(str::to_owned)
    }
}

#[cfg(test)]
mod tests {
    use ruff_text_size::TextSize;

    use super::*;

    const FILE: &str = r#""""A module."""
from __future__ import annotations

import os, math
import torch
from torch.nn import functional as F
from . import config
import triton

SCALE = 2.0
LIMIT: float = SCALE * 3


def _clip(x):
    return x.clamp(max=LIMIT)


def gelu_scaled(x: torch.Tensor, factor: float = 0.5):
    """Scaled GELU."""
    return _clip(F.gelu(x) * factor * math.pi)


def configured(x):
    return x * config.SCALE


def broken(x):
    return x + nowhere


@triton.jit
def kernel(x):
    pass


if __name__ == "__main__":
    gelu_scaled(torch.randn(2))
"#;

    fn at(words: &str, length: usize) -> TextRange {
        let start = FILE.find(words).unwrap();
        TextRange::new(size(start), size(start + length))
    }

    fn size(offset: usize) -> TextSize {
        TextSize::try_from(offset).unwrap()
    }

    #[test]
    fn a_function_becomes_a_pair_with_what_it_needs() {
        let extracted = extract(FILE, at("return _clip", 6)).unwrap();
        insta::assert_snapshot!(extracted.text, @r#"
        """Fused Kernels: Scaled GELU."""

        # <PYTHON>
        import math
        import torch
        from torch.nn import functional as F


        SCALE = 2.0
        LIMIT: float = SCALE * 3


        def _clip(x):
            return x.clamp(max=LIMIT)


        def gelu_scaled(x: torch.Tensor, factor: float = 0.5):
            """Scaled GELU."""
            return _clip(F.gelu(x) * factor * math.pi)
        # </PYTHON>

        # <TEST>
        import torch


        def get_test_inputs():
            # Drafted from the signature of `gelu_scaled`: choose the sizes and the values.
            x = torch.randn(128, 256, device="cuda")
            return (x,)
        # </TEST>
        "#);
        let pair = extracted.pair();
        assert_eq!(pair.reference().unwrap().name, "gelu_scaled");
        let codes: Vec<_> = pair.diagnostics().iter().map(|one| one.rule.code()).collect();
        assert_eq!(codes, ["FW101"], "nothing but its kernel is missing");
        assert!(extracted.python().unwrap().starts_with("import math\n"));
    }

    #[test]
    fn only_a_function_that_is_meant_is_offered() {
        let offered = |range| selected_function(FILE, range);
        assert_eq!(offered(at("gelu_scaled(x:", 0)).as_deref(), Some("gelu_scaled"));
        assert_eq!(offered(at("F.gelu", 0)), None, "a cursor in the body asks for nothing");
        assert_eq!(offered(at("SCALE = 2.0", 5)), None);
        assert_eq!(offered(at("def kernel", 8)), None, "a kernel is no reference");
        assert_eq!(selected_function("def f(x):\n    return x\n", TextRange::new(size(0), size(5))), None);
    }

    #[test]
    fn what_cannot_stand_alone_is_refused_in_a_sentence() {
        let refused = |words| extract(FILE, at(words, 4)).unwrap_err().to_string();
        assert_eq!(
            refused("def configured"),
            "the function needs `config` from its own package, and a pair stands alone: copy what it does into the file first"
        );
        assert_eq!(
            refused("def broken"),
            "the function needs `nowhere`, which this file neither defines nor imports"
        );
        assert_eq!(
            refused("SCALE = "),
            "no function is selected: select one, or put the cursor on its first line"
        );
        let torn = "import torch\ndef f(x):\n    return (x\n";
        let error = extract(torn, TextRange::new(size(13), size(20))).unwrap_err();
        assert!(matches!(error, Obstacle::SyntaxError { .. }), "{error}");
    }
}
