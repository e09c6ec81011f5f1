//! The Python of a file.

use ruff_python_ast::token::TokenKind;
use ruff_python_ast::visitor::{Visitor, walk_expr, walk_stmt};
use ruff_python_ast::{Expr, ModModule, PySourceType, Stmt};
use ruff_python_parser::{ParseError, ParseOptions, Parsed, parse_cells_unchecked, parse_unchecked_source};
use ruff_text_size::{Ranged, TextRange};

use crate::part::{Part, Token};

/// Parses a whole file.
pub(crate) fn parse_file(text: &str) -> Parsed<ModModule> {
    parse_unchecked_source(text, PySourceType::Python)
}

/// Parses a part of a file as a module of its own; offsets are those of the file.
pub(crate) fn parse_part(text: &str, range: TextRange) -> Parsed<ModModule> {
    parse_cells_unchecked(text, [range], &ParseOptions::from(PySourceType::Python))
}

/// What stands between two markers.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Region<'a> {
    pub(crate) range: TextRange,
    pub(crate) statements: &'a [Stmt],
    /// The first syntax error.
    pub(crate) error: Option<&'a ParseError>,
    pub(crate) tokens: &'a [Token],
}

impl<'a> Region<'a> {
    pub(crate) fn new(part: &'a Part) -> Self {
        let error = part.errors.iter().min_by_key(|error| error.location.start());
        Self { range: part.range, statements: &part.statements, error, tokens: &part.tokens }
    }
}

/// Whether a statement is `if __name__ == "__main__":`.
pub(crate) fn is_main_guard(statement: &Stmt) -> bool {
    let Stmt::If(statement) = statement else { return false };
    let Expr::Compare(compare) = &*statement.test else { return false };
    let [ruff_python_ast::CmpOp::Eq] = &*compare.ops else { return false };
    let [right] = &*compare.comparators else { return false };
    let pair = (&*compare.left, right);
    let ((Expr::Name(name), Expr::StringLiteral(value)) | (Expr::StringLiteral(value), Expr::Name(name))) =
        pair
    else {
        return false;
    };
    name.id == "__name__" && value.value.to_str() == "__main__"
}

/// The text of a statement that is nothing but a string.
pub(crate) fn string_statement(statement: &Stmt) -> Option<&str> {
    let Stmt::Expr(statement) = statement else { return None };
    let Expr::StringLiteral(value) = &*statement.value else { return None };
    Some(value.value.to_str())
}

/// Whether a statement does nothing: a string, `pass` or `...`.
pub(crate) fn is_inert(statement: &Stmt) -> bool {
    match statement {
        Stmt::Pass(_) => true,
        Stmt::Expr(expression) => {
            matches!(&*expression.value, Expr::StringLiteral(_) | Expr::EllipsisLiteral(_))
        }
        _ => false,
    }
}

/// Whether a statement is `from __future__ import …`, which must stand at the top of the file and nowhere else.
pub(crate) fn is_future_import(statement: &Stmt) -> bool {
    matches!(statement, Stmt::ImportFrom(import) if import.module.as_ref().is_some_and(|module| module == "__future__"))
}

/// The first bracket that is opened and never closed.
pub(crate) fn unclosed_bracket(tokens: &[Token]) -> Option<TextRange> {
    let mut open: Vec<(TokenKind, TextRange)> = Vec::new();
    for token in tokens {
        let opener = match token.kind() {
            TokenKind::Lpar | TokenKind::Lsqb | TokenKind::Lbrace => {
                open.push((token.kind(), token.range()));
                continue;
            }
            TokenKind::Rpar => TokenKind::Lpar,
            TokenKind::Rsqb => TokenKind::Lsqb,
            TokenKind::Rbrace => TokenKind::Lbrace,
            _ => continue,
        };
        // A bracket of the wrong kind is an error of its own.
        if let Some(at) = open.iter().rposition(|(kind, _)| *kind == opener) {
            open.remove(at);
        }
    }
    open.first().map(|(_, range)| *range)
}

/// Whether a function with this body makes a generator.
pub(crate) fn yields(body: &[Stmt]) -> bool {
    #[derive(Default)]
    struct Yields {
        found: bool,
    }
    impl<'a> Visitor<'a> for Yields {
        fn visit_stmt(&mut self, statement: &'a Stmt) {
            // A function inside yields for itself.
            if !matches!(statement, Stmt::FunctionDef(_) | Stmt::ClassDef(_)) {
                walk_stmt(self, statement);
            }
        }

        fn visit_expr(&mut self, expression: &'a Expr) {
            match expression {
                Expr::Yield(_) | Expr::YieldFrom(_) => self.found = true,
                Expr::Lambda(_) => {}
                _ => walk_expr(self, expression),
            }
        }
    }
    let mut yields = Yields::default();
    yields.visit_body(body);
    yields.found
}
