//! Runs a block's statements with what their values may be.

use ruff_python_ast::{self as ast, ExceptHandler, Expr, Stmt};
use ruff_text_size::{Ranged, TextRange};
use rustc_hash::{FxHashMap, FxHashSet};

use super::concern::module_concern;
use super::kernel::{Scan, scan};
use super::paths::{Path, Paths};
use super::trace::{Arm, ArmKind, Event, Kept, Kernel, Trace, What, When};
use super::value::{From, Kind, Many, Memory, Store, Tensor, Value, last};
use crate::syntax::is_main_guard;

/// The most expressions that are followed in one block.
const MOST_STEPS: u32 = 400_000;

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
    pub(super) name: &'a str,
    /// The scope that it was made in.
    pub(super) scope: u32,
    /// Where a cache of its results is put around it.
    pub(super) cached: Option<TextRange>,
    pub(super) kernel: Option<u32>,
    pub(super) active: bool,
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
    pub(super) name: &'a str,
    pub(super) scope: u32,
    pub(super) bases: Vec<Value<'a>>,
    /// What its instances hold.
    pub(super) attributes: FxHashMap<&'a str, Value<'a>>,
}

/// An object of a class.
#[derive(Debug, Clone, Copy)]
pub(super) struct Instance {
    pub(super) class: u32,
    pub(super) lasting: bool,
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
pub(crate) struct Walk<'a> {
    pub(super) paths: Paths<'a>,
    pub(super) store: Store<'a>,
    pub(super) trace: Trace<'a>,
    pub(super) scopes: Vec<Scope<'a>>,
    pub(super) functions: Vec<Function<'a>>,
    pub(super) classes: Vec<Class<'a>>,
    pub(super) instances: Vec<Instance>,
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
    /// The function that is the entry point.
    pub(super) entry_function: Option<u32>,
    pub(super) stars: Vec<Path>,
    /// The memory that is kept for the next call, and where it is kept.
    pub(super) kept: Vec<(u32, TextRange)>,
    /// Memory of a shape that is written out in the code.
    pub(super) literals: Vec<(u32, TextRange)>,
    pub(super) seen: FxHashSet<(TextRange, u8)>,
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
            entry_function: None,
            stars: Vec::new(),
            kept: Vec::new(),
            literals: Vec::new(),
            seen: FxHashSet::default(),
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

