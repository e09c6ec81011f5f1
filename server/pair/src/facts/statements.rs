//! What statements do, one after the other.

use ruff_python_ast::{self as ast, ExceptHandler, Expr, Stmt};
use ruff_text_size::{Ranged, TextRange};

use super::arguments::Arguments;
use super::concern::Concern;
use super::trace::{ArmKind, What, When};
use super::value::{From, Tensor, Value};
use super::walk::{Code, Walk, is_nothing, is_one_tensor, truth_of};
use crate::syntax::{is_main_guard, yields};

/// Whether the statements of a block are left at its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum End {
    Falls,
    Leaves,
}

impl<'a> Walk<'a> {
    fn branch(&mut self, kind: ArmKind, statement: TextRange, body: &'a [Stmt], never: bool) -> End {
        let when = self.when;
        if never {
            self.when = When::Never;
        }
        let end = self.within(kind, statement, |walk| {
            let end = walk.block(body);
            let arm = walk.arm as usize;
            walk.trace.arms[arm].leaves = end == End::Leaves;
            end
        });
        self.when = when;
        end
    }

    /// Runs statements one after the other.
    pub(super) fn block(&mut self, statements: &'a [Stmt]) -> End {
        let when = self.when;
        let mut end = End::Falls;
        for statement in statements {
            if self.statement(statement) == End::Leaves {
                end = End::Leaves;
                // What follows is never reached.
                self.when = When::Never;
            }
        }
        self.when = when;
        end
    }

    /// Runs the block's own statements. The main block is left out.
    pub(super) fn module(&mut self, statements: &'a [Stmt]) {
        // Functions may be called before they are defined in the text by functions that are defined before them.
        for statement in statements {
            if !is_main_guard(statement) {
                self.statement(statement);
            }
        }
    }

    /// Whether an expression makes a generator: `(f(x) for x in y)`, a call of a function that yields.
    fn is_generator(&self, expression: &'a Expr) -> bool {
        match expression {
            Expr::Generator(_) => true,
            Expr::Call(call) => {
                let Expr::Name(name) = &*call.func else { return false };
                let Some(Value::Function(at)) = self.name(name.id.as_str()) else { return false };
                match self.functions[at as usize].code {
                    Code::Def(function) => yields(&function.body),
                    Code::Lambda(_) => false,
                }
            }
            _ => false,
        }
    }

    fn statement(&mut self, statement: &'a Stmt) -> End {
        self.nesting += 1;
        let end = if self.nesting.is_multiple_of(16) {
            stacker::maybe_grow(512 << 10, 2 << 20, || self.run_statement(statement))
        } else {
            self.run_statement(statement)
        };
        self.nesting -= 1;
        end
    }

