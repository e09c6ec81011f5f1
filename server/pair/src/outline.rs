//! What a block defines at its top level.

use ruff_python_ast::{self as ast, ExceptHandler, Expr, Stmt};
use ruff_text_size::{Ranged, TextRange};
use rustc_hash::FxHashMap;

use crate::entry::Definition;
use crate::signature::Signature;
use crate::syntax::{is_main_guard, string_statement};

/// The callables and imports at the top level of a block; branches of `if`, `try` and `with` count.
#[derive(Debug, Default)]
pub(crate) struct Outline<'a> {
    pub(crate) callables: Vec<Callable<'a>>,
    /// The places of the callables, by name.
    by_name: FxHashMap<&'a str, usize>,
    pub(crate) imports: Vec<Import<'a>>,
    /// Names of functions that are handed to triton's decorators by a call, `kernel = triton.jit(function)`.
    wrapped: Vec<&'a str>,
}

/// A top-level definition that can be called.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Callable<'a> {
    pub(crate) name: &'a str,
    pub(crate) range: TextRange,
    pub(crate) name_range: TextRange,
    pub(crate) what: What<'a>,
    pub(crate) decorated: bool,
    /// Under one of triton's decorators.
    pub(crate) triton: bool,
    /// Under `triton.jit`.
    pub(crate) jit: bool,
}

/// What kind of thing is called.
#[derive(Debug, Clone, Copy)]
pub(crate) enum What<'a> {
    Function(&'a ast::StmtFunctionDef),
    Class(&'a ast::StmtClassDef),
    Alias(&'a Expr),
}

/// One name that an import binds.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Import<'a> {
    /// The name that it binds.
    pub(crate) name: &'a str,
    pub(crate) module: Option<&'a str>,
    /// What is imported: a module's path, or the name within the module.
    pub(crate) imported: &'a str,
    pub(crate) renamed: bool,
    pub(crate) relative: bool,
}

impl Import<'_> {
    /// The dotted path that the bound name stands for.
    pub(crate) fn path(&self) -> String {
        match self.module {
            Some(module) => format!("{module}.{}", self.imported),
            None if self.renamed => self.imported.to_owned(),
            None => self.name.to_owned(),
        }
    }

    /// The statement that imports this name alone.
    pub(crate) fn statement(&self) -> String {
        let renaming = if self.renamed { format!(" as {}", self.name) } else { String::new() };
        match self.module {
            Some(module) => format!("from {module} import {}{renaming}", self.imported),
            None => format!("import {}{renaming}", self.imported),
        }
    }
}

impl<'a> Outline<'a> {
    /// Reads a block's statements.
    pub(crate) fn of(statements: &'a [Stmt]) -> Self {
        let mut outline = Self::default();
        outline.add_imports(statements);
        outline.add(statements);
        let wrapped = std::mem::take(&mut outline.wrapped);
        for callable in &mut outline.callables {
            if wrapped.contains(&callable.name) && matches!(callable.what, What::Function(_)) {
                callable.triton = true;
                callable.jit = true;
            }
        }
        outline
    }

    /// Reads only the imports.
    pub(crate) fn of_imports(groups: impl IntoIterator<Item = &'a [Stmt]>) -> Self {
        let mut outline = Self::default();
        for group in groups {
            outline.add_imports(group);
        }
        outline
    }

    fn add_imports(&mut self, statements: &'a [Stmt]) {
        for statement in statements {
            match statement {
                Stmt::Import(import) => {
                    for alias in &import.names {
                        let path = alias.name.id.as_str();
                        let root = path.split('.').next().unwrap_or(path);
                        self.imports.push(Import {
                            name: alias.asname.as_ref().map_or(root, |name| name.id.as_str()),
                            module: None,
                            imported: path,
                            renamed: alias.asname.is_some(),
                            relative: false,
                        });
                    }
                }
                Stmt::ImportFrom(import) => {
                    for alias in &import.names {
                        self.imports.push(Import {
                            name: alias
                                .asname
                                .as_ref()
                                .map_or(alias.name.id.as_str(), |name| name.id.as_str()),
                            module: Some(import.module.as_ref().map_or("", |module| module.id.as_str())),
                            imported: alias.name.id.as_str(),
                            renamed: alias.asname.is_some(),
                            relative: import.level > 0,
                        });
                    }
                }
                _ => for_each_branch(statement, &mut |branch| self.add_imports(branch)),
            }
        }
    }

