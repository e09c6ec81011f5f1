//! What the code that makes the inputs hands over, as far as it can be told without running it.

use ruff_python_ast::visitor::{Visitor, walk_expr, walk_stmt};
use ruff_python_ast::{Expr, ExprContext, Stmt};
use rustc_hash::FxHashMap;

use crate::block::BlockKind;
use crate::file::File;
use crate::inputs::Inputs;
use crate::outline::What;

/// The code that makes the inputs.
pub(crate) struct Flow<'a> {
    /// What each name is assigned, if that happens once and plainly.
    assigned: FxHashMap<&'a str, Option<&'a Expr>>,
    /// The expressions that give the inputs, as a whole.
    pub(crate) given: Vec<&'a Expr>,
}

impl<'a> Flow<'a> {
    /// Reads the function, or the main block, that gives the inputs.
    pub(crate) fn of(file: &File<'a>) -> Option<Self> {
        match file.inputs? {
            Inputs::GetTestInputs(_) => Self::of_function(file, "get_test_inputs"),
            Inputs::GetInputs(_) => Self::of_function(file, "get_inputs"),
            Inputs::MainBlock => {
                let mut flow = Self::of_body(file.main_statements);
                flow.given = file.calls.iter().map(|call| call.inputs).collect();
                Some(flow)
            }
        }
    }

    fn of_function(file: &File<'a>, name: &str) -> Option<Self> {
        match file.section(BlockKind::Test)?.outline.callable(name)?.what {
            What::Function(function) => Some(Self::of_body(&function.body)),
            _ => None,
        }
    }

    fn of_body(body: &'a [Stmt]) -> Self {
        let mut flow = Self { assigned: FxHashMap::default(), given: Vec::new() };
        flow.visit_body(body);
        flow
    }

    /// What an expression stands for: names followed to what they are assigned.
    pub(crate) fn follow(&self, mut expression: &'a Expr) -> Option<&'a Expr> {
        for _ in 0..8 {
            let Expr::Name(name) = expression else { return Some(expression) };
            expression = (*self.assigned.get(name.id.as_str())?)?;
        }
        None
    }

    /// The single inputs of an expression that gives them as a tuple or a list.
    pub(crate) fn elements(&self, given: &'a Expr) -> Option<&'a [Expr]> {
        match self.follow(given)? {
            Expr::Tuple(tuple) => Some(&tuple.elts),
            Expr::List(list) => Some(&list.elts),
            _ => None,
        }
    }
}

impl<'a> Visitor<'a> for Flow<'a> {
    fn visit_stmt(&mut self, statement: &'a Stmt) {
        match statement {
            Stmt::Return(returned) => self.given.extend(returned.value.as_deref()),
            Stmt::FunctionDef(function) => {
                self.assigned.insert(function.name.id.as_str(), None);
                return;
            }
            Stmt::ClassDef(class) => {
                self.assigned.insert(class.name.id.as_str(), None);
                return;
            }
            Stmt::Assign(assign) => {
                if let [Expr::Name(name)] = &assign.targets[..] {
                    let value = Some(&*assign.value);
                    self.assigned.entry(name.id.as_str()).and_modify(|known| *known = None).or_insert(value);
                    self.visit_expr(&assign.value);
                    return;
                }
            }
            _ => {}
        }
        walk_stmt(self, statement);
    }

    fn visit_expr(&mut self, expression: &'a Expr) {
        if let Expr::Name(name) = expression
            && name.ctx != ExprContext::Load
        {
            self.assigned.insert(name.id.as_str(), None);
        }
        walk_expr(self, expression);
    }
}

/// How many inputs are given, if that is the same everywhere.
pub(crate) fn input_count(file: &File<'_>) -> Option<usize> {
    let flow = Flow::of(file)?;
    let mut counts = flow.given.iter().map(|given| {
        // A list may be one input, so only a tuple is counted.
        let Expr::Tuple(tuple) = flow.follow(given)? else { return None };
        (!tuple.elts.iter().any(Expr::is_starred_expr)).then_some(tuple.elts.len())
    });
    let first = counts.next()??;
    counts.all(|count| count == Some(first)).then_some(first)
}
