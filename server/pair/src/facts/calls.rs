//! What calls do: functions of the block, kernels, methods.

use ruff_python_ast::{self as ast, Expr};
use ruff_text_size::{Ranged, TextRange};

use super::arguments::{Arguments, with_first};
use super::trace::{ArmKind, Kept, What, When};
use super::value::{From, Value, last};
use super::walk::{Code, Scope, Walk};

/// How deep calls of the block's own functions are followed.
const DEEPEST: u32 = 24;

/// How often a function is followed with other arguments.
const MOST_RUNS: u8 = 4;

impl<'a> Walk<'a> {
    pub(super) fn call(&mut self, call: &'a ast::ExprCall) -> Value<'a> {
        let called = self.eval(&call.func);
        let arguments = self.arguments(&call.arguments);
        self.apply(called, &arguments, site(&call.func))
    }

    /// Calls a value.
    pub(super) fn apply(
        &mut self,
        called: Value<'a>,
        arguments: &Arguments<'a>,
        range: TextRange,
    ) -> Value<'a> {
        match called {
            Value::Path(path) => self.library(path, arguments, range),
            Value::Made(path) => self.made(path, arguments, range),
            Value::Opaque(path) => {
                let of_torch = self.paths.text(path).starts_with("torch");
                let of_tensor = self.paths.text(path).starts_with("torch.Tensor");
                let tensors = arguments.all().any(|value| self.holds_tensor(value));
                if of_torch && (tensors || of_tensor) {
                    self.tell(range, What::Opaque);
                }
                self.lose(arguments);
                Value::Unknown
            }
            Value::Function(at) => self.call_function(at, arguments, range),
            Value::Class(at) => self.construct(at, arguments, range),
            Value::Instance(at) => {
                let class = self.instances[at as usize].class;
                let own = self.class_attribute(class, "__call__");
                let method = own.or_else(|| self.class_attribute(class, "forward"));
                if let Some(Value::Function(method)) = method {
                    return self.call_function(method, &with_first(called, arguments), range);
                }
                self.lose(arguments);
                Value::Unknown
            }
            // Called without a grid, it runs as Python.
            Value::Kernel(at) => {
                let function = self.kernel_functions[at as usize];
                self.call_function(function, arguments, range)
            }
            Value::Launcher(at) => {
                self.launch_kernel(at, arguments, range);
                Value::Unknown
            }
            Value::Partial(at) => {
                let (function, mut given) = self.partials[at as usize].clone();
                given.positional.extend(&arguments.positional);
                given.keywords.retain(|(name, _)| arguments.keyword(name).is_none());
                given.keywords.extend(&arguments.keywords);
                given.open |= arguments.open;
                self.apply(function, &given, range)
            }
            Value::Caller(name) => match arguments.positional.split_first() {
                Some((first, rest)) => self.method(*first, name, &Arguments::of(rest.iter().copied()), range),
                None => Value::Unknown,
            },
            Value::Method(at) => {
                let (base, name) = self.store.methods[at as usize];
                self.method(base, name, arguments, range)
            }
            Value::Either(at) => {
                let values = self.store.either[at as usize].clone();
                let given: Vec<_> = values
                    .into_iter()
                    .filter(|value| *value != Value::Nothing)
                    .map(|value| self.apply(value, arguments, range))
                    .collect();
                self.any_of(given)
            }
            _ => {
                self.trace.blind |= self.when == When::Entry && called == Value::Unknown;
                self.lose(arguments);
                Value::Unknown
            }
        }
    }

    /// What goes where it cannot be followed may be written there, or launched.
    pub(super) fn lose(&mut self, arguments: &Arguments<'a>) {
        for value in arguments.all() {
            self.lose_value(value);
        }
    }

