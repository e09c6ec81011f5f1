//! The code around the kernels: functions, and the launches in them.

use ruff_python_ast::visitor::{Visitor, walk_expr, walk_stmt};
use ruff_python_ast::{self as ast, Expr, ExprContext, Stmt};
use ruff_text_size::Ranged;
use rustc_hash::FxHashMap;

use super::Global;
use super::kernel::Kernel;
use super::modules::Modules;
use crate::by_name::ByName;

/// The functions of a block that are no kernels.
#[derive(Debug, Default)]
pub(crate) struct Host<'a> {
    pub(crate) functions: Vec<HostFunction<'a>>,
    pub(crate) launches: Vec<Launch<'a>>,
}

/// A function that is no kernel.
#[derive(Debug)]
pub(crate) struct HostFunction<'a> {
    pub(crate) name: &'a str,
    pub(crate) class: Option<&'a str>,
    pub(crate) function: &'a ast::StmtFunctionDef,
    /// What each name is bound to: all plain assignments, and `None` for what is bound otherwise.
    bound: ByName<'a, Option<&'a Expr>>,
    /// The calls in it, nested functions left out, in text order.
    pub(crate) calls: Vec<HostCall<'a>>,
    /// Whether it takes a remainder, as those do who ask for sizes that divide.
    pub(crate) asks_for_remainders: bool,
}

/// A call in host code.
#[derive(Debug, Clone, Copy)]
pub(crate) struct HostCall<'a> {
    pub(crate) call: &'a ast::ExprCall,
    /// How many branches it stands in.
    pub(crate) branches: u8,
}

/// A launch, `kernel[grid](…)`.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Launch<'a> {
    /// The place of the kernel among the block's, if it is one of them.
    pub(crate) kernel: Option<usize>,
    pub(crate) call: &'a ast::ExprCall,
    pub(crate) grid: &'a Expr,
    /// The place of the function that it stands in.
    pub(crate) function: usize,
    pub(crate) branches: u8,
}

impl<'a> HostFunction<'a> {
    pub(super) fn of(function: &'a ast::StmtFunctionDef, class: Option<&'a str>) -> Self {
        let mut walk = Walk {
            found: Self {
                name: function.name.id.as_str(),
                class,
                function,
                bound: ByName::from_iter([]),
                calls: Vec::new(),
                asks_for_remainders: false,
            },
            bound: Vec::new(),
            branches: 0,
        };
        walk.visit_body(&function.body);
        walk.found.bound = walk.bound.into_iter().collect();
        walk.found
    }

    /// Whether the function binds a name, as a parameter or in its body.
    pub(crate) fn binds(&self, name: &str) -> bool {
        self.bound.contains(name) || self.is_parameter(name)
    }

    /// Whether a name is one of its parameters.
    pub(crate) fn is_parameter(&self, name: &str) -> bool {
        self.function.parameters.includes(name)
    }

    /// Whether the body binds a name anew.
    pub(crate) fn rebinds(&self, name: &str) -> bool {
        self.bound.contains(name)
    }

    /// What a name is assigned, if that happens once and plainly.
    pub(crate) fn value(&self, name: &str) -> Option<&'a Expr> {
        match *self.bound.all(name) {
            [(_, Some(value))] if !self.is_parameter(name) => Some(value),
            _ => None,
        }
    }

    /// An expression, names followed to what they are assigned once.
    pub(crate) fn follow(&self, mut expression: &'a Expr) -> &'a Expr {
        for _ in 0..8 {
            let Expr::Name(name) = expression else { break };
            let Some(value) = self.value(name.id.as_str()) else { break };
            expression = value;
        }
        expression
    }
}

impl<'a> Host<'a> {
    pub(super) fn find_launches(
        &mut self,
        kernels: &FxHashMap<&'a str, usize>,
        modules: &Modules<'a>,
        globals: &FxHashMap<&'a str, Global<'a>>,
    ) {
        for (function, at) in self.functions.iter().zip(0..) {
            for found in &function.calls {
                // `run = kernel[grid]`, `run(…)`.
                let Expr::Subscript(subscript) = function.follow(&found.call.func) else { continue };
                let Some(kernel) = kernel_of(&subscript.value, function, kernels, modules, globals, 6) else {
                    continue;
                };
                self.launches.push(Launch {
                    kernel: Some(kernel),
                    call: found.call,
                    grid: &subscript.slice,
                    function: at,
                    branches: found.branches,
                });
            }
        }
        self.launches.sort_by_key(|launch| launch.call.start());
    }

    /// The functions that are run when one is called, itself included: those whose names it uses.
    pub(crate) fn reachable(&self, from: &str) -> Vec<usize> {
        let mut by_name: FxHashMap<&str, Vec<usize>> = FxHashMap::default();
        for (at, function) in self.functions.iter().enumerate() {
            for name in [Some(function.name), function.class].into_iter().flatten() {
                by_name.entry(name).or_default().push(at);
            }
        }
        let mut reached: Vec<usize> = Vec::new();
        let mut names: Vec<&str> = vec![from];
        while let Some(name) = names.pop() {
            // What is taken out is not visited again.
            for at in by_name.remove(name).unwrap_or_default() {
                reached.push(at);
                for call in &self.functions[at].calls {
                    match &*call.call.func {
                        Expr::Name(name) => names.push(name.id.as_str()),
                        Expr::Attribute(attribute) => {
                            if let Expr::Name(owner) = &*attribute.value {
                                names.push(match owner.id.as_str() {
                                    "self" => attribute.attr.id.as_str(),
                                    owner => owner,
                                });
                            }
                        }
                        _ => {}
                    }
                }
            }
        }
        reached.sort_unstable();
        reached.dedup();
        reached
    }
}

