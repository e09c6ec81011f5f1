//! Runs a block's statements with what their values may be.

use ruff_python_ast::{self as ast, ExceptHandler, Expr, Stmt};
use ruff_text_size::{Ranged, TextRange};
use rustc_hash::{FxHashMap, FxHashSet};

use super::kernel::Scan;
use super::paths::{Path, Paths};
use super::trace::{Arm, ArmKind, Event, Trace, What, When};
use super::value::{From, Store, Tensor, Value, last};
use crate::syntax::is_main_guard;

/// The most expressions that are followed in one block.
const MOST_STEPS: u32 = 400_000;

/// The most elements that are followed where a container is made of others, and the most bytes of a text that is made of
/// others: `y + y` on forty lines would fill any memory.
pub(super) const MOST_ITEMS: usize = 1024;
pub(super) const LONGEST_TEXT: usize = 4096;

/// Names and what they stand for.
#[derive(Debug, Default)]
pub(super) struct Scope<'a> {
    pub(super) parent: u32,
    pub(super) names: FxHashMap<&'a str, Value<'a>>,
    /// Names that belong to another scope: `global`, `nonlocal`.
    pub(super) elsewhere: Vec<(&'a str, u32)>,
    pub(super) is_class: bool,
    /// Whether it outlives the call: it is the block's own, or was made when the block was loaded.
    pub(super) lasting: bool,
    /// The branch in which the scope begins: an assignment there happens for certain.
    pub(super) arm: u32,
}

/// A function or a lambda.
#[derive(Debug)]
pub(super) struct Function<'a> {
    pub(super) code: Code<'a>,
    /// The scope that it was made in.
    pub(super) scope: u32,
    /// Where a cache of its results is put around it.
    pub(super) cached: Option<TextRange>,
    pub(super) kernel: Option<u32>,
    pub(super) active: bool,
    /// Whether it is called where it is named.
    pub(super) is_property: bool,
    pub(super) runs: u8,
    pub(super) result: Value<'a>,
    pub(super) arguments: Vec<Value<'a>>,
    /// What its parameters are where a call leaves them out.
    pub(super) defaults: Vec<(&'a str, Value<'a>)>,
}

#[derive(Debug, Clone, Copy)]
pub(super) enum Code<'a> {
    Def(&'a ast::StmtFunctionDef),
    Lambda(&'a ast::ExprLambda),
}

#[derive(Debug)]
pub(super) struct Class<'a> {
    pub(super) scope: u32,
    pub(super) bases: Vec<Value<'a>>,
    /// What it is made of where it has no `__init__`, in order: the fields of a dataclass, of a named tuple.
    pub(super) fields: Vec<&'a str>,
    pub(super) metaclass: Option<u32>,
    /// What its instances hold.
    pub(super) attributes: FxHashMap<&'a str, Value<'a>>,
}

/// An object of a class.
#[derive(Debug, Clone, Copy)]
pub(super) struct Instance {
    pub(super) class: u32,
    pub(super) lasting: bool,
    /// Whether its special methods were followed, which Python calls by itself.
    pub(super) special: bool,
}

/// What a call hands over.
#[derive(Debug, Default, Clone)]
pub(super) struct Arguments<'a> {
    pub(super) positional: Vec<Value<'a>>,
    pub(super) keywords: Vec<(&'a str, Value<'a>)>,
    /// There may be others: `*args` of unknown length.
    pub(super) open: bool,
}

impl<'a> Arguments<'a> {
    pub(super) fn of(values: impl IntoIterator<Item = Value<'a>>) -> Self {
        Self { positional: values.into_iter().collect(), ..Self::default() }
    }

    pub(super) fn keyword(&self, name: &str) -> Option<Value<'a>> {
        self.keywords.iter().find(|(keyword, _)| *keyword == name).map(|(_, value)| *value)
    }

    pub(super) fn all(&self) -> impl Iterator<Item = Value<'a>> {
        self.positional.iter().copied().chain(self.keywords.iter().map(|(_, value)| *value))
    }
}

