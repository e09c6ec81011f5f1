//! FW416: a reference that is slower than its own operators need.

use ruff_python_ast::visitor::{Visitor, walk_expr, walk_stmt};
use ruff_python_ast::{Expr, Operator, Stmt, StmtFor};
use ruff_text_size::{TextRange, TextSize};
use rustc_hash::FxHashSet;

use super::{add, events, plain, uses};
use crate::block::BlockKind;
use crate::diagnostic::{Diagnostic, Severity};
use crate::facts::{Concern, What, When};
use crate::file::File;
use crate::rules::{About, Rule};

pub(in crate::rules) const ABOUT: About = About {
    rule: Rule::SlowedReference,
    code: "FW416",
    name: "slowed-reference",
    severity: Severity::Error,
    summary: "The reference is slower than its own operators need: sleeps, waits, trips to the CPU, loops over rows.",
    why: "The speedup of a pair is measured against its reference, and both are written by the same hand. A reference that \
          sleeps, waits for the GPU, computes on the CPU, works row by row or does the same work again makes any kernel \
          look fast. Loops that carry something from one step to the next, or whose steps differ in size, are left alone.",
    fix: None,
    bad: include_str!("../examples/FW416-bad.py"),
    good: include_str!("../examples/FW416-good.py"),
};

pub(in crate::rules) fn check(file: &File<'_>, found: &mut Vec<Diagnostic>) {
    for (kind, when, range, path) in uses(file, &[Concern::Sleep]) {
        if kind != BlockKind::Test || when == When::Entry {
            let message =
                format!("`{}` makes the measured time longer and computes nothing: remove it", plain(path));
            add(found, Rule::SlowedReference, range, message);
        }
    }
    for event in events(file, BlockKind::Python) {
        if event.when != When::Entry {
            continue;
        }
        let message = match event.what {
            What::Synchronize => {
                "the reference waits for the GPU: remove it, the judge waits where it must".to_owned()
            }
            What::Host(name @ ("cpu" | "numpy" | "to")) => {
                format!(
                    "`{name}` takes the reference's tensors to the CPU: compute on the device that they are on"
                )
            }
            _ => continue,
        };
        add(found, Rule::SlowedReference, event.range, message);
    }
    let Some(python) = file.sound(BlockKind::Python) else { return };
    let mut loops = Loops { sizes: FxHashSet::default(), found: Vec::new() };
    loops.visit_body(python.statements);
    for (range, message) in loops.found {
        add(found, Rule::SlowedReference, range, message);
    }
}

/// Looks for loops whose steps could be one call.
struct Loops<'a> {
    /// Names that hold a size of a tensor.
    sizes: FxHashSet<&'a str>,
    found: Vec<(TextRange, &'static str)>,
}

impl<'a> Visitor<'a> for Loops<'a> {
    fn visit_stmt(&mut self, statement: &'a Stmt) {
        match statement {
            Stmt::Assign(assign) if is_size(&assign.value) || is_shape(&assign.value) => {
                for target in &assign.targets {
                    match target {
                        Expr::Name(name) => {
                            self.sizes.insert(name.id.as_str());
                        }
                        Expr::Tuple(tuple) => self.sizes.extend(tuple.elts.iter().filter_map(name_of)),
                        _ => {}
                    }
                }
            }
            Stmt::For(statement) => {
                let keyword = TextRange::at(statement.range.start(), TextSize::new(3));
                if let Some(message) = self.judge(statement) {
                    self.found.push((keyword, message));
                    // One loop inside another is the same fault.
                    return;
                }
            }
            _ => {}
        }
        walk_stmt(self, statement);
    }
}

impl<'a> Loops<'a> {
    fn judge(&self, statement: &'a StmtFor) -> Option<&'static str> {
        let variable = name_of(&statement.target)?;
        let facts = Body::of(statement, variable);
        if facts.carries || facts.breaks {
            return None;
        }
        if self.ranges_over_a_dimension(&statement.iter) {
            return (facts.rows > 0 && !facts.other && facts.computes)
                .then_some("the reference works row by row: compute on the whole tensor at once");
        }
        if is_range(&statement.iter) && facts.rows == 0 && !facts.other && facts.assigns && facts.computes {
            return Some("the reference does the same work again and again: do it once");
        }
        None
    }

    /// `range(x.shape[0])`, `range(x.size(0))`, `range(n)` where `n` is such a size.
    fn ranges_over_a_dimension(&self, iterated: &Expr) -> bool {
        let Expr::Call(call) = iterated else { return false };
        let Expr::Name(name) = &*call.func else { return false };
        let [size] = &call.arguments.args[..] else { return false };
        name.id == "range" && (is_size(size) || name_of(size).is_some_and(|name| self.sizes.contains(name)))
    }
}

fn name_of(expression: &Expr) -> Option<&str> {
    match expression {
        Expr::Name(name) => Some(name.id.as_str()),
        _ => None,
    }
}

fn is_range(iterated: &Expr) -> bool {
    matches!(iterated, Expr::Call(call) if matches!(&*call.func, Expr::Name(name) if name.id == "range"))
}

/// `x.shape`, `x.size()`.
fn is_shape(expression: &Expr) -> bool {
    match expression {
        Expr::Attribute(attribute) => attribute.attr == *"shape",
        Expr::Call(call) => {
            call.arguments.args.is_empty()
                && matches!(&*call.func, Expr::Attribute(method) if method.attr == *"size")
        }
        _ => false,
    }
}

/// `x.shape[0]`, `x.size(0)`.
fn is_size(expression: &Expr) -> bool {
    match expression {
        Expr::Subscript(subscript) => is_shape(&subscript.value) && !subscript.slice.is_slice_expr(),
        Expr::Call(call) => {
            call.arguments.args.len() == 1
                && matches!(&*call.func, Expr::Attribute(method) if method.attr == *"size")
        }
        _ => false,
    }
}

/// What the body of a loop does.
#[derive(Default)]
#[allow(clippy::struct_excessive_bools, reason = "facts that hold or not, independent of each other")]
struct Body<'a> {
    variable: &'a str,
    /// How often a tensor is indexed with the loop's variable alone.
    rows: usize,
    /// The variable is used otherwise, or something is cut by sizes that differ.
    other: bool,
    /// A step uses what an earlier one made.
    carries: bool,
    /// Something that is no bookkeeping is called or computed.
    computes: bool,
    assigns: bool,
    breaks: bool,
    assigned: FxHashSet<&'a str>,
    read_before: FxHashSet<&'a str>,
    /// Names that one step gives anew, which are the loop's own.
    inner: Vec<&'a str>,
}

impl<'a> Body<'a> {
    fn of(statement: &'a StmtFor, variable: &'a str) -> Self {
        let mut body = Self { variable, ..Self::default() };
        for statement in &statement.body {
            body.visit_stmt(statement);
        }
        body.carries |= body.read_before.iter().any(|name| body.assigned.contains(name));
        body
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
                // A whole dimension, or a constant part of it, is the same in each step.
                let constant = |bound: &Option<Box<Expr>>| {
                    bound.as_deref().is_none_or(|bound| matches!(bound, Expr::NumberLiteral(_)))
                };
                if !(constant(&slice.lower) && constant(&slice.upper)) {
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
                    // A step that multiplies matrices is large enough to be one call of its own.
                    self.other |= matches!(
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
                self.other |= operation.op == Operator::MatMult;
                walk_expr(self, expression);
            }
            _ => walk_expr(self, expression),
        }
    }
}
