//! The body of a loop: what its steps do, and whether they could be one call.

use ruff_python_ast::visitor::{Visitor, walk_expr, walk_stmt};
use ruff_python_ast::{Expr, Number, Operator, Stmt};
use rustc_hash::FxHashSet;

use super::expressions::{is_range, is_shape, name_of};

/// What the body of a loop does.
#[derive(Default)]
#[allow(clippy::struct_excessive_bools, reason = "facts that hold or not, independent of each other")]
pub(super) struct Body<'a> {
    variable: &'a str,
    /// How often a tensor is indexed with the loop's variable alone.
    pub(super) rows: usize,
    /// A step multiplies matrices, and is large enough to be one call of its own.
    pub(super) heavy: bool,
    /// The variable is used otherwise, or something is cut by sizes that differ.
    pub(super) other: bool,
    /// A step uses what an earlier one made.
    pub(super) carries: bool,
    /// Something that is no bookkeeping is called or computed.
    pub(super) computes: bool,
    pub(super) assigns: bool,
    pub(super) breaks: bool,
    assigned: FxHashSet<&'a str>,
    read_before: FxHashSet<&'a str>,
    /// Names that one step gives anew, which are the loop's own.
    inner: Vec<&'a str>,
}

impl<'a> Body<'a> {
    pub(super) fn of(statements: &'a [Stmt], variable: &'a str) -> Self {
        let mut body = Self { variable, ..Self::default() };
        for statement in statements {
            body.visit_stmt(statement);
        }
        body.carries |= body.read_before.iter().any(|name| body.assigned.contains(name));
        body
    }

    /// The body of a comprehension, or of what `map` calls: one expression, which carries nothing on.
    pub(super) fn of_expression(element: &'a Expr, variable: &'a str) -> Self {
        let mut body = Self { variable, ..Self::default() };
        body.visit_expr(element);
        body
    }

    /// Whether a bound is made of the loop's own variables and numbers alone.
    fn is_regular(&self, bound: &Expr) -> bool {
        match bound {
            Expr::NumberLiteral(_) => true,
            // A chunk of a single loop is a size that the author chose.
            Expr::Name(name) => self.inner.contains(&name.id.as_str()),
            Expr::BinOp(operation) => self.is_regular(&operation.left) && self.is_regular(&operation.right),
            _ => false,
        }
    }

    /// `i:i + 1`.
    fn is_one_row(&self, slice: &ruff_python_ast::ExprSlice) -> bool {
        let (Some(lower), Some(Expr::BinOp(upper))) = (slice.lower.as_deref(), slice.upper.as_deref()) else {
            return false;
        };
        let is_variable = |one| name_of(one) == Some(self.variable);
        let one = matches!(&*upper.right, Expr::NumberLiteral(number)
            if matches!(&number.value, Number::Int(one) if one.as_u8() == Some(1)));
        is_variable(lower) && is_variable(&upper.left) && upper.op == Operator::Add && one
    }

    fn index(&mut self, index: &'a Expr) {
        match index {
            Expr::Tuple(tuple) => tuple.elts.iter().for_each(|part| self.index(part)),
            Expr::Name(name)
                if name.id.as_str() == self.variable || self.inner.contains(&name.id.as_str()) =>
            {
                self.rows += 1;
            }
            Expr::Slice(slice) => {
                // A part of the same size in each step.
                let bounds = [slice.lower.as_deref(), slice.upper.as_deref()];
                if self.is_one_row(slice) {
                    self.rows += 1;
                } else if bounds.into_iter().flatten().all(|bound| self.is_regular(bound)) {
                    let moves = |bound: &Expr| !matches!(bound, Expr::NumberLiteral(_));
                    self.rows += usize::from(bounds.into_iter().flatten().any(moves));
                } else {
                    self.other = true;
                }
            }
            Expr::NumberLiteral(_) | Expr::EllipsisLiteral(_) | Expr::NoneLiteral(_) => {}
            _ => self.other = true,
        }
    }
}

impl<'a> Visitor<'a> for Body<'a> {
    fn visit_stmt(&mut self, statement: &'a Stmt) {
        match statement {
            Stmt::Assign(assign) => {
                self.visit_expr(&assign.value);
                self.assigns = true;
                for target in &assign.targets {
                    match target {
                        Expr::Name(name) => {
                            self.assigned.insert(name.id.as_str());
                        }
                        Expr::Tuple(tuple) => self.assigned.extend(tuple.elts.iter().filter_map(name_of)),
                        Expr::Subscript(subscript) => self.index(&subscript.slice),
                        _ => self.visit_expr(target),
                    }
                }
            }
            Stmt::AugAssign(_) | Stmt::While(_) => {
                self.carries = true;
            }
            Stmt::If(_) => {
                // What one step does depends on it.
                self.other = true;
                walk_stmt(self, statement);
            }
            Stmt::Break(_) | Stmt::Continue(_) | Stmt::Return(_) => self.breaks = true,
            Stmt::For(inner) => {
                if let (Some(name), true) = (name_of(&inner.target), is_range(&inner.iter)) {
                    self.inner.push(name);
                } else {
                    self.other = true;
                }
                for statement in &inner.body {
                    self.visit_stmt(statement);
                }
            }
            _ => walk_stmt(self, statement),
        }
    }

    fn visit_expr(&mut self, expression: &'a Expr) {
        match expression {
            Expr::Subscript(subscript) => {
                if is_shape(&subscript.value) {
                    return;
                }
                self.visit_expr(&subscript.value);
                self.index(&subscript.slice);
            }
            Expr::Name(name) => {
                let id = name.id.as_str();
                self.other |= id == self.variable || self.inner.contains(&id);
                if !self.assigned.contains(id) {
                    self.read_before.insert(id);
                }
            }
            Expr::Call(call) => {
                if let Expr::Attribute(method) = &*call.func {
                    let name = method.attr.as_str();
                    // Sizes that come from tensors differ from step to step.
                    self.other |= matches!(name, "item" | "tolist" | "nonzero" | "narrow" | "split");
                    self.computes |= name != "append";
                    self.heavy |= matches!(
                        name,
                        "matmul"
                            | "mm"
                            | "bmm"
                            | "addmm"
                            | "einsum"
                            | "linear"
                            | "scaled_dot_product_attention"
                    );
                } else {
                    self.other |= matches!(&*call.func, Expr::Name(name) if matches!(name.id.as_str(), "int" | "float" | "len"));
                    self.computes = true;
                }
                walk_expr(self, expression);
            }
            Expr::BinOp(operation) => {
                self.computes = true;
                self.heavy |= operation.op == Operator::MatMult;
                walk_expr(self, expression);
            }
            _ => walk_expr(self, expression),
        }
    }
}
