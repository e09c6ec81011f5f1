//! The names that a single statement reads and writes.

use ruff_python_ast::visitor::{Visitor, walk_expr, walk_stmt};
use ruff_python_ast::{Expr, ExprContext, Stmt};
use ruff_text_size::{Ranged, TextRange};
use rustc_hash::FxHashSet;

/// The names that a piece of code reads and writes.
#[derive(Debug, Default)]
pub(crate) struct Touched<'a> {
    pub(crate) loaded: FxHashSet<&'a str>,
    pub(crate) bound: Vec<&'a str>,
    /// Names whose values are written into: `x[0] = 1`, `x.grad = None`.
    pub(crate) writes_into: Vec<&'a str>,
    skip: Option<TextRange>,
}

impl<'a> Touched<'a> {
    pub(crate) fn of(statement: &'a Stmt) -> Self {
        let mut touched = Self::default();
        touched.visit_stmt(statement);
        touched
    }

    /// All of a statement but one expression in it.
    pub(crate) fn of_rest(statement: &'a Stmt, skipped: &Expr) -> Self {
        let skip = (!matches!(skipped, Expr::Name(_))).then(|| skipped.range());
        let mut touched = Self { skip, ..Self::default() };
        touched.visit_stmt(statement);
        touched
    }

    pub(crate) fn by(expression: &'a Expr) -> Self {
        let mut touched = Self::default();
        touched.visit_expr(expression);
        touched
    }
}

impl<'a> Visitor<'a> for Touched<'a> {
    fn visit_stmt(&mut self, statement: &'a Stmt) {
        match statement {
            Stmt::Import(import) => self.bound.extend(import.names.iter().map(|alias| {
                let root = alias.name.id.as_str().split('.').next().unwrap_or_default();
                alias.asname.as_ref().map_or(root, |name| name.id.as_str())
            })),
            Stmt::ImportFrom(import) => self.bound.extend(
                import.names.iter().map(|alias| alias.asname.as_ref().unwrap_or(&alias.name).id.as_str()),
            ),
            Stmt::AugAssign(assign) => {
                // `x += 1` reads what it writes.
                if let Expr::Name(name) = &*assign.target {
                    self.loaded.insert(name.id.as_str());
                }
            }
            Stmt::FunctionDef(function) => self.bound.push(function.name.id.as_str()),
            Stmt::ClassDef(class) => self.bound.push(class.name.id.as_str()),
            _ => {}
        }
        walk_stmt(self, statement);
    }

    fn visit_expr(&mut self, expression: &'a Expr) {
        if self.skip == Some(expression.range()) {
            return;
        }
        match expression {
            Expr::Name(name) if name.ctx == ExprContext::Load => {
                self.loaded.insert(name.id.as_str());
            }
            Expr::Name(name) => self.bound.push(name.id.as_str()),
            Expr::Attribute(ruff_python_ast::ExprAttribute { value, ctx: ExprContext::Store, .. })
            | Expr::Subscript(ruff_python_ast::ExprSubscript { value, ctx: ExprContext::Store, .. }) => {
                if let Expr::Name(name) = &**value {
                    self.writes_into.push(name.id.as_str());
                }
            }
            _ => {}
        }
        walk_expr(self, expression);
    }
}
