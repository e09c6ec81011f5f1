//! What imports, functions and classes bring into a block.

use ruff_python_ast as ast;
use ruff_text_size::TextRange;
use rustc_hash::FxHashMap;

use super::arguments::Arguments;
use super::concern::module_concern;
use super::kernel::scan;
use super::paths::Path;
use super::trace::{Kernel, What};
use super::value::{Value, last};
use super::walk::{Class, Code, Function, Scope, Walk};

impl<'a> Walk<'a> {
    pub(super) fn import(&mut self, import: &'a ast::StmtImport) {
        for alias in &import.names {
            let whole = alias.name.id.as_str();
            let root = whole.split('.').next().unwrap_or(whole);
            self.note_import(root, alias.range);
            let module = self.paths.root(whole);
            self.note_module(module, root, alias.range);
            let (name, path) = match &alias.asname {
                Some(name) => (name.id.as_str(), whole),
                None => (root, root),
            };
            let path = self.paths.root(path);
            self.assign(name, Value::Path(path), alias.range);
        }
    }

    pub(super) fn import_from(&mut self, import: &'a ast::StmtImportFrom) {
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
        self.note_module(module, root, import.range);
        for alias in &import.names {
            let name = alias.name.id.as_str();
            if name == "*" {
                self.stars.push(module);
                continue;
            }
            let path = self.paths.child(module, name);
            self.assign(
                alias.asname.as_ref().map_or(name, |name| name.id.as_str()),
                Value::Path(path),
                alias.range,
            );
        }
    }

    /// Tells of a part of a library whose import alone causes concern, where the library itself causes none.
    fn note_module(&mut self, module: Path, root: &str, range: TextRange) {
        if let Some(concern) = self.paths.concern_of_module(module).filter(|_| module_concern(root).is_none())
        {
            self.tell(range, What::Use(module, concern));
        }
    }

    fn note_import(&mut self, root: &'a str, range: TextRange) {
        if let Some(concern) = module_concern(root) {
            self.trace.imports.push((root, concern, range));
        }
    }

    /// Enters a function, with what its decorators make of it.
    pub(super) fn define(&mut self, function: &'a ast::StmtFunctionDef) {
        let name = function.name.id.as_str();
        if name == "__del__" {
            self.tell(function.name.range, What::Finalizer);
        }
        if is_disguise(name) {
            self.tell(function.name.range, What::Disguise(name));
        }
        if function.is_async {
            self.tell(function.name.range, What::Async);
        }
        let decorators: Vec<Value<'a>> =
            function.decorator_list.iter().map(|decorator| self.eval(&decorator.expression)).collect();
        let mut value = self.function(Code::Def(function));
        for (decorator, node) in decorators.iter().zip(&function.decorator_list).rev() {
            value = self.decorated(*decorator, value, node.range);
        }
        self.assign(name, value, function.name.range);
    }

    /// What a decorator makes of a function or a class.
    pub(super) fn decorated(
        &mut self,
        decorator: Value<'a>,
        value: Value<'a>,
        range: TextRange,
    ) -> Value<'a> {
        match decorator {
            Value::Path(path) | Value::Made(path) => {
                let text = self.paths.text(path);
                if is_jit(text) {
                    let is_gluon = text.contains("gluon");
                    let kernel = self.kernel(value);
                    if let (Value::Kernel(at), true) = (kernel, is_gluon) {
                        // It stores by functions of its own: any of its parameters may be what it writes.
                        self.scans[at as usize].written.clear();
                    }
                    return kernel;
                }
                if matches!(text, "builtins.property" | "functools.cached_property") {
                    if let Value::Function(at) = value {
                        self.functions[at as usize].is_property = true;
                    }
                    return value;
                }
                if is_cache(text) {
                    if let Value::Function(at) = value {
                        self.functions[at as usize].cached = Some(range);
                    }
                    return value;
                }
                value
            }
            Value::Partial(at) => self.decorated(self.partials[at as usize].0, value, range),
            // An object that stands for the function.
            Value::Class(class) if matches!(value, Value::Function(_) | Value::Kernel(_)) => {
                self.construct(class, &Arguments::of([value]), range)
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

    pub(super) fn function(&mut self, code: Code<'a>) -> Value<'a> {
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
            scope: self.scope,
            cached: None,
            kernel: None,
            active: false,
            is_property: false,
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

    pub(super) fn define_class(&mut self, class: &'a ast::StmtClassDef) {
        let name = class.name.id.as_str();
        let mut bases = Vec::new();
        let mut metaclass = None;
        if let Some(arguments) = &class.arguments {
            bases.extend(arguments.args.iter().map(|base| self.eval(base)));
            for keyword in &arguments.keywords {
                if let Value::Class(class) = self.eval(&keyword.value) {
                    metaclass = Some(class);
                }
            }
        }
        for base in &bases {
            if let Value::Path(path) = base {
                let text = self.paths.text(*path);
                if matches!(
                    text,
                    "torch.Tensor"
                        | "torch.nn.Parameter"
                        | "torch.nn.parameter.Parameter"
                        | "torch.nn.Buffer"
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
        for statement in &class.body {
            if let ast::Stmt::Assign(assign) = statement
                && let [ast::Expr::Name(target)] = &assign.targets[..]
                && is_disguise(target.id.as_str())
            {
                self.tell(target.range, What::Disguise(target.id.as_str()));
            }
        }
        self.scope = outer;
        let fields = class.body.iter().filter_map(|statement| match statement {
            ast::Stmt::AnnAssign(field) => match &*field.target {
                ast::Expr::Name(name) => Some(name.id.as_str()),
                _ => None,
            },
            _ => None,
        });
        let fields = fields.collect();
        self.classes.push(Class { scope, bases, fields, metaclass, attributes: FxHashMap::default() });
        let value = Value::Class(last(&self.classes));
        for base in self.classes[last(&self.classes) as usize].bases.clone() {
            if let Value::Class(base) = base
                && let Some(Value::Function(hook)) = self.class_attribute(base, "__init_subclass__")
            {
                self.call_function(hook, &Arguments::of([value]), class.name.range);
            }
        }
        self.assign(name, value, class.name.range);
    }

    /// A class that is made by a call: of these fields, with these members.
    pub(super) fn class_of(&mut self, fields: Vec<&'a str>, members: Vec<(&'a str, Value<'a>)>) -> u32 {
        let parent = self.scope;
        let lasting = self.scopes[parent as usize].lasting;
        self.scopes.push(Scope { parent, is_class: true, lasting, arm: self.arm, ..Scope::default() });
        self.classes.push(Class {
            scope: last(&self.scopes),
            bases: Vec::new(),
            fields,
            metaclass: None,
            attributes: members.into_iter().collect(),
        });
        last(&self.classes)
    }
}

/// Whether a class with a member of this name takes part in what torch's operators do.
fn is_disguise(name: &str) -> bool {
    matches!(name, "__torch_function__" | "__torch_dispatch__" | "__cuda_array_interface__")
}

/// Whether a decorator of this path makes a kernel.
pub(super) fn is_jit(path: &str) -> bool {
    path.starts_with("triton.") && path.rsplit('.').next() == Some("jit")
}

/// Whether a decorator of this path keeps what the function gives.
pub(super) fn is_cache(path: &str) -> bool {
    matches!(path, "functools.lru_cache" | "functools.cache" | "functools.cached_property")
}
