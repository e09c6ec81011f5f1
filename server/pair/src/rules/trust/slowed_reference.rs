//! FW416: a reference that is slower than its own operators need.

mod body;
mod expressions;

use ruff_python_ast::visitor::{Visitor, walk_expr, walk_stmt};
use ruff_python_ast::{CmpOp, Expr, ExprContext, Operator, Stmt, StmtFor, StmtWhile};
use ruff_text_size::{Ranged, TextRange, TextSize};
use rustc_hash::FxHashSet;

use self::body::Body;
use self::expressions::{
    copied, copies_back, is_number, is_range, is_shape, is_size, is_unbind, is_work, name_of, only_copies,
    steps, writes,
};
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
          sleeps, waits for the GPU, computes on the CPU, works row by row, copies again and again or computes what it never \
          uses makes any kernel look fast. Loops that carry something from one step to the next, or whose steps differ in size, are left alone.",
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
    for (kind, when, range, path) in uses(file, &[Concern::Clock]) {
        if kind == BlockKind::Python && when == When::Entry {
            let message = format!(
                "`{}` reads the clock, which no computation needs: remove it, the judge measures",
                plain(path)
            );
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
            What::Trip("tolist") => {
                "`tolist` takes the reference's numbers to the host: compute on the device that they are on"
                    .to_owned()
            }
            What::Host("print") => "printing a tensor waits for the GPU: remove it".to_owned(),
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
    let rows = events(file, BlockKind::Python).filter(|event| matches!(event.what, What::Rows));
    let rows = rows.map(|event| event.range).collect();
    let mut loops = Loops { sizes: FxHashSet::default(), rows, found: Vec::new() };
    loops.visit_body(python.statements);
    for (range, message) in loops.found {
        add(found, Rule::SlowedReference, range, message);
    }
}

/// Looks for loops whose steps could be one call.
struct Loops<'a> {
    /// Names that hold a size of a tensor.
    sizes: FxHashSet<&'a str>,
    /// Where a tensor is iterated over, or where what is called does so.
    rows: FxHashSet<TextRange>,
    found: Vec<(TextRange, &'static str)>,
}

impl<'a> Visitor<'a> for Loops<'a> {
    fn visit_stmt(&mut self, statement: &'a Stmt) {
        match statement {
            Stmt::Assign(assign) if self.is_size(&assign.value) || is_shape(&assign.value) => {
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
            Stmt::While(statement) if self.counts_rows(statement) => {
                let keyword = TextRange::at(statement.range.start(), TextSize::new(5));
                self.found.push((keyword, ROWS));
                return;
            }
            Stmt::FunctionDef(function) => self.unused(&function.body),
            Stmt::Expr(statement) if is_work(&statement.value) && !writes(&statement.value) => {
                let message = "the reference computes this and never uses it: remove it";
                self.found.push((statement.value.range(), message));
            }
            _ => {}
        }
        walk_stmt(self, statement);
    }

    fn visit_expr(&mut self, expression: &'a Expr) {
        if copied(expression).and_then(copied).is_some() || copies_back(expression) {
            self.found.push((
                expression.range(),
                "the reference copies again and again: compute on what it was given",
            ));
            return;
        }
        let made = match expression {
            Expr::ListComp(made) => Some((&made.generators, &*made.elt)),
            Expr::Generator(made) => Some((&made.generators, &*made.elt)),
            Expr::SetComp(made) => Some((&made.generators, &*made.elt)),
            _ => None,
        };
        if let Some(([generator], element)) = made.map(|(generators, element)| (&generators[..], element))
            && let Some(variable) = name_of(&generator.target)
            && generator.ifs.is_empty()
        {
            let body = Body::of_expression(element, variable);
            if let Some(message) = self.judge_body(&body, &generator.iter) {
                self.found.push((expression.range(), message));
                return;
            }
        }
        if let Expr::Call(call) = expression
            && let Expr::Attribute(method) = &*call.func
            && method.attr == *"pin_memory"
        {
            self.found.push((method.attr.range, "`pin_memory` takes the reference's tensors to the CPU: compute on the device that they are on"));
        }
        if steps(expression).is_some_and(|steps| steps >= BUSY_STEPS) {
            self.found.push((expression.range(), BUSY));
            return;
        }
        // `map(lambda row: …, x.unbind(0))`.
        if let Expr::Call(call) = expression
            && name_of(&call.func) == Some("map")
            && let [Expr::Lambda(function), rows] = &call.arguments.args[..]
            && (self.takes_rows(rows) || self.rows.contains(&call.func.range()))
        {
            let body = Body::of_expression(&function.body, "");
            if body.computes && !body.heavy {
                self.found.push((expression.range(), ROWS));
                return;
            }
        }
        walk_expr(self, expression);
    }
}

const ROWS: &str = "the reference works row by row: compute on the whole tensor at once";

/// From how many steps on a loop of Python's own takes longer than a small kernel.
const MANY_STEPS: i64 = 2000;

/// From how many steps on Python takes longer than any reference, whatever a step does.
const BUSY_STEPS: i64 = 100_000;

const BUSY: &str = "the reference keeps the host busy with a long loop: compute on tensors";

/// From how many rows on the work on each could be one call, where the count is written out.
const MANY_ROWS: i64 = 32;

impl<'a> Loops<'a> {
    /// Finds what is computed and never used.
    fn unused(&mut self, body: &'a [Stmt]) {
        let works = body.iter().filter_map(|statement| match statement {
            Stmt::Assign(assign) if is_work(&assign.value) => match &assign.targets[..] {
                [Expr::Name(name)] => Some(name),
                _ => None,
            },
            _ => None,
        });
        let mut works = works.peekable();
        if works.peek().is_none() {
            return;
        }
        let mut reads = Reads::default();
        reads.visit_body(body);
        for name in works {
            if !reads.names.contains(name.id.as_str()) {
                self.found.push((name.range, "the reference computes this and never uses it: remove it"));
            }
        }
    }

    fn judge(&self, statement: &'a StmtFor) -> Option<&'static str> {
        if statement.body.iter().all(only_copies) {
            return Some("the reference copies again and again: compute on what it was given");
        }
        if !is_range(&statement.iter) && !self.takes_rows(&statement.iter) {
            return None;
        }
        let variable = match &*statement.target {
            // `for at, row in enumerate(x)`.
            Expr::Tuple(targets) => targets.elts.first().and_then(name_of)?,
            target => name_of(target)?,
        };
        self.judge_body(&Body::of(&statement.body, variable), &statement.iter)
    }

    fn judge_body(&self, body: &Body<'a>, iterated: &Expr) -> Option<&'static str> {
        if steps(iterated).is_some_and(|steps| steps >= MANY_STEPS) {
            return Some(BUSY);
        }
        if body.carries || body.breaks {
            return None;
        }
        if self.ranges_over_a_dimension(iterated)
            || steps(iterated).is_some_and(|steps| steps >= MANY_ROWS) && body.rows > 0
        {
            return (body.rows > 0 && !body.other && !body.heavy && body.computes).then_some(ROWS);
        }
        if self.takes_rows(iterated) {
            return (!body.heavy && body.computes).then_some(ROWS);
        }
        (is_range(iterated) && body.rows == 0 && !body.other && body.assigns && body.computes)
            .then_some("the reference does the same work again and again: do it once")
    }

    /// `while i < x.shape[0]:` around the work on row `i`, and `i += 1`.
    fn counts_rows(&self, statement: &'a StmtWhile) -> bool {
        let Expr::Compare(test) = &*statement.test else { return false };
        let (Some(variable), [CmpOp::Lt], [size]) =
            (name_of(&test.left), &test.ops[..], &test.comparators[..])
        else {
            return false;
        };
        let Some((Stmt::AugAssign(step), rows)) = statement.body.split_last() else { return false };
        if name_of(&step.target) != Some(variable) || step.op != Operator::Add {
            return false;
        }
        let sized = self.is_size(size) || name_of(size).is_some_and(|name| self.sizes.contains(name));
        let body = Body::of(rows, variable);
        sized && body.rows > 0 && !(body.other || body.heavy || body.carries || body.breaks) && body.computes
    }

    /// `x.unbind(0)`, and a tensor `x` itself, `enumerate(x)`, `zip(x, y)`.
    fn takes_rows(&self, iterated: &Expr) -> bool {
        is_unbind(iterated)
            || self.cuts_into_rows(iterated)
            || self.rows.contains(&iterated.range())
            || matches!(iterated, Expr::Call(call) if self.rows.contains(&call.func.range()))
    }

    /// `x.chunk(x.shape[0])`, `x.split(1)`.
    fn cuts_into_rows(&self, iterated: &Expr) -> bool {
        let Expr::Call(call) = iterated else { return false };
        let Expr::Attribute(method) = &*call.func else { return false };
        let Some(count) = call.arguments.args.first() else { return false };
        match method.attr.as_str() {
            "chunk" | "tensor_split" => self.is_size(count),
            "split" => is_number(count, 1),
            _ => false,
        }
    }

    /// `x.shape[0]`, `x.size(0)`, `len(x)` of a tensor.
    fn is_size(&self, expression: &Expr) -> bool {
        is_size(expression)
            || matches!(expression, Expr::Call(call) if name_of(&call.func) == Some("len") && self.rows.contains(&call.func.range()))
    }

    /// `range(x.shape[0])`, `range(x.size(0))`, `range(n)` where `n` is such a size.
    fn ranges_over_a_dimension(&self, iterated: &Expr) -> bool {
        let Expr::Call(call) = iterated else { return false };
        let Expr::Name(name) = &*call.func else { return false };
        let [size] = &call.arguments.args[..] else { return false };
        name.id == "range"
            && (self.is_size(size) || name_of(size).is_some_and(|name| self.sizes.contains(name)))
    }
}

/// The names that are read somewhere.
#[derive(Default)]
struct Reads<'a> {
    names: FxHashSet<&'a str>,
}

impl<'a> Visitor<'a> for Reads<'a> {
    fn visit_expr(&mut self, expression: &'a Expr) {
        if let Expr::Name(name) = expression
            && name.ctx == ExprContext::Load
        {
            self.names.insert(name.id.as_str());
        }
        walk_expr(self, expression);
    }
}