    #[allow(clippy::too_many_lines, reason = "one arm for each kind of statement")]
    fn run_statement(&mut self, statement: &'a Stmt) -> End {
        if self.is_spent() {
            return End::Falls;
        }
        match statement {
            Stmt::Expr(statement) if self.is_generator(&statement.value) => {
                // Nobody asks it for anything, so it does nothing.
                let when = std::mem::replace(&mut self.when, When::Never);
                self.eval(&statement.value);
                self.when = when;
            }
            Stmt::Expr(statement) => {
                self.eval(&statement.value);
            }
            Stmt::Assign(assign) => {
                let value = self.eval(&assign.value);
                for target in &assign.targets {
                    self.bind(target, value);
                }
            }
            Stmt::AnnAssign(assign) => {
                if let Some(value) = &assign.value {
                    let value = self.eval(value);
                    self.bind(&assign.target, value);
                }
            }
            Stmt::AugAssign(assign) => self.augmented(assign),
            Stmt::Return(returned) => {
                let value = returned.value.as_deref().map_or(Value::Nothing, |value| self.eval(value));
                self.give_back(value, returned.range);
                return End::Leaves;
            }
            Stmt::Raise(raised) => {
                for value in raised.exc.iter().chain(&raised.cause) {
                    if let Value::Path(path) | Value::Made(path) = self.eval(value)
                        && matches!(
                            self.paths.text(path),
                            "builtins.BaseException" | "builtins.GeneratorExit"
                        )
                    {
                        self.tell(value.range(), What::Use(path, Concern::Exit));
                    }
                }
                return End::Leaves;
            }
            Stmt::Break(_) | Stmt::Continue(_) => return End::Leaves,
            Stmt::If(statement) => return self.if_statement(statement),
            Stmt::For(statement) => {
                let iterated = self.eval(&statement.iter);
                let element = self.element(iterated);
                let never = element.is_none() || is_nothing(&statement.iter);
                if is_one_tensor(iterated) {
                    self.tell(statement.iter.range(), What::Rows);
                }
                self.bind(&statement.target, element.unwrap_or(Value::Unknown));
                self.branch(ArmKind::Loop, statement.range, &statement.body, never);
                self.block(&statement.orelse);
            }
            Stmt::While(statement) => {
                let test = self.eval(&statement.test);
                self.decides(test, statement.test.range());
                let never = truth_of(test) == Some(false);
                self.branch(ArmKind::Loop, statement.range, &statement.body, never);
                self.block(&statement.orelse);
            }
            Stmt::With(statement) => {
                if statement.is_async {
                    self.tell(statement.range, What::Async);
                }
                return self.with_statement(statement);
            }
            Stmt::Try(statement) => return self.try_statement(statement),
            Stmt::Match(statement) => {
                let subject = self.eval(&statement.subject);
                let mut end = End::Leaves;
                for case in &statement.cases {
                    let never = self.matches_never(&case.pattern, subject);
                    self.bind_pattern(&case.pattern, subject);
                    if let Some(guard) = &case.guard {
                        self.eval(guard);
                    }
                    if self.branch(ArmKind::If, statement.range, &case.body, never) == End::Falls {
                        end = End::Falls;
                    }
                }
                let complete = statement
                    .cases
                    .last()
                    .is_some_and(|case| case.pattern.is_irrefutable() && case.guard.is_none());
                return if complete { end } else { End::Falls };
            }
            Stmt::Assert(statement) => {
                let test = self.eval(&statement.test);
                self.decides(test, statement.test.range());
                if let Some(message) = &statement.msg {
                    // It is made where the call fails.
                    let when = std::mem::replace(&mut self.when, When::Never);
                    self.eval(message);
                    self.when = when;
                }
            }
            Stmt::Import(import) => self.import(import),
            Stmt::ImportFrom(import) => self.import_from(import),
            Stmt::FunctionDef(function) => self.define(function),
            Stmt::ClassDef(class) => self.define_class(class),
            Stmt::Global(global) => {
                for name in &global.names {
                    self.scopes[self.scope as usize].elsewhere.push((name.id.as_str(), 0));
                }
            }
            Stmt::Nonlocal(nonlocal) => {
                for name in &nonlocal.names {
                    let parent = self.scopes[self.scope as usize].parent;
                    let holder = self.holder(name.id.as_str(), parent).unwrap_or(0);
                    self.scopes[self.scope as usize].elsewhere.push((name.id.as_str(), holder));
                }
            }
            Stmt::Delete(delete) => {
                for target in &delete.targets {
                    if let Expr::Attribute(attribute) = target
                        && let Value::Path(path) = self.eval(&attribute.value)
                    {
                        let path = self.paths.child(path, attribute.attr.id.as_str());
                        self.tell(target.range(), What::Patch(path));
                    }
                }
            }
            Stmt::TypeAlias(_) | Stmt::Pass(_) | Stmt::IpyEscapeCommand(_) => {}
        }
        End::Falls
    }

    pub(super) fn give_back(&mut self, value: Value<'a>, range: TextRange) {
        if self.when == When::Never {
            return;
        }
        if self.in_entry {
            self.returns.push((value, range, self.arm));
        }
        self.returned = Some(match self.returned {
            Some(other) => self.store.join(other, value),
            None => value,
        });
    }

    /// Whether a tensor lies where the inputs do: what is made of numbers alone may lie on the host.
    pub(super) fn is_of_data(&self, tensor: Tensor) -> bool {
        self.store.from(tensor).has(From::INPUT.with(From::KERNEL).with(From::TORCH))
    }

    /// A tensor that decides what is done next is waited for.
    fn decides(&mut self, test: Value<'a>, range: TextRange) {
        if let Value::Tensor(tensor) = test
            && self.is_of_data(tensor)
        {
            self.tell(range, What::Host("bool"));
        }
    }

