//! Which names a block uses and which of them it does not define.

use ruff_python_ast::visitor::{
    Visitor, walk_annotation, walk_expr, walk_pattern, walk_stmt, walk_type_param,
};
use ruff_python_ast::{self as ast, ExceptHandler, Expr, ExprContext, Pattern, Stmt};
use ruff_text_size::TextRange;
use rustc_hash::FxHashSet;

use crate::builtins::is_builtin;
use crate::outline::{Outline, for_each_branch};
use crate::syntax::{is_future_import, is_main_guard};

/// What a block's names are bound to, without regard to the order in which statements run.
#[derive(Debug, Default)]
pub(crate) struct Names<'a> {
    /// Uses of names that nothing in the block defines, in text order.
    pub(crate) unbound: Vec<Use<'a>>,
    /// Callables that other callables of the block use.
    pub(crate) helpers: FxHashSet<&'a str>,
    /// Whether names may come from where they cannot be seen: `from x import *`, `exec`, `globals()`.
    pub(crate) open_ended: bool,
    /// The names that the block defines at its top level.
    pub(crate) bound: FxHashSet<&'a str>,
}

/// One use of a name.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Use<'a> {
    pub(crate) name: &'a str,
    pub(crate) range: TextRange,
    /// The top-level definition that it stands in.
    pub(crate) owner: Option<&'a str>,
}

impl<'a> Names<'a> {
    /// Resolves the names of a block. The main block is left out.
    pub(crate) fn of(statements: &'a [Stmt], outline: &Outline<'a>) -> Self {
        let mut walk = Walk {
            scopes: vec![Scope {
                parent: 0,
                is_class: false,
                is_comprehension: false,
                bound: FxHashSet::default(),
            }],
            loads: Vec::new(),
            scope: 0,
            owner: None,
            excused: 0,
            lazy_annotations: statements.iter().any(has_lazy_annotations),
            open_ended: false,
        };
        walk.top_level(statements);
        walk.finish(outline)
    }
}

fn has_lazy_annotations(statement: &Stmt) -> bool {
    is_future_import(statement)
        && matches!(statement, Stmt::ImportFrom(import) if import.names.iter().any(|name| name.name == *"annotations"))
}

struct Scope<'a> {
    parent: usize,
    is_class: bool,
    is_comprehension: bool,
    bound: FxHashSet<&'a str>,
}

struct Walk<'a> {
    scopes: Vec<Scope<'a>>,
    loads: Vec<(Use<'a>, usize)>,
    scope: usize,
    owner: Option<&'a str>,
    /// Above zero inside `try: … except NameError:`, where a name may well be missing.
    excused: usize,
    lazy_annotations: bool,
    open_ended: bool,
}

impl<'a> Walk<'a> {
    fn top_level(&mut self, statements: &'a [Stmt]) {
        for statement in statements {
            if is_main_guard(statement) {
                continue;
            }
            if let Stmt::If(branches) = statement {
                // Definitions in branches are top-level definitions too.
                self.visit_expr(&branches.test);
                branches
                    .elif_else_clauses
                    .iter()
                    .filter_map(|clause| clause.test.as_ref())
                    .for_each(|test| self.visit_expr(test));
                for_each_branch(statement, &mut |branch| self.top_level(branch));
                continue;
            }
            self.owner = match statement {
                Stmt::FunctionDef(function) => Some(function.name.id.as_str()),
                Stmt::ClassDef(class) => Some(class.name.id.as_str()),
                Stmt::Assign(assign) => match &assign.targets[..] {
                    [Expr::Name(name)] => Some(name.id.as_str()),
                    _ => None,
                },
                _ => None,
            };
            self.visit_stmt(statement);
            self.owner = None;
        }
    }

    fn bind(&mut self, name: &'a str) {
        self.scopes[self.scope].bound.insert(name);
    }

    fn within(&mut self, is_class: bool, is_comprehension: bool, walk: impl FnOnce(&mut Self)) {
        let outer = self.scope;
        self.scopes.push(Scope { parent: outer, is_class, is_comprehension, bound: FxHashSet::default() });
        self.scope = self.scopes.len() - 1;
        walk(self);
        self.scope = outer;
    }