fn kernel_of<'a>(
    expression: &'a Expr,
    function: &HostFunction<'a>,
    kernels: &FxHashMap<&'a str, usize>,
    modules: &Modules<'a>,
    globals: &FxHashMap<&'a str, Global<'a>>,
    depth: u8,
) -> Option<usize> {
    let depth = depth.checked_sub(1)?;
    let next = |expression| kernel_of(expression, function, kernels, modules, globals, depth);
    match expression {
        Expr::Name(name) => {
            let id = name.id.as_str();
            if function.binds(id) {
                return next(function.value(id)?);
            }
            kernels.get(id).copied().or_else(|| next(globals.get(id).filter(|global| global.once)?.value))
        }
        // `triton.jit(kernel)`, `triton.autotune(…)(kernel)`.
        Expr::Call(call) => {
            let wrapper = if let Expr::Call(inner) = &*call.func { &inner.func } else { &call.func };
            modules.member(wrapper).filter(|member| member.is_under("triton"))?;
            next(call.arguments.args.first()?)
        }
        _ => None,
    }
}

impl<'a> Launch<'a> {
    /// What each of the kernel's parameters is given by the launch, where that is written out.
    pub(crate) fn bindings(&self, kernel: &Kernel<'a>) -> Vec<(&'a str, &'a Expr)> {
        let mut bindings = Vec::with_capacity(kernel.parameters.len());
        for (parameter, argument) in kernel.parameters.iter().zip(&self.call.arguments.args) {
            if argument.is_starred_expr() {
                break;
            }
            bindings.push((parameter.name, argument));
        }
        for keyword in &self.call.arguments.keywords {
            match (&keyword.arg, &keyword.value) {
                (Some(name), value) => {
                    if let Some(parameter) = kernel.parameter(name.id.as_str()) {
                        bindings.push((parameter.name, value));
                    }
                }
                // `**{"BLOCK": 64}`.
                (None, Expr::Dict(dict)) => {
                    for item in &dict.items {
                        if let Some(Expr::StringLiteral(name)) = &item.key
                            && let Some(parameter) = kernel.parameter(name.value.to_str())
                        {
                            bindings.push((parameter.name, &item.value));
                        }
                    }
                }
                // `**dict(BLOCK=64)`.
                (None, Expr::Call(made)) if matches!(&*made.func, Expr::Name(name) if name.id == "dict") => {
                    for keyword in &made.arguments.keywords {
                        if let Some(name) = &keyword.arg
                            && let Some(parameter) = kernel.parameter(name.id.as_str())
                        {
                            bindings.push((parameter.name, &keyword.value));
                        }
                    }
                }
                (None, _) => {}
            }
        }
        bindings
    }
}

struct Walk<'a> {
    found: HostFunction<'a>,
    bound: Vec<(&'a str, Option<&'a Expr>)>,
    branches: u8,
}

impl<'a> Walk<'a> {
    fn bind(&mut self, name: &'a str, value: Option<&'a Expr>) {
        self.bound.push((name, value));
    }
}

impl<'a> Visitor<'a> for Walk<'a> {
    fn visit_stmt(&mut self, statement: &'a Stmt) {
        match statement {
            Stmt::Assign(assign) => {
                self.visit_expr(&assign.value);
                for target in &assign.targets {
                    match (target, &*assign.value) {
                        (Expr::Name(name), value) => self.bind(name.id.as_str(), Some(value)),
                        (Expr::Tuple(names), Expr::Tuple(values)) if names.len() == values.len() => {
                            for (name, value) in names.iter().zip(values) {
                                match name {
                                    Expr::Name(name) => self.bind(name.id.as_str(), Some(value)),
                                    other => self.visit_expr(other),
                                }
                            }
                        }
                        (target, _) => self.visit_expr(target),
                    }
                }
            }
            Stmt::AnnAssign(ast::StmtAnnAssign { target, value: Some(value), .. }) => {
                self.visit_expr(value);
                if let Expr::Name(name) = &**target {
                    self.bind(name.id.as_str(), Some(value));
                }
            }
            // A nested function is a function of its own; as a grid it is known by what it returns.
            Stmt::FunctionDef(function) => {
                let returned = match function.body.last() {
                    Some(Stmt::Return(returned)) => returned.value.as_deref(),
                    _ => None,
                };
                self.bind(function.name.id.as_str(), returned);
            }
            Stmt::ClassDef(class) => self.bind(class.name.id.as_str(), None),
            Stmt::If(branches) => {
                self.visit_expr(&branches.test);
                self.branches = self.branches.saturating_add(1);
                self.visit_body(&branches.body);
                for clause in &branches.elif_else_clauses {
                    clause.test.iter().for_each(|test| self.visit_expr(test));
                    self.visit_body(&clause.body);
                }
                self.branches -= 1;
            }
            _ => walk_stmt(self, statement),
        }
    }

    fn visit_expr(&mut self, expression: &'a Expr) {
        match expression {
            Expr::Name(name) if name.ctx != ExprContext::Load => self.bind(name.id.as_str(), None),
            Expr::Call(call) => {
                self.found.calls.push(HostCall { call, branches: self.branches });
                walk_expr(self, expression);
            }
            Expr::BinOp(binary) if binary.op == ast::Operator::Mod => {
                self.found.asks_for_remainders = true;
                walk_expr(self, expression);
            }
            // The body of a grid runs elsewhere.
            Expr::Lambda(_) => {}
            _ => walk_expr(self, expression),
        }
    }
}
