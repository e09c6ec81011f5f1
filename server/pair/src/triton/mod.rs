//! What is known of a TRITON block's kernels and of the code that launches them: gathered in one walk, read by every
//! rule.

mod api;
mod constant;
mod host;
mod kernel;
mod modules;
mod taint;
mod tuning;
mod version;

pub(crate) use api::{ApiModule, Availability, availability, replacement, severity as api_severity};
pub(crate) use constant::{Constness, Integers};
pub(crate) use host::{Host, HostFunction, Launch};
pub(crate) use kernel::{
    Assigned, DeviceCall, Fault, Kernel, Operation, Refused, argument, keyword, spreads,
};
pub(crate) use modules::Modules;
pub(crate) use taint::{Taint, Taints};
pub use version::Version;

use ruff_python_ast::{self as ast, Expr, Stmt};
use rustc_hash::FxHashMap;

use crate::outline::{Outline, for_each_branch};

/// The kernels of a block and the code around them.
#[derive(Debug)]
pub(crate) struct Device<'a> {
    pub(crate) modules: Modules<'a>,
    pub(crate) kernels: Vec<Kernel<'a>>,
    pub(crate) host: Host<'a>,
    /// What the block assigns at its top level, once and plainly.
    pub(crate) globals: FxHashMap<&'a str, Global<'a>>,
}

/// A name that a block assigns at its top level.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Global<'a> {
    pub(crate) value: &'a Expr,
    /// Whether it is assigned there alone.
    pub(crate) once: bool,
}

impl<'a> Device<'a> {
    /// Reads a block.
    pub(crate) fn of(statements: &'a [Stmt], outline: &Outline<'a>) -> Self {
        let modules = Modules::of(outline);
        let mut globals = FxHashMap::default();
        add_globals(statements, &mut globals);
        let mut kernels = Vec::new();
        let mut host = Host::default();
        gather(statements, &modules, outline, &mut kernels, &mut host);
        let names: FxHashMap<&'a str, usize> =
            kernels.iter().enumerate().map(|(at, kernel)| (kernel.name, at)).collect();
        host.find_launches(&names, &modules, &globals);
        for launch in &host.launches {
            if let Some(kernel) = launch.kernel {
                kernels[kernel].launched = true;
            }
        }
        Self { modules, kernels, host, globals }
    }

    /// The launches of a kernel.
    pub(crate) fn launches_of(&self, kernel: usize) -> impl Iterator<Item = &Launch<'a>> {
        self.host.launches.iter().filter(move |launch| launch.kernel == Some(kernel))
    }
}

fn bind<'a>(globals: &mut FxHashMap<&'a str, Global<'a>>, name: &'a str, value: &'a Expr) {
    globals.entry(name).and_modify(|known| known.once = false).or_insert(Global { value, once: true });
}

fn add_globals<'a>(statements: &'a [Stmt], globals: &mut FxHashMap<&'a str, Global<'a>>) {
    for statement in statements {
        match statement {
            Stmt::Assign(assign) => {
                for target in &assign.targets {
                    if let Expr::Name(name) = target {
                        bind(globals, name.id.as_str(), &assign.value);
                    } else if let (Expr::Tuple(names), Expr::Tuple(values)) = (target, &*assign.value)
                        && names.len() == values.len()
                    {
                        for (name, value) in names.iter().zip(values) {
                            if let Expr::Name(name) = name {
                                bind(globals, name.id.as_str(), value);
                            }
                        }
                    }
                }
            }
            Stmt::AnnAssign(ast::StmtAnnAssign { target, value: Some(value), .. }) => {
                if let Expr::Name(name) = &**target {
                    bind(globals, name.id.as_str(), value);
                }
            }
            _ => for_each_branch(statement, &mut |branch| add_globals(branch, globals)),
        }
    }
}

/// Sorts the functions of a block into kernels and host code, wherever they stand.
fn gather<'a>(
    statements: &'a [Stmt],
    modules: &Modules<'a>,
    outline: &Outline<'a>,
    kernels: &mut Vec<Kernel<'a>>,
    host: &mut Host<'a>,
) {
    for statement in statements {
        match statement {
            Stmt::FunctionDef(function) => {
                let by_decorator = function.decorator_list.iter().any(|one| modules.is_jit(&one.expression));
                let by_call = outline
                    .callable(function.name.id.as_str())
                    .is_some_and(|callable| callable.jit && callable.range == function.range);
                if modules.is_gluon(function) {
                    continue;
                }
                if by_decorator || by_call {
                    kernels.push(Kernel::of(function, modules));
                } else {
                    gather(&function.body, modules, outline, kernels, host);
                    host.functions.push(HostFunction::of(function, None));
                }
            }
            Stmt::ClassDef(class) => {
                for statement in &class.body {
                    if let Stmt::FunctionDef(function) = statement {
                        gather(&function.body, modules, outline, kernels, host);
                        host.functions.push(HostFunction::of(function, Some(class.name.id.as_str())));
                    }
                }
            }
            _ => for_each_branch(statement, &mut |branch| gather(branch, modules, outline, kernels, host)),
        }
    }
}
