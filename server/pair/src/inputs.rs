//! Where a pair's inputs come from.

use ruff_python_ast::visitor::{Visitor, walk_expr};
use ruff_python_ast::{self as ast, Expr, Stmt};
use ruff_text_size::TextRange;

/// Where a pair's inputs come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Inputs {
    /// From `get_test_inputs` in TEST; the range is its definition.
    GetTestInputs(TextRange),
    /// From the main block, which hands them to `test_performance`.
    MainBlock,
    /// From `get_inputs` (and `get_init_inputs`) in TEST, beside modules; the range is the definition of `get_inputs`.
    GetInputs(TextRange),
}

/// A call of `test_performance`.
#[derive(Debug, Clone, Copy)]
pub(crate) struct PerformanceCall<'a> {
    pub(crate) call: &'a ast::ExprCall,
    pub(crate) functions: Option<(&'a str, &'a str)>,
    pub(crate) inputs: &'a Expr,
}

/// Finds the calls of `test_performance` that hand over inputs.
pub(crate) fn performance_calls<'a>(
    statements: impl IntoIterator<Item = &'a Stmt>,
) -> Vec<PerformanceCall<'a>> {
    struct Calls<'a>(Vec<PerformanceCall<'a>>);
    impl<'a> Visitor<'a> for Calls<'a> {
        fn visit_expr(&mut self, expression: &'a Expr) {
            if let Expr::Call(call) = expression {
                self.0.extend(PerformanceCall::of(call));
            }
            walk_expr(self, expression);
        }
    }
    let mut calls = Calls(Vec::new());
    for statement in statements {
        calls.visit_stmt(statement);
    }
    calls.0
}

impl<'a> PerformanceCall<'a> {
    fn of(call: &'a ast::ExprCall) -> Option<Self> {
        let Expr::Name(function) = &*call.func else { return None };
        if function.id != "test_performance" {
            return None;
        }
        let inputs = call.arguments.args.get(2).or_else(|| {
            let keyword = |keyword: &&ast::Keyword| keyword.arg.as_ref().is_some_and(|name| name == "inputs");
            call.arguments.keywords.iter().find(keyword).map(|keyword| &keyword.value)
        })?;
        if call.arguments.args.iter().take(3).any(Expr::is_starred_expr) {
            return None;
        }
        let name = |at: usize| match call.arguments.args.get(at) {
            Some(Expr::Name(name)) => Some(name.id.as_str()),
            _ => None,
        };
        Some(Self { call, functions: name(0).zip(name(1)), inputs })
    }
}