    fn add(&mut self, statements: &'a [Stmt]) {
        for statement in statements {
            match statement {
                Stmt::FunctionDef(function) => {
                    let paths = function
                        .decorator_list
                        .iter()
                        .filter_map(|decorator| self.path(&decorator.expression));
                    let (mut triton, mut jit) = (false, false);
                    for path in paths {
                        triton |= is_triton(&path);
                        jit |= is_jit(&path);
                    }
                    self.push(Callable {
                        name: function.name.id.as_str(),
                        range: function.range,
                        name_range: function.name.range,
                        what: What::Function(function),
                        decorated: !function.decorator_list.is_empty(),
                        triton,
                        jit,
                    });
                }
                Stmt::ClassDef(class) => self.push(Callable {
                    name: class.name.id.as_str(),
                    range: class.range,
                    name_range: class.name.range,
                    what: What::Class(class),
                    decorated: !class.decorator_list.is_empty(),
                    triton: false,
                    jit: false,
                }),
                Stmt::Assign(assign) => {
                    if let [Expr::Name(target)] = &assign.targets[..] {
                        self.add_alias(target, &assign.value, assign.range);
                    }
                }
                Stmt::AnnAssign(assign) => {
                    if let (Expr::Name(target), Some(value)) = (&*assign.target, &assign.value) {
                        self.add_alias(target, value, assign.range);
                    }
                }
                _ if is_main_guard(statement) => {}
                _ => for_each_branch(statement, &mut |branch| self.add(branch)),
            }
        }
    }

    fn add_alias(&mut self, target: &'a ast::ExprName, value: &'a Expr, range: TextRange) {
        let mut alias = Callable {
            name: target.id.as_str(),
            range,
            name_range: target.range,
            what: What::Alias(value),
            decorated: false,
            triton: false,
            jit: false,
        };
        if let Expr::Call(call) = value
            && let Some(path) = self.path(&call.func)
            && is_triton(&path)
        {
            alias.triton = true;
            alias.jit = is_jit(&path) || matches!(call.arguments.args.first(), Some(Expr::Name(_)));
            self.wrapped.extend(call.arguments.args.iter().filter_map(|argument| match argument {
                Expr::Name(name) => Some(name.id.as_str()),
                _ => None,
            }));
            // `f = triton.jit(f)` is a decorator written out: the definition of `f` is what it is about.
            if !alias.jit || self.wrapped.contains(&alias.name) {
                return;
            }
        } else if !self.is_local_callable(value) {
            return;
        }
        self.push(alias);
    }

    /// Later definitions of a name replace earlier ones, as they do at run time.
    fn push(&mut self, callable: Callable<'a>) {
        if self.by_name.insert(callable.name, self.callables.len()).is_some() {
            self.callables.retain(|other| other.name != callable.name);
            self.by_name = self.callables.iter().zip(0..).map(|(other, at)| (other.name, at)).collect();
            self.by_name.insert(callable.name, self.callables.len());
        }
        self.callables.push(callable);
    }

    /// Whether an expression is a callable of this block under another name. What is imported is not.
    fn is_local_callable(&self, value: &Expr) -> bool {
        match value {
            Expr::Lambda(_) => true,
            Expr::Name(name) => self.callable(name.id.as_str()).is_some(),
            Expr::Attribute(attribute) => self.is_local_callable(&attribute.value),
            // `torch.compile(f)`, `functools.partial(f, …)`, `torch.no_grad()(f)`, `Module().cuda()`.
            Expr::Call(call) => {
                let wraps = |argument: &Expr| self.is_local_callable(argument);
                call.arguments.args.first().is_some_and(wraps) && self.is_wrapper(&call.func)
                    || self.is_module_instance(value)
                    || self.made_by(call).is_some()
            }
            _ => false,
        }
    }

    fn is_wrapper(&self, function: &Expr) -> bool {
        if matches!(function, Expr::Call(_)) {
            return true;
        }
        self.path(function).is_some_and(|path| {
            let last = path.rsplit('.').next().unwrap_or(&path);
            matches!(
                last,
                "compile"
                    | "partial"
                    | "script"
                    | "wraps"
                    | "no_grad"
                    | "inference_mode"
                    | "cache"
                    | "lru_cache"
                    | "vmap"
                    | "custom_fwd"
                    | "custom_op"
                    | "triton_op"
                    | "checkpoint"
            )
        })
    }