    pub(super) fn tell(&mut self, range: TextRange, what: What<'a>) {
        // A function that runs twice does the same twice, and it is told once; what a call from the entry point does
        // counts more than what happens elsewhere.
        let kind = match what {
            What::Launch => return self.launch(range),
            What::Use(..) | What::Internals(_) => 1,
            What::Compute { .. } => 2,
            What::Keep(_) => 3,
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
        let arm =
            Arm { parent: outer, kind, statement: statement.start().to_u32(), leaves: false, launches: false };
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
                let never = matches!(element, None);
                self.bind(&statement.target, element.unwrap_or(Value::Unknown));
                self.branch(ArmKind::Loop, statement.range, &statement.body, never);
                self.block(&statement.orelse);
            }
            Stmt::While(statement) => {
                let test = self.eval(&statement.test);
                let never = self.truth(test) == Some(false);
                self.branch(ArmKind::Loop, statement.range, &statement.body, never);
                self.block(&statement.orelse);
            }
            Stmt::With(statement) => {
                if statement.is_async {
                    self.tell(statement.range, What::Async);
                }
                for item in &statement.items {
                    let value = self.eval(&item.context_expr);
                    if let Some(target) = &item.optional_vars {
                        self.bind(target, value);
                    }
                }
                return self.block(&statement.body);
            }
            Stmt::Try(statement) => return self.try_statement(statement),
            Stmt::Match(statement) => {
                self.eval(&statement.subject);
                let mut end = End::Leaves;
                for case in &statement.cases {
                    if let Some(guard) = &case.guard {
                        self.eval(guard);
                    }
                    if self.branch(ArmKind::If, statement.range, &case.body, false) == End::Falls {
                        end = End::Falls;
                    }
                }
                let complete =
                    statement.cases.last().is_some_and(|case| case.pattern.is_irrefutable() && case.guard.is_none());
                return if complete { end } else { End::Falls };
            }
            Stmt::Assert(statement) => {
                self.eval(&statement.test);
                if let Some(message) = &statement.msg {
                    self.eval(message);
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

    /// What a condition certainly is.
    pub(super) fn truth(&self, value: Value<'a>) -> Option<bool> {
        match value {
            Value::Flag(flag) => Some(flag),
            Value::Number(Some(number)) => Some(number != 0),
            Value::Nothing => Some(false),
            _ => None,
        }
    }

    fn if_statement(&mut self, statement: &'a ast::StmtIf) -> End {
        let mut decided = false;
        let mut all_leave = true;
        let mut has_else = false;
        let when = self.when;
        let test = self.eval(&statement.test);
        let mut truth = self.truth(test);
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
            truth = match &clause.test {
                Some(test) => {
                    let test = self.eval(test);
                    self.truth(test)
                }
                None => {
                    has_else = true;
                    Some(true)
                }
            };
            run(self, &clause.body, truth, &mut decided);
        }
        self.when = when;
        if all_leave && (has_else || decided) { End::Leaves } else { End::Falls }
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
            if launched && !again && !raises(&handler.body) {
                let keyword = TextRange::at(handler.range.start(), ruff_text_size::TextSize::new(6));
                self.tell(keyword, What::Swallow);
            }
            if handled == End::Falls {
                end = End::Falls;
            }
        }
        let rest = self.block(&statement.orelse);
        if self.block(&statement.finalbody) == End::Leaves {
            return End::Leaves;
        }
        if rest == End::Leaves && body == End::Falls && statement.handlers.is_empty() { End::Leaves } else { end }
    }

    fn import(&mut self, import: &'a ast::StmtImport) {
        for alias in &import.names {
            let whole = alias.name.id.as_str();
            let root = whole.split('.').next().unwrap_or(whole);
            self.note_import(root, alias.range);
            let (name, path) = match &alias.asname {
                Some(name) => (name.id.as_str(), whole),
                None => (root, root),
            };
            let path = self.paths.root(path);
            self.assign(name, Value::Path(path), alias.range);
        }
    }

    fn import_from(&mut self, import: &'a ast::StmtImportFrom) {
        let module = import.module.as_ref().map_or("", |module| module.id.as_str());
        if import.level > 0 {
            for alias in &import.names {
                let name = alias.asname.as_ref().map_or(alias.name.id.as_str(), |name| name.id.as_str());
                self.assign(name, Value::Unknown, alias.range);
            }
            return;
        }
        let root = module.split('.').next().unwrap_or(module);
        self.note_import(root, import.range);
        let module = self.paths.root(module);
        for alias in &import.names {
            let name = alias.name.id.as_str();
            if name == "*" {
                self.stars.push(module);
                continue;
            }
            let path = self.paths.child(module, name);
            self.assign(alias.asname.as_ref().map_or(name, |name| name.id.as_str()), Value::Path(path), alias.range);
        }
    }

    fn note_import(&mut self, root: &'a str, range: TextRange) {
        if let Some(concern) = module_concern(root) {
            self.trace.imports.push((root, concern, range));
        }
    }

    /// Enters a function, with what its decorators make of it.
    fn define(&mut self, function: &'a ast::StmtFunctionDef) {
        let name = function.name.id.as_str();
        if name == "__del__" {
            self.tell(function.name.range, What::Finalizer);
        }
        if matches!(name, "__torch_function__" | "__torch_dispatch__" | "__cuda_array_interface__") {
            self.tell(function.name.range, What::Disguise(name));
        }
        if function.is_async {
            self.tell(function.name.range, What::Async);
        }
        let decorators: Vec<Value<'a>> =
            function.decorator_list.iter().map(|decorator| self.eval(&decorator.expression)).collect();
        let mut value = self.function(Code::Def(function), name);
        for (decorator, node) in decorators.iter().zip(&function.decorator_list).rev() {
            value = self.decorated(*decorator, value, node.range);
        }
        self.assign(name, value, function.name.range);
    }

    /// What a decorator makes of a function or a class.
    pub(super) fn decorated(&mut self, decorator: Value<'a>, value: Value<'a>, range: TextRange) -> Value<'a> {
        match decorator {
            Value::Path(path) | Value::Made(path) => {
                let text = self.paths.text(path);
                if is_jit(text) {
                    return self.kernel(value);
                }
                if is_cache(text) {
                    if let Value::Function(at) = value {
                        self.functions[at as usize].cached = Some(range);
                    }
                    return value;
                }
                if matches!(text, "builtins.property" | "functools.cached_property") {
                    return Value::Unknown;
                }
                value
            }
            Value::Function(at) => {
                // A decorator of the block's own gives what it gives; most wrap what they are given.
                let arguments = Arguments::of([value]);
                let result = self.call_function(at, &arguments, range);
                match result {
                    Value::Unknown | Value::Nothing => value,
                    other => other,
                }
            }
            _ => value,
        }
    }