/// The run of a block.
#[derive(Debug)]
#[allow(clippy::struct_excessive_bools, reason = "facts that hold or not, independent of each other")]
pub(crate) struct Walk<'a> {
    pub(super) paths: Paths<'a>,
    pub(super) store: Store<'a>,
    pub(super) trace: Trace<'a>,
    pub(super) scopes: Vec<Scope<'a>>,
    pub(super) functions: Vec<Function<'a>>,
    pub(super) classes: Vec<Class<'a>>,
    pub(super) instances: Vec<Instance>,
    pub(super) partials: Vec<(Value<'a>, Arguments<'a>)>,
    pub(super) scans: Vec<Scan<'a>>,
    pub(super) kernel_functions: Vec<u32>,
    pub(super) scope: u32,
    pub(super) arm: u32,
    pub(super) when: When,
    pub(super) nesting: u32,
    pub(super) calls: u32,
    pub(super) steps: u32,
    pub(super) returned: Option<Value<'a>>,
    /// What the entry point gives back, and where.
    pub(super) returns: Vec<(Value<'a>, TextRange, u32)>,
    pub(super) in_entry: bool,
    /// Whether this is a function that Triton calls before a launch: a heuristic, a hook, what prunes settings.
    pub(super) in_hook: bool,
    pub(super) hooks: Vec<Value<'a>>,
    /// The function that is the entry point.
    pub(super) entry_function: Option<u32>,
    pub(super) stars: Vec<Path>,
    /// The memory that is kept for the next call, and where it is kept.
    pub(super) kept: Vec<(u32, TextRange, u32)>,
    /// Memory of a shape that is written out in the code.
    pub(super) literals: Vec<(u32, TextRange)>,
    pub(super) seen: FxHashSet<(TextRange, u8)>,
    /// Whether this is the block that makes the inputs.
    pub(super) makes_inputs: bool,
    /// Whether the pair is about integers, so that computing with them is computing.
    pub(super) integers_count: bool,
    pub(super) reference: FxHashSet<&'a str>,
}

/// Whether the statements of a block are left at its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum End {
    Falls,
    Leaves,
}

impl<'a> Walk<'a> {
    pub(super) fn new() -> Self {
        let mut walk = Self {
            paths: Paths::default(),
            store: Store::default(),
            trace: Trace::default(),
            scopes: vec![Scope { lasting: true, ..Scope::default() }],
            functions: Vec::new(),
            classes: Vec::new(),
            instances: Vec::new(),
            partials: Vec::new(),
            scans: Vec::new(),
            kernel_functions: Vec::new(),
            scope: 0,
            arm: 0,
            when: When::Load,
            nesting: 0,
            calls: 0,
            steps: 0,
            returned: None,
            returns: Vec::new(),
            in_entry: false,
            in_hook: false,
            hooks: Vec::new(),
            entry_function: None,
            stars: Vec::new(),
            kept: Vec::new(),
            literals: Vec::new(),
            seen: FxHashSet::default(),
            makes_inputs: false,
            integers_count: false,
            reference: FxHashSet::default(),
        };
        walk.trace.arms.push(Arm {
            parent: 0,
            kind: ArmKind::Root,
            statement: 0,
            leaves: false,
            launches: false,
        });
        walk
    }

    /// Whether there is no time left to follow the code.
    pub(super) fn is_spent(&mut self) -> bool {
        self.steps += 1;
        self.steps > MOST_STEPS
    }

    /// Counts what is done to many elements, or to a long text, as several steps.
    pub(super) fn charge(&mut self, size: usize) {
        self.steps = self.steps.saturating_add(u32::try_from(size / 16).unwrap_or(u32::MAX));
    }

    pub(super) fn tell(&mut self, range: TextRange, what: What<'a>) {
        // A function that runs twice does the same twice, and it is told once; what a call from the entry point does
        // counts more than what happens elsewhere.
        let kind = match what {
            What::Launch => return self.launch(range),
            What::Use(..) | What::Internals(_) => 1,
            What::Compute { .. } => 2,
            What::Keep(_) => 3,
            What::Trip(_) => 5,
            _ => 4,
        };
        let event = Event { range, arm: self.arm, when: self.when, what };
        if self.seen.insert((range, kind)) {
            self.trace.events.push(event);
        } else if self.when == When::Entry
            && let Some(told) = self.trace.events.iter_mut().rev().find(|told| {
                told.range == range
                    && told.when != When::Entry
                    && std::mem::discriminant(&told.what) == std::mem::discriminant(&event.what)
            })
        {
            *told = event;
        }
    }

