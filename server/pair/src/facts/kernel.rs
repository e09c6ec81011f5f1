//! What a kernel does with its parameters.

use ruff_python_ast::visitor::{Visitor, walk_expr, walk_stmt};
use ruff_python_ast::{Expr, ExprCall, ExprName, Stmt, StmtFunctionDef};
use ruff_text_size::{Ranged, TextRange};
use rustc_hash::{FxBuildHasher, FxHashMap, FxHashSet};

use super::value::Kind;

/// What was found in a kernel's body.
#[derive(Debug, Default)]
pub(crate) struct Scan<'a> {
    /// Its parameters, in order.
    pub(crate) parameters: Vec<&'a str>,
    /// Whether each parameter is, or may be, what the kernel writes through.
    pub(crate) written: Vec<bool>,
    /// The parameters that the kernel reads through whatever its constants are, one bit each.
    pub(crate) read: u64,
    /// Whether it reduces, or calls something that may.
    pub(crate) reduces: bool,
    /// Where values become 16 bits, or products are rounded to fewer.
    pub(crate) lowered: Vec<TextRange>,
    /// The names that it calls.
    pub(crate) calls: Vec<&'a str>,
    /// What it names of what it does not bind: attributes of names, `gc.collect`, and names that Python alone knows.
    pub(crate) foreign: Vec<&'a Expr>,
}

/// Reads a kernel's body. It is Triton's to compile and is not run.
pub(crate) fn scan(kernel: &StmtFunctionDef) -> Scan<'_> {
    let parameters: Vec<&str> =
        kernel.parameters.iter().map(|parameter| parameter.name().id.as_str()).collect();
    let mut carries = FxHashMap::with_capacity_and_hasher(3 * parameters.len(), FxBuildHasher);
    carries.extend(parameters.iter().enumerate().map(|(at, name)| (*name, bit(at))));
    let mut walk = Walk {
        scan: Scan { written: vec![false; parameters.len()], parameters, ..Scan::default() },
        carries,
        named: FxHashSet::with_capacity_and_hasher(28, FxBuildHasher),
        loops: false,
        branches: 0,
        again: false,
    };
    walk.visit_body(&kernel.body);
    // What depends on a name that is bound further down was missed.
    if walk.loops {
        walk.again = true;
        walk.visit_body(&kernel.body);
    }
    walk.scan
}

struct Walk<'a> {
    scan: Scan<'a>,
    /// The parameters that names were made from, one bit each.
    carries: FxHashMap<&'a str, u64>,
    /// The names that were met.
    named: FxHashSet<&'a str>,
    loops: bool,
    /// How many branches the walk is in.
    branches: u32,
    /// Whether this is the second time.
    again: bool,
}

/// Whether a name makes code of data, or leads out of the kernel.
fn is_of_python(name: &str) -> bool {
    matches!(name, "exec" | "eval" | "open" | "__import__" | "globals" | "compile")
}

impl<'a> Walk<'a> {
    /// The parameters that an expression is made from.
    fn sources(&self, expression: &'a Expr) -> u64 {
        struct Sources<'w, 'a>(&'w Walk<'a>, u64);
        impl<'a> Visitor<'a> for Sources<'_, 'a> {
            fn visit_expr(&mut self, expression: &'a Expr) {
                let Expr::Name(name) = expression else { return walk_expr(self, expression) };
                self.1 |= self.0.carries.get(name.id.as_str()).copied().unwrap_or_default();
            }
        }
        let mut sources = Sources(self, 0);
        sources.visit_expr(expression);
        sources.1
    }

    fn carry(&mut self, target: &'a Expr, sources: u64) {
        match target {
            Expr::Name(name) if sources != 0 => {
                *self.carries.entry(name.id.as_str()).or_default() |= sources;
            }
            Expr::Tuple(tuple) => tuple.elts.iter().for_each(|target| self.carry(target, sources)),
            _ => {}
        }
    }

    /// Notes where a call makes values less precise.
    fn precision(&mut self, call: &'a ExprCall) {
        let Expr::Attribute(method) = &*call.func else { return };
        if method.attr == *"to" {
            let half = call.arguments.args.first().is_some_and(|dtype| {
                matches!(dtype, Expr::Attribute(dtype) if Kind::of_dtype(dtype.attr.as_str()) == Some(Kind::Half))
            });
            if half {
                self.scan.lowered.push(call.range());
            }
        }
        if method.attr == *"dot" {
            for keyword in &call.arguments.keywords {
                let rounds = match keyword.arg.as_ref().map(|name| name.id.as_str()) {
                    Some("input_precision") => {
                        matches!(&keyword.value, Expr::StringLiteral(text) if text.value.to_str() == "tf32")
                    }
                    Some("allow_tf32") => matches!(&keyword.value, Expr::BooleanLiteral(flag) if flag.value),
                    _ => false,
                };
                if rounds {
                    self.scan.lowered.push(keyword.range());
                }
            }
        }
    }