    pub(super) fn function(&mut self, code: Code<'a>, name: &'a str) -> Value<'a> {
        // A default is made once, when the function is.
        let parameters = match code {
            Code::Def(function) => Some(&*function.parameters),
            Code::Lambda(lambda) => lambda.parameters.as_deref(),
        };
        let mut defaults = Vec::new();
        for parameter in parameters.into_iter().flat_map(ast::Parameters::iter_non_variadic_params) {
            if let Some(default) = &parameter.default {
                let value = self.eval(default);
                defaults.push((parameter.name().id.as_str(), value));
            }
        }
        self.functions.push(Function {
            code,
            name,
            scope: self.scope,
            cached: None,
            kernel: None,
            active: false,
            runs: 0,
            result: Value::Unknown,
            arguments: Vec::new(),
            defaults,
        });
        Value::Function(last(&self.functions))
    }

    /// The kernel that `triton.jit` makes of a function.
    pub(super) fn kernel(&mut self, value: Value<'a>) -> Value<'a> {
        let Value::Function(at) = value else { return value };
        let function = &self.functions[at as usize];
        if let Some(kernel) = function.kernel {
            return Value::Kernel(kernel);
        }
        let Code::Def(code) = function.code else { return Value::Unknown };
        // A factory that is called twice makes the same kernel twice.
        let known = self.kernel_functions.iter().position(|other| {
            matches!(self.functions[*other as usize].code, Code::Def(other) if std::ptr::eq(other, code))
        });
        if let Some(kernel) = known {
            let kernel = u32::try_from(kernel).unwrap_or(u32::MAX);
            self.functions[at as usize].kernel = Some(kernel);
            return Value::Kernel(kernel);
        }
        let scanned = scan(code);
        self.trace.kernels.push(Kernel {
            name: code.name.id.as_str(),
            name_range: code.name.range,
            launched: false,
            launched_elsewhere: false,
            called: false,
            lost: false,
            empty_grid: None,
            reduces: scanned.reduces,
            lowered: scanned.lowered.clone(),
        });
        let kernel = last(&self.trace.kernels);
        self.scans.push(scanned);
        self.kernel_functions.push(at);
        self.functions[at as usize].kernel = Some(kernel);
        Value::Kernel(kernel)
    }

    fn define_class(&mut self, class: &'a ast::StmtClassDef) {
        let name = class.name.id.as_str();
        let mut bases = Vec::new();
        if let Some(arguments) = &class.arguments {
            bases.extend(arguments.args.iter().map(|base| self.eval(base)));
            for keyword in &arguments.keywords {
                self.eval(&keyword.value);
            }
        }
        for base in &bases {
            if let Value::Path(path) = base {
                let text = self.paths.text(*path);
                if matches!(
                    text,
                    "torch.Tensor" | "torch.nn.Parameter" | "torch.nn.parameter.Parameter" | "torch.nn.Buffer"
                ) || text.ends_with("TorchFunctionMode")
                    || text.ends_with("TorchDispatchMode")
                    || text.ends_with("._tensor.Tensor")
                {
                    self.tell(class.name.range, What::Disguise(name));
                }
            }
        }
        for decorator in &class.decorator_list {
            self.eval(&decorator.expression);
        }
        let outer = self.scope;
        let lasting = self.scopes[outer as usize].lasting;
        self.scopes.push(Scope { parent: outer, is_class: true, lasting, arm: self.arm, ..Scope::default() });
        self.scope = last(&self.scopes);
        let scope = self.scope;
        self.block(&class.body);
        self.scope = outer;
        self.classes.push(Class { name, scope, bases, attributes: FxHashMap::default() });
        let value = Value::Class(last(&self.classes));
        self.assign(name, value, class.name.range);
    }

    /// The scope that holds a name, seen from a scope.
    pub(super) fn holder(&self, name: &str, from: u32) -> Option<u32> {
        let mut at = from;
        loop {
            let scope = &self.scopes[at as usize];
            if !(scope.is_class && at != from) {
                if let Some((_, other)) = scope.elsewhere.iter().find(|(known, _)| *known == name) {
                    return Some(*other);
                }
                if scope.names.contains_key(name) {
                    return Some(at);
                }
            }
            if at == 0 {
                return None;
            }
            at = scope.parent;
        }
    }

    /// What a name stands for.
    pub(super) fn name(&self, name: &str) -> Option<Value<'a>> {
        let holder = self.holder(name, self.scope)?;
        self.scopes[holder as usize].names.get(name).copied()
    }

    /// Gives a name a value.
    pub(super) fn assign(&mut self, name: &'a str, value: Value<'a>, range: TextRange) {
        let here = &self.scopes[self.scope as usize];
        let holder = here.elsewhere.iter().find(|(known, _)| *known == name).map_or(self.scope, |(_, at)| *at);
        if holder != self.scope && self.scopes[holder as usize].lasting && self.when != When::Load {
            self.keep(value, range);
        }
        let scope = &mut self.scopes[holder as usize];
        // Where it is not certain that the assignment happens, both values are possible.
        let certain = holder == self.scope && (self.arm == scope.arm || holder == 0 && self.arm == 0);
        match scope.names.get(name).copied() {
            Some(known) if !certain && known != value => {
                let joined = self.store.join(known, value);
                self.scopes[holder as usize].names.insert(name, joined);
            }
            _ => {
                scope.names.insert(name, value);
            }
        }
    }

    /// Notes that a value outlives the call.
    pub(super) fn keep(&mut self, value: Value<'a>, range: TextRange) {
        if self.when == When::Load || self.when == When::Never {
            return;
        }
        let tensors = self.store.tensors(value);
        let data = From::INPUT.with(From::KERNEL).with(From::TORCH);
        let mut of_data = false;
        for tensor in tensors {
            self.kept.push((tensor.memory, range));
            of_data |= self.store.from(tensor).has(data) && !(tensor.kind == Kind::Bool && tensor.small);
        }
        if of_data {
            self.tell(range, What::Keep(Kept::Tensor));
        }
    }

    fn augmented(&mut self, assign: &'a ast::StmtAugAssign) {
        let before = self.eval(&assign.target);
        let value = self.eval(&assign.value);
        let result = self.binary(before, assign.op, value, assign.range);
        let counts = !matches!(self.when, When::Load | When::Never);
        match &*assign.target {
            Expr::Name(name) => {
                let holder = self.holder(name.id.as_str(), self.scope);
                let lasting = holder
                    .is_some_and(|holder| holder != self.scope && self.scopes[holder as usize].lasting);
                if counts && lasting && !matches!(before, Value::Tensor(_)) {
                    self.tell(assign.range, What::Keep(Kept::Count));
                }
                self.assign(name.id.as_str(), result, assign.range);
            }
            Expr::Attribute(attribute) => {
                let base = self.eval(&attribute.value);
                let lasting = match base {
                    Value::Function(_) | Value::Class(_) | Value::Kernel(_) => true,
                    Value::Instance(at) => self.instances[at as usize].lasting,
                    _ => false,
                };
                if counts && lasting && !matches!(before, Value::Tensor(_)) {
                    self.tell(assign.range, What::Keep(Kept::Count));
                }
            }
            Expr::Subscript(subscript) => match self.eval(&subscript.value) {
                Value::Many(at) if self.store.many[at as usize].shared && counts => {
                    self.tell(assign.range, What::Keep(Kept::Count));
                }
                Value::Tensor(tensor) => self.store.memory[tensor.memory as usize].by_torch = true,
                _ => {}
            },
            _ => {}
        }
    }

    /// Hands a value to what stands on the left of an assignment.
    pub(super) fn bind(&mut self, target: &'a Expr, value: Value<'a>) {
        match target {
            Expr::Name(name) => self.assign(name.id.as_str(), value, name.range),
            Expr::Tuple(ast::ExprTuple { elts, .. }) | Expr::List(ast::ExprList { elts, .. }) => {
                self.unpack(elts, value);
            }
            Expr::Starred(starred) => self.bind(&starred.value, value),
            Expr::Attribute(attribute) => {
                let base = self.eval(&attribute.value);
                self.set_attribute(base, attribute.attr.id.as_str(), value, target.range());
            }
            Expr::Subscript(subscript) => {
                let base = self.eval(&subscript.value);
                let key = self.eval(&subscript.slice);
                self.set_item(base, key, value, target.range());
            }
            _ => {
                self.eval(target);
            }
        }
    }

    fn unpack(&mut self, targets: &'a [Expr], value: Value<'a>) {
        if let Value::Many(at) = value {
            let many = &self.store.many[at as usize];
            if !many.open && many.items.len() == targets.len() && !targets.iter().any(Expr::is_starred_expr) {
                let items: Vec<Value<'a>> = many.items.iter().map(|(_, value)| *value).collect();
                for (target, value) in targets.iter().zip(items) {
                    self.bind(target, value);
                }
                return;
            }
        }
        let element = self.element(value).unwrap_or(Value::Unknown);
        for target in targets {
            self.bind(target, element);
        }
    }

    /// What iterating over a value gives; none where there certainly is nothing.
    pub(super) fn element(&mut self, value: Value<'a>) -> Option<Value<'a>> {
        Some(match value {
            Value::Many(at) => {
                let many = &self.store.many[at as usize];
                if many.items.is_empty() && !many.open {
                    // A list may have grown where it was not seen.
                    return Some(Value::Unknown);
                }
                let (items, open) = (many.items.clone(), many.open);
                let mut joined = open.then_some(Value::Unknown);
                for (key, value) in items.into_iter().take(32) {
                    // Iterating over a dictionary gives its keys.
                    let value = if key == Value::Unknown { value } else { key };
                    joined = Some(match joined {
                        Some(joined) => self.store.join(joined, value),
                        None => value,
                    });
                }
                joined.unwrap_or(Value::Unknown)
            }
            Value::Either(at) => {
                let values = self.store.either[at as usize].clone();
                let mut joined = None;
                for value in values {
                    let element = self.element(value).unwrap_or(Value::Unknown);
                    joined = Some(match joined {
                        Some(joined) => self.store.join(joined, element),
                        None => element,
                    });
                }
                joined.unwrap_or(Value::Unknown)
            }
            Value::Tensor(_) => value,
            Value::Sizes | Value::Number(None) => Value::Number(None),
            // `range(0)`.
            Value::Number(Some(0)) => return None,
            Value::Number(Some(_)) => Value::Number(None),
            Value::Text(_) | Value::AnyText => Value::AnyText,
            _ => Value::Unknown,
        })
    }

    pub(super) fn tensor(&mut self, memory: Memory, kind: Kind, from: From) -> Tensor {
        let memory = Memory { shared: self.when == When::Load, ..memory };
        Tensor { memory: self.store.memory(memory), kind, from, small: false }
    }

    pub(super) fn container(&mut self, items: Vec<(Value<'a>, Value<'a>)>, open: bool) -> Value<'a> {
        let shared = self.when == When::Load;
        self.store.many(Many { items, open, shared })
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

/// Whether a decorator of this path makes a kernel.
pub(super) fn is_jit(path: &str) -> bool {
    path.starts_with("triton.") && path.ends_with(".jit")
}

/// Whether a decorator of this path keeps what the function gives.
pub(super) fn is_cache(path: &str) -> bool {
    matches!(path, "functools.lru_cache" | "functools.cache" | "functools.cached_property")
}