    pub(super) fn lose_value(&mut self, value: Value<'a>) {
        match value {
            Value::Tensor(tensor) => self.store.memory[tensor.memory as usize].lost = true,
            Value::Kernel(at) | Value::Launcher(at) => {
                self.trace.kernels[at as usize].lost |= self.when == When::Entry;
            }
            Value::Many(_) | Value::Either(_) => {
                let mut all = Vec::new();
                self.store.each(value, &mut |value| all.push(value));
                all.into_iter()
                    .filter(|value| !matches!(value, Value::Many(_) | Value::Either(_)))
                    .for_each(|value| self.lose_value(value));
            }
            // What is handed to Triton's tuners is called before the launch.
            Value::Partial(at) => {
                let (function, arguments) = self.partials[at as usize].clone();
                self.lose_value(function);
                self.lose(&arguments);
            }
            Value::Function(_) if !self.hooks.contains(&value) => self.hooks.push(value),
            Value::Method(at) => {
                let (base, _) = self.store.methods[at as usize];
                if !matches!(base, Value::Method(_)) {
                    self.lose_value(base);
                }
            }
            _ => {}
        }
    }

    /// Calls a function of the block.
    pub(super) fn call_function(
        &mut self,
        at: u32,
        arguments: &Arguments<'a>,
        range: TextRange,
    ) -> Value<'a> {
        let function = &self.functions[at as usize];
        let known =
            function.runs > 0 && arguments.keywords.is_empty() && function.arguments == arguments.positional;
        // What was followed for something that never runs is followed again for something that does.
        let known = known && self.when != When::Entry || function.runs >= MOST_RUNS;
        if function.active || self.calls >= DEEPEST || known {
            let result = function.result;
            if function.active {
                self.lose(arguments);
                return Value::Unknown;
            }
            return result;
        }
        let (code, defaults, scope, cached) =
            (function.code, function.defaults.clone(), function.scope, function.cached);
        let kernel = function.kernel.is_some();
        {
            let function = &mut self.functions[at as usize];
            function.active = true;
            if self.when == When::Entry {
                function.runs += 1;
            }
            function.arguments.clone_from(&arguments.positional);
        }
        let outer = (self.scope, self.returned.take(), self.in_entry);
        self.calls += 1;
        self.in_entry = self.entry_function == Some(at) && self.when == When::Entry;
        let lasting = self.when == When::Load;
        self.scopes.push(Scope { parent: scope, lasting, ..Scope::default() });
        self.scope = last(&self.scopes);
        let inner = self.scope as usize;
        let result = self.within(ArmKind::Function, range, |walk| {
            walk.scopes[inner].arm = walk.arm;
            match code {
                Code::Def(function) => {
                    walk.bind_parameters(&function.parameters, &defaults, arguments);
                    walk.block(&function.body);
                    walk.returned.unwrap_or(Value::Nothing)
                }
                Code::Lambda(lambda) => {
                    if let Some(parameters) = &lambda.parameters {
                        walk.bind_parameters(parameters, &defaults, arguments);
                    }
                    walk.eval(&lambda.body)
                }
            }
        });
        self.calls -= 1;
        (self.scope, self.returned, self.in_entry) = outer;
        let function = &mut self.functions[at as usize];
        function.active = false;
        function.result = result;
        if let Some(decorator) = cached.filter(|_| self.when == When::Entry && !kernel) {
            let data = From::INPUT.with(From::KERNEL);
            let of_tensors = arguments.all().chain([result]).any(|value| {
                self.store.tensors(value).iter().any(|tensor| self.store.from(*tensor).has(data))
            });
            if of_tensors {
                self.tell(decorator, What::Keep(Kept::Results));
            }
        }
        result
    }
}

/// Where a call is told: what is called, a method by its name alone, so that it is on its own line.
fn site(called: &Expr) -> TextRange {
    match called {
        Expr::Attribute(attribute) if !is_dotted(&attribute.value) => attribute.attr.range,
        _ => called.range(),
    }
}

fn is_dotted(expression: &Expr) -> bool {
    match expression {
        Expr::Name(_) => true,
        Expr::Attribute(attribute) => is_dotted(&attribute.value),
        _ => false,
    }
}