    fn if_statement(&mut self, statement: &'a ast::StmtIf) -> End {
        let mut decided = false;
        let mut all_leave = true;
        let mut has_else = false;
        let when = self.when;
        let test = self.eval(&statement.test);
        self.decides(test, statement.test.range());
        let mut truth = truth_of(test);
        // On a tensor without elements nothing is computed, whatever does it.
        if is_emptiness(&statement.test) {
            truth = Some(false);
        }
        let first = (&statement.body, truth);
        let mut run = |walk: &mut Self, body: &'a [Stmt], truth: Option<bool>, decided: &mut bool| {
            let never = *decided || truth == Some(false);
            let end = walk.branch(ArmKind::If, statement.range, body, never);
            if truth == Some(true) {
                *decided = true;
            }
            if end == End::Falls && !never {
                all_leave = false;
            }
        };
        run(self, first.0, first.1, &mut decided);
        for clause in &statement.elif_else_clauses {
            truth = if let Some(test) = &clause.test {
                let test = self.eval(test);
                truth_of(test)
            } else {
                has_else = true;
                Some(true)
            };
            run(self, &clause.body, truth, &mut decided);
        }
        self.when = when;
        if all_leave && (has_else || decided) { End::Leaves } else { End::Falls }
    }

    fn with_statement(&mut self, statement: &'a ast::StmtWith) -> End {
        let mut contexts = Vec::new();
        let mut hides = None;
        for item in &statement.items {
            let value = self.eval(&item.context_expr);
            let entered = match value {
                Value::Instance(_) => {
                    contexts.push((value, item.context_expr.range()));
                    self.method(value, "__enter__", &Arguments::default(), item.context_expr.range())
                }
                Value::Made(path) if self.paths.text(path) == "contextlib.suppress" => {
                    hides = Some(item.context_expr.range());
                    value
                }
                _ => value,
            };
            if let Some(target) = &item.optional_vars {
                self.bind(target, entered);
            }
        }
        let before = self.trace.events.len();
        let end = self.block(&statement.body);
        for (context, range) in contexts {
            let left =
                self.method(context, "__exit__", &Arguments { open: true, ..Arguments::default() }, range);
            if left == Value::Flag(true) {
                hides = Some(range);
            }
        }
        let Some(hides) = hides else { return end };
        let launched = self.trace.events[before.min(self.trace.events.len())..]
            .iter()
            .any(|event| matches!(event.what, What::Launch));
        if launched {
            self.tell(hides, What::Swallow);
        }
        // What is left early goes on behind it.
        End::Falls
    }

    fn try_statement(&mut self, statement: &'a ast::StmtTry) -> End {
        let outer = self.trace.events.len();
        let body = self.branch(ArmKind::Try, statement.range, &statement.body, false);
        let launched = self.trace.events.len() > outer
            && self.trace.events[outer..].iter().any(|event| matches!(event.what, What::Launch));
        let mut end = body;
        for ExceptHandler::ExceptHandler(handler) in &statement.handlers {
            if let Some(kind) = &handler.type_ {
                self.eval(kind);
            }
            if let Some(name) = &handler.name {
                self.assign(name.id.as_str(), Value::Unknown, handler.range);
            }
            let before = self.trace.events.len();
            let handled = self.branch(ArmKind::Except, statement.range, &handler.body, false);
            let again = self.trace.events[before.min(self.trace.events.len())..]
                .iter()
                .any(|event| matches!(event.what, What::Launch));
            let computes = self.trace.events[before.min(self.trace.events.len())..]
                .iter()
                .any(|event| matches!(event.what, What::Compute { .. } | What::Opaque));
            if launched && !again && !computes && !raises(&handler.body) {
                let keyword = TextRange::at(handler.range.start(), ruff_text_size::TextSize::new(6));
                self.tell(keyword, What::Swallow);
            }
            if handled == End::Falls {
                end = End::Falls;
            }
        }
        let rest = self.block(&statement.orelse);
        let before = self.trace.events.len();
        if self.block(&statement.finalbody) == End::Leaves {
            let computes = self.trace.events[before.min(self.trace.events.len())..]
                .iter()
                .any(|event| matches!(event.what, What::Compute { .. } | What::Opaque));
            // What is returned here is returned though the launch failed.
            if let Some(last) = statement.finalbody.last().filter(|last| !last.is_raise_stmt())
                && launched
                && !computes
            {
                self.tell(last.range(), What::Swallow);
            }
            return End::Leaves;
        }
        if rest == End::Leaves && body == End::Falls && statement.handlers.is_empty() {
            End::Leaves
        } else {
            end
        }
    }
}

/// Whether a condition asks for a tensor without elements: `x.numel() == 0`, `0 in x.shape`.
fn is_emptiness(test: &Expr) -> bool {
    let is_zero = |value: &Expr| {
        matches!(value, Expr::NumberLiteral(number)
            if matches!(&number.value, ast::Number::Int(number) if number.as_i64() == Some(0)))
    };
    let is_shape = |value: &Expr| matches!(value, Expr::Attribute(attribute) if attribute.attr == *"shape");
    let Expr::Compare(compare) = test else { return false };
    let ([op], [right]) = (&*compare.ops, &*compare.comparators) else { return false };
    match op {
        ast::CmpOp::Eq if is_zero(right) => match &*compare.left {
            Expr::Call(call) => matches!(&*call.func, Expr::Attribute(method) if method.attr == *"numel"),
            Expr::Subscript(subscript) => is_shape(&subscript.value),
            _ => false,
        },
        ast::CmpOp::In => is_zero(&compare.left) && is_shape(right),
        _ => false,
    }
}

/// Whether an exception handler always ends in another exception.
fn raises(body: &[Stmt]) -> bool {
    body.iter().any(|statement| match statement {
        Stmt::Raise(_) => true,
        Stmt::If(statement) => {
            raises(&statement.body)
                && statement.elif_else_clauses.last().is_some_and(|clause| clause.test.is_none())
                && statement.elif_else_clauses.iter().all(|clause| raises(&clause.body))
        }
        Stmt::With(statement) => raises(&statement.body),
        Stmt::Assert(statement) => {
            matches!(&*statement.test, Expr::BooleanLiteral(literal) if !literal.value)
        }
        _ => false,
    })
}