    /// The function that a function of this block makes and returns: `f = build()`.
    pub(crate) fn made_by(&self, call: &ast::ExprCall) -> Option<&'a ast::StmtFunctionDef> {
        let Expr::Name(name) = &*call.func else { return None };
        let What::Function(factory) = self.callable(name.id.as_str())?.what else { return None };
        let Some(Stmt::Return(returned)) = factory.body.last() else { return None };
        let Some(Expr::Name(made)) = returned.value.as_deref() else { return None };
        factory.body.iter().find_map(|statement| match statement {
            Stmt::FunctionDef(function) if function.name.id == made.id => Some(function),
            _ => None,
        })
    }

    fn is_module_instance(&self, value: &Expr) -> bool {
        let Expr::Call(call) = value else { return false };
        match &*call.func {
            Expr::Name(name) => {
                matches!(self.callable(name.id.as_str()), Some(Callable { what: What::Class(_), .. }))
            }
            Expr::Attribute(attribute) => self.is_module_instance(&attribute.value),
            _ => false,
        }
    }

    /// The definition of a name.
    pub(crate) fn callable(&self, name: &str) -> Option<&Callable<'a>> {
        self.by_name.get(name).map(|at| &self.callables[*at])
    }

    /// The dotted path that an expression names, imports followed; of a call, what is called.
    pub(crate) fn path(&self, expression: &Expr) -> Option<String> {
        match expression {
            Expr::Name(name) => Some(
                self.imports
                    .iter()
                    .rev()
                    .find(|import| import.name == name.id.as_str())
                    .map_or_else(|| name.id.to_string(), Import::path),
            ),
            Expr::Attribute(attribute) => {
                let mut path = self.path(&attribute.value)?;
                path.push('.');
                path.push_str(attribute.attr.id.as_str());
                Some(path)
            }
            Expr::Call(call) => self.path(&call.func),
            _ => None,
        }
    }
}

/// Whether a decorator of this path is one of triton's.
fn is_triton(path: &str) -> bool {
    path.starts_with("triton.")
}

/// Whether a decorator of this path makes a kernel.
pub(crate) fn is_jit(path: &str) -> bool {
    is_triton(path) && path.rsplit('.').next() == Some("jit")
}

/// The method of a class.
pub(crate) fn method<'a>(class: &'a ast::StmtClassDef, name: &str) -> Option<&'a ast::StmtFunctionDef> {
    class.body.iter().find_map(|statement| match statement {
        Stmt::FunctionDef(function) if function.name == *name => Some(function),
        _ => None,
    })
}

/// Visits the bodies of a compound statement whose names belong to the scope around it.
pub(crate) fn for_each_branch<'a>(statement: &'a Stmt, visit: &mut dyn FnMut(&'a [Stmt])) {
    match statement {
        Stmt::If(statement) => {
            visit(&statement.body);
            for clause in &statement.elif_else_clauses {
                visit(&clause.body);
            }
        }
        Stmt::Try(statement) => {
            visit(&statement.body);
            for ExceptHandler::ExceptHandler(handler) in &statement.handlers {
                visit(&handler.body);
            }
            visit(&statement.orelse);
            visit(&statement.finalbody);
        }
        Stmt::With(statement) => visit(&statement.body),
        Stmt::For(statement) => visit(&statement.body),
        Stmt::While(statement) => visit(&statement.body),
        _ => {}
    }
}

/// Where a callable is defined, as others see it.
pub(crate) fn definition(outline: &Outline<'_>, callable: &Callable<'_>) -> Definition {
    Definition {
        name: callable.name.to_owned(),
        range: callable.range,
        name_range: callable.name_range,
        params: Signature::of(outline, callable).map(|signature| signature.names()).unwrap_or_default(),
    }
}

/// The whole file's first string: its docstring.
pub(crate) fn docstring(statements: &[Stmt]) -> Option<(&str, TextRange)> {
    let first = statements.first()?;
    string_statement(first).map(|text| (text, first.range()))
}