    fn bind_parameters(&mut self, parameters: &'a ast::Parameters) {
        for parameter in parameters {
            self.bind(parameter.name().id.as_str());
        }
    }

    fn visit_defaults(&mut self, parameters: &'a ast::Parameters) {
        for parameter in parameters.iter_non_variadic_params() {
            if let Some(default) = &parameter.default {
                self.visit_expr(default);
            }
        }
    }

    fn comprehension(&mut self, generators: &'a [ast::Comprehension], elements: &[&'a Expr]) {
        // The first iterable is evaluated outside.
        if let Some(first) = generators.first() {
            self.visit_expr(&first.iter);
        }
        self.within(false, true, |walk| {
            for (at, generator) in generators.iter().enumerate() {
                walk.visit_expr(&generator.target);
                if at > 0 {
                    walk.visit_expr(&generator.iter);
                }
                generator.ifs.iter().for_each(|condition| walk.visit_expr(condition));
            }
            for element in elements {
                walk.visit_expr(element);
            }
        });
    }

    fn resolve(&self, name: &str, scope: usize) -> Option<usize> {
        let mut at = scope;
        loop {
            let here = &self.scopes[at];
            // The names of a class are seen in its own body, not in the functions inside.
            if (!here.is_class || at == scope) && here.bound.contains(name) {
                return Some(at);
            }
            if at == 0 {
                return None;
            }
            at = here.parent;
        }
    }

    fn finish(self, outline: &Outline<'a>) -> Names<'a> {
        let mut names = Names { open_ended: self.open_ended, ..Names::default() };
        for (used, scope) in &self.loads {
            match self.resolve(used.name, *scope) {
                Some(0) => {
                    let Some(owner) = used.owner.filter(|owner| *owner != used.name) else { continue };
                    if outline.callable(used.name).is_some() && outline.callable(owner).is_some() {
                        names.helpers.insert(used.name);
                    }
                }
                Some(_) => {}
                None if is_builtin(used.name) => {}
                None => names.unbound.push(*used),
            }
        }
        names.unbound.sort_by_key(|used| used.range.start());
        names.bound = self.scopes.into_iter().next().map(|module| module.bound).unwrap_or_default();
        names
    }
}

