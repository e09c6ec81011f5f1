//! The kernels of a block.

use ruff_python_ast::Stmt;
use ruff_python_ast::statement_visitor::{StatementVisitor, walk_stmt};
use rustc_hash::FxHashSet;

use crate::entry::Definition;
use crate::outline::{Outline, definition, is_jit};

/// The functions under `triton.jit`, wherever in the block they stand.
pub(crate) fn kernels(statements: &[Stmt], outline: &Outline<'_>) -> Vec<Definition> {
    struct Kernels<'o, 'a> {
        outline: &'o Outline<'a>,
        found: Vec<Definition>,
    }
    impl<'a> StatementVisitor<'a> for Kernels<'_, '_> {
        fn visit_stmt(&mut self, statement: &'a Stmt) {
            if let Stmt::FunctionDef(function) = statement {
                let mut decorators = function.decorator_list.iter();
                if decorators.any(|decorator| {
                    self.outline.path(&decorator.expression).is_some_and(|path| is_jit(&path))
                }) {
                    self.found.push(Definition {
                        name: function.name.id.to_string(),
                        range: function.range,
                        name_range: function.name.range,
                        params: function
                            .parameters
                            .iter()
                            .map(|parameter| parameter.name().id.to_string())
                            .collect(),
                    });
                }
            }
            walk_stmt(self, statement);
        }
    }
    let mut kernels = Kernels { outline, found: Vec::new() };
    kernels.visit_body(statements);
    let known: FxHashSet<_> = kernels.found.iter().map(|kernel| kernel.range).collect();
    for callable in outline.callables.iter().filter(|callable| callable.jit) {
        if !known.contains(&callable.range) {
            kernels.found.push(definition(outline, callable));
        }
    }
    kernels.found.sort_by_key(|kernel| kernel.range.start());
    kernels.found
}