    fn name(&mut self, name: &'a ExprName) {
        let id = name.id.as_str();
        if self.named.insert(id) && !self.scan.parameters.contains(&id) {
            // A helper that is handed on: `tl.reduce(x, 0, combine)`.
            self.scan.calls.push(id);
        }
    }

    fn write(&mut self, expression: &'a Expr) {
        let sources = self.sources(expression);
        for (at, written) in self.scan.written.iter_mut().enumerate() {
            *written |= sources & bit(at) != 0;
        }
    }
}

/// A parameter's bit; those beyond the last bit share it.
pub(super) fn bit(at: usize) -> u64 {
    1 << at.min(63)
}

impl<'a> Visitor<'a> for Walk<'a> {
    fn visit_stmt(&mut self, statement: &'a Stmt) {
        match statement {
            Stmt::Assign(assign) => {
                let sources = self.sources(&assign.value);
                for target in &assign.targets {
                    self.carry(target, sources);
                }
            }
            Stmt::AnnAssign(assign) => {
                if let Some(value) = &assign.value {
                    let sources = self.sources(value);
                    self.carry(&assign.target, sources);
                }
            }
            Stmt::AugAssign(assign) => {
                let sources = self.sources(&assign.value);
                self.carry(&assign.target, sources);
                self.scan.reduces = true;
            }
            Stmt::While(_) => self.loops = true,
            Stmt::If(_) => {
                self.branches += 1;
                walk_stmt(self, statement);
                self.branches -= 1;
                return;
            }
            Stmt::For(statement) => {
                self.loops = true;
                let sources = self.sources(&statement.iter);
                self.carry(&statement.target, sources);
            }
            _ => {}
        }
        walk_stmt(self, statement);
    }

    fn visit_expr(&mut self, expression: &'a Expr) {
        if let Expr::Attribute(attribute) = expression
            && let Expr::Name(name) = &*attribute.value
        {
            if !self.again {
                self.scan.foreign.push(expression);
            }
            self.name(name);
            return;
        }
        if let Expr::If(_) = expression {
            self.branches += 1;
            walk_expr(self, expression);
            self.branches -= 1;
            return;
        }
        if let Expr::Call(call) = expression {
            self.precision(call);
            match &*call.func {
                Expr::Attribute(attribute) => {
                    let name = attribute.attr.id.as_str();
                    let of_language = matches!(&*attribute.value, Expr::Name(name) if matches!(name.id.as_str(), "tl" | "triton" | "language" | "gl" | "libdevice" | "tldevice"))
                        || matches!(&*attribute.value, Expr::Attribute(_));
                    let writes = name.contains("store")
                        || name.contains("atomic")
                        || name.contains("copy")
                        || name.contains("tma");
                    if name == "load" && self.branches == 0 {
                        // `tl.load(pointer, …)`, `descriptor.load(…)`.
                        self.scan.read |= self.sources(&attribute.value);
                        if let Some(pointer) = call.arguments.args.first() {
                            self.scan.read |= self.sources(pointer);
                        }
                    }
                    if writes {
                        // `tl.store(pointer, …)`, `descriptor.store(…)`.
                        self.write(&attribute.value);
                        if let Some(pointer) = call.arguments.args.first() {
                            self.write(pointer);
                        }
                        for keyword in &call.arguments.keywords {
                            if keyword
                                .arg
                                .as_ref()
                                .is_some_and(|name| matches!(name.id.as_str(), "pointer" | "desc"))
                            {
                                self.write(&keyword.value);
                            }
                        }
                    } else if !of_language && name != "to" && name != "type" {
                        // A method of something else may do anything with what it is given.
                        call.arguments.args.iter().for_each(|argument| self.write(argument));
                    }
                    if matches!(
                        name,
                        "sum"
                            | "max"
                            | "min"
                            | "reduce"
                            | "associative_scan"
                            | "cumsum"
                            | "cumprod"
                            | "dot"
                            | "argmax"
                            | "argmin"
                            | "xor_sum"
                            | "histogram"
                            | "sort"
                            | "topk"
                            | "dot_scaled"
                            | "inline_asm_elementwise"
                            | "wgmma"
                            | "reduce_or"
                    ) || name.starts_with("atomic")
                    {
                        self.scan.reduces = true;
                    }
                }
                Expr::Name(name) => {
                    let id = name.id.as_str();
                    let builtin = crate::builtins::is_builtin(id);
                    if !builtin {
                        // A helper, or a name imported from the language.
                        self.scan.calls.push(id);
                        for argument in &call.arguments.args {
                            self.scan.read |= self.sources(argument);
                        }
                        self.scan.reduces = true;
                        call.arguments.args.iter().for_each(|argument| self.write(argument));
                        for keyword in &call.arguments.keywords {
                            self.write(&keyword.value);
                        }
                    }
                }
                _ => {}
            }
        } else if let Expr::Name(name) = expression {
            if !self.again && is_of_python(name.id.as_str()) {
                self.scan.foreign.push(expression);
            }
            self.name(name);
        }
        walk_expr(self, expression);
    }
}