impl<'a> Visitor<'a> for Walk<'a> {
    fn visit_stmt(&mut self, statement: &'a Stmt) {
        match statement {
            Stmt::FunctionDef(function) => {
                self.bind(function.name.id.as_str());
                function.decorator_list.iter().for_each(|decorator| self.visit_expr(&decorator.expression));
                self.visit_defaults(&function.parameters);
                if let Some(parameters) = &function.type_params {
                    self.visit_type_params(parameters);
                }
                for parameter in &*function.parameters {
                    if let Some(annotation) = parameter.as_parameter().annotation() {
                        self.visit_annotation(annotation);
                    }
                }
                function.returns.iter().for_each(|returns| self.visit_annotation(returns));
                self.within(false, false, |walk| {
                    walk.bind_parameters(&function.parameters);
                    walk.visit_body(&function.body);
                });
            }
            Stmt::ClassDef(class) => {
                self.bind(class.name.id.as_str());
                class.decorator_list.iter().for_each(|decorator| self.visit_expr(&decorator.expression));
                if let Some(parameters) = &class.type_params {
                    self.visit_type_params(parameters);
                }
                if let Some(arguments) = &class.arguments {
                    self.visit_arguments(arguments);
                }
                self.within(true, false, |walk| walk.visit_body(&class.body));
            }
            Stmt::Import(import) => {
                for alias in &import.names {
                    let path = alias.name.id.as_str();
                    let root = path.split('.').next().unwrap_or(path);
                    self.bind(alias.asname.as_ref().map_or(root, |name| name.id.as_str()));
                }
            }
            Stmt::ImportFrom(import) => {
                for alias in &import.names {
                    if alias.name.id.as_str() == "*" {
                        self.open_ended = true;
                    } else {
                        self.bind(
                            alias.asname.as_ref().map_or(alias.name.id.as_str(), |name| name.id.as_str()),
                        );
                    }
                }
            }
            Stmt::Global(global) => {
                for name in &global.names {
                    self.scopes[0].bound.insert(name.id.as_str());
                }
            }
            Stmt::Try(attempt) => {
                let excuses = attempt.handlers.iter().any(|ExceptHandler::ExceptHandler(handler)| {
                    handler.type_.as_deref().is_none_or(names_name_error)
                });
                self.excused += usize::from(excuses);
                self.visit_body(&attempt.body);
                self.excused -= usize::from(excuses);
                for ExceptHandler::ExceptHandler(handler) in &attempt.handlers {
                    handler.type_.iter().for_each(|kind| self.visit_expr(kind));
                    if let Some(name) = &handler.name {
                        self.bind(name.id.as_str());
                    }
                    self.visit_body(&handler.body);
                }
                self.visit_body(&attempt.orelse);
                self.visit_body(&attempt.finalbody);
            }
            Stmt::AnnAssign(assign) if self.scope > 0 && !self.scopes[self.scope].is_class => {
                // The annotation of a local variable is never evaluated.
                self.visit_expr(&assign.target);
                assign.value.iter().for_each(|value| self.visit_expr(value));
            }
            _ => walk_stmt(self, statement),
        }
    }

    fn visit_annotation(&mut self, annotation: &'a Expr) {
        if !self.lazy_annotations {
            walk_annotation(self, annotation);
        }
    }

    fn visit_expr(&mut self, expression: &'a Expr) {
        match expression {
            Expr::Name(name) => {
                let id = name.id.as_str();
                if name.ctx == ExprContext::Load {
                    self.open_ended |= matches!(id, "exec" | "globals");
                    if self.excused == 0 {
                        self.loads.push((Use { name: id, range: name.range, owner: self.owner }, self.scope));
                    }
                } else {
                    self.bind(id);
                }
            }
            Expr::Lambda(lambda) => {
                if let Some(parameters) = &lambda.parameters {
                    self.visit_defaults(parameters);
                }
                self.within(false, false, |walk| {
                    if let Some(parameters) = &lambda.parameters {
                        walk.bind_parameters(parameters);
                    }
                    walk.visit_expr(&lambda.body);
                });
            }
            Expr::ListComp(made) => self.comprehension(&made.generators, &[&*made.elt]),
            Expr::SetComp(made) => self.comprehension(&made.generators, &[&*made.elt]),
            Expr::Generator(made) => self.comprehension(&made.generators, &[&*made.elt]),
            Expr::DictComp(made) => {
                let mut elements: Vec<&'a Expr> = vec![&made.value];
                elements.extend(made.key.as_deref());
                self.comprehension(&made.generators, &elements);
            }
            Expr::Named(named) => {
                self.visit_expr(&named.value);
                let inner = self.scope;
                while self.scopes[self.scope].is_comprehension {
                    self.scope = self.scopes[self.scope].parent;
                }
                self.visit_expr(&named.target);
                self.scope = inner;
            }
            _ => walk_expr(self, expression),
        }
    }

    fn visit_pattern(&mut self, pattern: &'a Pattern) {
        let bound = match pattern {
            Pattern::MatchAs(pattern) => pattern.name.as_ref(),
            Pattern::MatchStar(pattern) => pattern.name.as_ref(),
            Pattern::MatchMapping(pattern) => pattern.rest.as_ref(),
            _ => None,
        };
        if let Some(name) = bound {
            self.bind(name.id.as_str());
        }
        walk_pattern(self, pattern);
    }

    fn visit_type_param(&mut self, parameter: &'a ast::TypeParam) {
        self.bind(parameter.name().id.as_str());
        walk_type_param(self, parameter);
    }
}

/// Whether an `except` clause of this type catches a missing name.
fn names_name_error(kind: &Expr) -> bool {
    match kind {
        Expr::Name(name) => matches!(name.id.as_str(), "NameError" | "Exception" | "BaseException"),
        Expr::Tuple(tuple) => tuple.iter().any(names_name_error),
        _ => false,
    }
}