    fn launch(&mut self, range: TextRange) {
        if matches!(self.when, When::Never) {
            return;
        }
        self.trace.events.push(Event { range, arm: self.arm, when: self.when, what: What::Launch });
        let mut at = self.arm;
        while let Some(arm) = self.trace.arms.get_mut(at as usize) {
            arm.launches = true;
            if at == 0 {
                break;
            }
            at = arm.parent;
        }
    }

    /// Runs something in a branch of its own.
    pub(super) fn within<T>(
        &mut self,
        kind: ArmKind,
        statement: TextRange,
        run: impl FnOnce(&mut Self) -> T,
    ) -> T {
        let outer = self.arm;
        let arm = Arm {
            parent: outer,
            kind,
            statement: statement.start().to_u32(),
            leaves: false,
            launches: false,
        };
        self.trace.arms.push(arm);
        self.arm = last(&self.trace.arms);
        let result = run(self);
        self.arm = outer;
        result
    }

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
                raised.exc.iter().chain(&raised.cause).for_each(|value| {
                    self.eval(value);
                });
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

    /// Whether a case is certainly another number, text or flag than what is matched.
    fn matches_never(&mut self, pattern: &'a ast::Pattern, subject: Value<'a>) -> bool {
        let ast::Pattern::MatchValue(pattern) = pattern else { return false };
        match (self.eval(&pattern.value), subject) {
            (Value::Number(Some(one)), Value::Number(Some(other))) => one != other,
            (one @ Value::Text(_), other @ Value::Text(_)) => {
                self.store.text_of(one) != self.store.text_of(other)
            }
            _ => false,
        }
    }

    /// Gives the names of a case what they stand for.
    fn bind_pattern(&mut self, pattern: &'a ast::Pattern, subject: Value<'a>) {
        match pattern {
            ast::Pattern::MatchAs(alias) => {
                if let Some(inner) = &alias.pattern {
                    self.bind_pattern(inner, subject);
                }
                if let Some(name) = &alias.name {
                    self.assign(name.id.as_str(), subject, alias.range);
                }
            }
            ast::Pattern::MatchSequence(sequence) => {
                for (pattern, at) in sequence.patterns.iter().zip(0..) {
                    let part = match subject {
                        Value::Many(many) => self.element_of(many, Value::Number(Some(at))),
                        other => self.element(other).unwrap_or(Value::Unknown),
                    };
                    self.bind_pattern(pattern, part);
                }
            }
            ast::Pattern::MatchMapping(mapping) => {
                for (key, pattern) in mapping.keys.iter().zip(&mapping.patterns) {
                    let key = self.eval(key);
                    let part = match subject {
                        Value::Many(many) => self.element_of(many, key),
                        _ => Value::Unknown,
                    };
                    self.bind_pattern(pattern, part);
                }
            }
            ast::Pattern::MatchOr(either) => {
                for pattern in &either.patterns {
                    self.bind_pattern(pattern, subject);
                }
            }
            ast::Pattern::MatchStar(star) => {
                if let Some(name) = &star.name {
                    self.assign(name.id.as_str(), subject, star.range);
                }
            }
            ast::Pattern::MatchClass(class) => {
                let keywords = class.arguments.keywords.iter().map(|keyword| &keyword.pattern);
                for pattern in class.arguments.patterns.iter().chain(keywords) {
                    self.bind_pattern(pattern, Value::Unknown);
                }
            }
            ast::Pattern::MatchValue(_) | ast::Pattern::MatchSingleton(_) => {}
        }
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

/// Whether a value is a tensor, whose elements are its rows.
pub(super) fn is_one_tensor(value: Value<'_>) -> bool {
    matches!(value, Value::Tensor(tensor) if !tensor.several)
}

/// What a condition certainly is.
pub(super) fn truth_of(value: Value<'_>) -> Option<bool> {
    match value {
        Value::Flag(flag) => Some(flag),
        Value::Number(Some(number)) => Some(number != 0),
        Value::Nothing | Value::Zero => Some(false),
        _ => None,
    }
}

/// `[]`, `()`: a loop over it has no step.
pub(super) fn is_nothing(iterated: &Expr) -> bool {
    match iterated {
        Expr::List(list) => list.elts.is_empty(),
        Expr::Tuple(tuple) => tuple.elts.is_empty(),
        _ => false,
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
