//! What calls do: functions of the block, kernels, methods.

use ruff_python_ast::{self as ast, Expr};
use ruff_text_size::{Ranged, TextRange};

use super::attributes::internal;
use super::kernel::bit;
use super::ops::{Work, operator};
use super::trace::{ArmKind, How, Kept, What, When};
use super::value::{From, Tensor, Value, last};
use super::walk::{Arguments, Code, Instance, MOST_ITEMS, Scope, Walk};

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

    fn arguments(&mut self, arguments: &'a ast::Arguments) -> Arguments<'a> {
        let mut given =
            Arguments { positional: Vec::with_capacity(arguments.args.len()), ..Arguments::default() };
        for argument in &arguments.args {
            if let Expr::Starred(starred) = argument {
                let value = self.eval(&starred.value);
                if given.positional.len() > MOST_ITEMS {
                    given.open = true;
                    continue;
                }
                let mut items = Vec::new();
                given.open |= self.spread(value, &mut items);
                given.positional.extend(items.into_iter().map(|(_, value)| value));
            } else {
                let value = self.eval(argument);
                given.positional.push(value);
            }
        }
        for keyword in &arguments.keywords {
            let value = self.eval(&keyword.value);
            match &keyword.arg {
                Some(name) => given.keywords.push((name.id.as_str(), value)),
                None => self.spread_keywords(value, &mut given),
            }
        }
        given
    }

    /// Adds what `**value` hands over.
    fn spread_keywords(&mut self, value: Value<'a>, given: &mut Arguments<'a>) {
        let Value::Many(at) = value else {
            given.open = true;
            return self.lose_value(value);
        };
        let many = &self.store.many[at as usize];
        given.open |= many.open || given.keywords.len() + many.items.len() > MOST_ITEMS;
        let room = MOST_ITEMS.saturating_sub(given.keywords.len());
        let items: Vec<_> = many.items.iter().take(room).copied().collect();
        self.charge(items.len());
        for (key, value) in items {
            let name = match key {
                Value::Text(text) => match self.store.texts[text as usize] {
                    std::borrow::Cow::Borrowed(name) => Some(name),
                    std::borrow::Cow::Owned(_) => None,
                },
                _ => None,
            };
            if let Some(name) = name {
                given.keywords.push((name, value));
            } else {
                given.open = true;
                self.lose_value(value);
            }
        }
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

    fn lose_value(&mut self, value: Value<'a>) {
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

    fn bind_parameters(
        &mut self,
        parameters: &'a ast::Parameters,
        defaults: &[(&'a str, Value<'a>)],
        arguments: &Arguments<'a>,
    ) {
        let scope = self.scope as usize;
        let default = |name: &str| defaults.iter().find(|(known, _)| *known == name).map(|(_, value)| *value);
        let mut taken: Vec<&str> = Vec::new();
        for (at, parameter) in parameters.posonlyargs.iter().chain(&parameters.args).enumerate() {
            let name = parameter.name().id.as_str();
            let given = arguments.positional.get(at).copied().or_else(|| arguments.keyword(name));
            let value = match (given, default(name)) {
                (None, Some(value)) if arguments.open => self.store.join(value, Value::Unknown),
                (Some(value), _) | (None, Some(value)) => value,
                (None, None) => Value::Unknown,
            };
            taken.push(name);
            self.scopes[scope].names.insert(name, value);
        }
        if let Some(rest) = &parameters.vararg {
            let count = taken.len();
            let items =
                arguments.positional.iter().skip(count).map(|value| (Value::Unknown, *value)).collect();
            let value = self.container(items, arguments.open);
            self.scopes[scope].names.insert(rest.name.id.as_str(), value);
        }
        for parameter in &parameters.kwonlyargs {
            let name = parameter.name().id.as_str();
            let value = arguments.keyword(name).or_else(|| default(name)).unwrap_or(Value::Unknown);
            taken.push(name);
            self.scopes[scope].names.insert(name, value);
        }
        if let Some(rest) = &parameters.kwarg {
            let given: Vec<_> =
                arguments.keywords.iter().filter(|(name, _)| !taken.contains(name)).copied().collect();
            let items = given.into_iter().map(|(name, value)| (self.store.text(name), value)).collect();
            let value = self.container(items, arguments.open);
            self.scopes[scope].names.insert(rest.name.id.as_str(), value);
        }
    }

    /// Makes an object of a class.
    pub(super) fn construct(&mut self, class: u32, arguments: &Arguments<'a>, range: TextRange) -> Value<'a> {
        if let Some(metaclass) = self.classes[class as usize].metaclass
            && let Some(Value::Function(call)) = self.class_attribute(metaclass, "__call__")
        {
            return self.call_function(call, &with_first(Value::Class(class), arguments), range);
        }
        // `__new__` may give anything.
        if let Some(Value::Function(new)) = self.class_attribute(class, "__new__") {
            let made = self.call_function(new, &with_first(Value::Class(class), arguments), range);
            if !matches!(made, Value::Unknown | Value::Nothing | Value::Instance(_)) {
                return made;
            }
        }
        self.instances.push(Instance { class, lasting: self.when == When::Load, special: false });
        let instance = Value::Instance(last(&self.instances));
        let made = self.construct_in(instance, class, arguments, range);
        self.special_methods(instance, range);
        made
    }

    /// Follows what Python calls by itself where an object is compared, printed, hashed, added.
    pub(super) fn special_methods(&mut self, instance: Value<'a>, range: TextRange) {
        let Value::Instance(at) = instance else { return };
        let Instance { class, special, .. } = self.instances[at as usize];
        if special || self.when != When::Entry {
            return;
        }
        self.instances[at as usize].special = true;
        for name in SPECIAL_METHODS {
            if let Some(Value::Function(method)) = self.class_attribute(class, name)
                && self.functions[method as usize].runs == 0
            {
                let arguments = Arguments { open: true, ..Arguments::of([instance]) };
                self.call_function(method, &arguments, range);
            }
        }
    }

    fn construct_in(
        &mut self,
        instance: Value<'a>,
        class: u32,
        arguments: &Arguments<'a>,
        range: TextRange,
    ) -> Value<'a> {
        if let Some(Value::Function(init)) = self.class_attribute(class, "__init__") {
            self.call_function(init, &with_first(instance, arguments), range);
            return instance;
        }
        let fields = self.classes[class as usize].fields.clone();
        if fields.is_empty() {
            self.lose(arguments);
        }
        let positional = fields.iter().copied().zip(arguments.positional.iter().copied());
        let keywords = arguments.keywords.iter().copied().filter(|(name, _)| fields.contains(name));
        for (name, value) in positional.chain(keywords) {
            self.set_attribute(instance, name, value, range);
        }
        instance
    }

    /// Runs what the block's own operators do to give gradients.
    pub(super) fn backward(&mut self, range: TextRange) {
        for class in 0..self.classes.len() {
            let class = u32::try_from(class).unwrap_or(u32::MAX);
            if let Some(Value::Function(backward)) = self.class_attribute(class, "backward") {
                let arguments = Arguments { open: true, ..Arguments::default() };
                self.call_function(backward, &arguments, range);
            }
        }
    }

    fn launch_kernel(&mut self, at: u32, arguments: &Arguments<'a>, range: TextRange) {
        if self.when == When::Never {
            return;
        }
        self.tell(range, What::Launch);
        if self.when == When::Entry && !self.in_hook {
            self.in_hook = true;
            for hook in std::mem::take(&mut self.hooks) {
                let arguments = Arguments { open: true, ..Arguments::default() };
                self.apply(hook, &arguments, range);
            }
            self.in_hook = false;
        }
        let kernel = &mut self.trace.kernels[at as usize];
        kernel.launched |= self.when == When::Entry;
        kernel.launched_elsewhere |= self.when == When::Elsewhere;
        let scan = &self.scans[at as usize];
        let parameters = scan.parameters.clone();
        let written = scan.written.clone();
        let positional = arguments.positional.iter().enumerate().map(|(at, value)| (Some(at), *value));
        let keywords = arguments
            .keywords
            .iter()
            .map(|(name, value)| (parameters.iter().position(|known| known == name), *value));
        let all: Vec<_> = positional.chain(keywords).collect();
        let mut inputs = From::default();
        for (_, value) in &all {
            for tensor in self.store.tensors(*value) {
                inputs = inputs.with(self.store.from(tensor));
            }
        }
        let read = scan.read;
        let mut unread = Vec::new();
        for &(place, value) in &all {
            // What is spread out of a list of unknown length may be any argument.
            let writes =
                arguments.open || place.is_none_or(|place| written.get(place).copied().unwrap_or(true));
            match value {
                Value::Kernel(part) => self.trace.kernels[part as usize].called = true,
                Value::Method(_) | Value::Instance(_) => self.lose_value(value),
                _ => {}
            }
            for tensor in self.store.tensors(value) {
                let shared = From(inputs.0 & !From::SHARED.0);
                let kept = self.kept.iter().find(|(kept, _, arm)| *kept == tensor.memory && *arm == self.arm);
                let told =
                    kept.filter(|(.., arm)| writes && self.is_branch(*arm)).map(|(_, range, _)| *range);
                if let Some(range) = told {
                    self.tell(range, What::Keep(Kept::Tensor));
                }
                let memory = &mut self.store.memory[tensor.memory as usize];
                let untouched =
                    !(memory.by_kernel || memory.by_torch || memory.lost || memory.vector || memory.shared);
                // What only some settings read need not be filled, nor what is handed over to be written too.
                let reads = place.is_some_and(|place| read & bit(place) != 0);
                if memory.empty && untouched && reads && !writes && !tensor.small {
                    unread.push(tensor.memory);
                }
                memory.by_kernel |= writes;
                memory.by_reader |= !writes;
                if writes {
                    memory.from = memory.from.with(shared);
                }
            }
        }
        if unread.into_iter().any(|memory| !self.store.memory[memory as usize].by_kernel) {
            self.tell(range, What::ReadsUnwritten);
        }
    }

    /// Whether a branch is taken only sometimes.
    fn is_branch(&self, arm: u32) -> bool {
        self.trace.arms.get(arm as usize).is_some_and(|arm| matches!(arm.kind, ArmKind::If | ArmKind::Except))
    }

    /// Calls a method.
    pub(super) fn method(
        &mut self,
        base: Value<'a>,
        name: &'a str,
        arguments: &Arguments<'a>,
        range: TextRange,
    ) -> Value<'a> {
        match base {
            Value::Tensor(tensor) => self.tensor_method(tensor, name, arguments, range),
            Value::Many(at) => self.many_method(at, name, arguments, range),
            Value::Text(_) | Value::AnyText => self.text_method(base, name, arguments),
            Value::Either(at) => {
                let values = self.store.either[at as usize].clone();
                let given: Vec<_> =
                    values.into_iter().map(|value| self.method(value, name, arguments, range)).collect();
                self.any_of(given)
            }
            Value::Sizes => match name {
                "numel" | "index" | "count" => Value::Number(None),
                _ => Value::Unknown,
            },
            Value::Kernel(at) if name == "__getitem__" => Value::Launcher(at),
            Value::Kernel(at) if name == "add_pre_run_hook" => {
                let named = format!("{}.pre_run_hooks", self.trace.kernels[at as usize].name);
                let named = self.paths.made(named);
                self.tell(range, What::Patch(named));
                self.lose(arguments);
                Value::Nothing
            }
            Value::Class(at) if self.is_classmethod(at, name) => match self.class_attribute(at, name) {
                Some(Value::Function(method)) => {
                    self.call_function(method, &with_first(base, arguments), range)
                }
                _ => Value::Unknown,
            },
            Value::Class(at) if name == "apply" => {
                if let Some(Value::Function(forward)) = self.class_attribute(at, "forward") {
                    let has_context = self.class_attribute(at, "setup_context").is_none();
                    let given =
                        if has_context { with_first(Value::Unknown, arguments) } else { arguments.clone() };
                    return self.call_function(forward, &given, range);
                }
                self.lose(arguments);
                Value::Unknown
            }
            Value::Instance(at) => self.instance_method(at, base, name, arguments, range),
            Value::Function(_) | Value::Partial(_) if name == "__call__" => {
                self.apply(base, arguments, range)
            }
            Value::Function(_) | Value::Kernel(_) | Value::Class(_)
                if matches!(name, "__getattribute__" | "__getattr__") =>
            {
                let name = arguments.positional.first().copied().unwrap_or(Value::Unknown);
                self.named_attribute(base, name, range)
            }
            Value::Made(path) => {
                if name == "synchronize" && self.paths.text(path).starts_with("torch.cuda.") {
                    self.tell(range, What::Synchronize);
                    return Value::Nothing;
                }
                // `attrgetter("softmax")(torch)`.
                if self.paths.text(path) == "operator.attrgetter" {
                    let of = arguments.positional.first().copied();
                    return of.map_or(Value::Unknown, |of| self.dotted_attribute(of, name, range));
                }
                if self.paths.text(path).starts_with("torch.nn.") {
                    return match name {
                        "forward" | "__call__" => self.made(path, arguments, range),
                        "to" | "cuda" | "eval" | "train" | "half" | "float" | "bfloat16" => base,
                        _ => Value::Unknown,
                    };
                }
                self.lose(arguments);
                Value::Unknown
            }
            _ => {
                // A hook changes its launch's own tensors.
                let changes =
                    name.ends_with('_') && !name.ends_with("__") && !matches!(name, "zero_" | "fill_");
                if base == Value::Unknown && self.in_hook && changes && operator(name).is_some() {
                    self.tell(range, What::Compute { how: How::Method(name) });
                }
                // Only tensors have these, whatever this is.
                if base == Value::Unknown && is_of_tensors_alone(name) && self.when == When::Entry {
                    return self.compute(range, Work::Heavy, &[base], How::Method(name));
                }
                self.lose(arguments);
                Value::Unknown
            }
        }
    }

    fn instance_method(
        &mut self,
        at: u32,
        base: Value<'a>,
        name: &'a str,
        arguments: &Arguments<'a>,
        range: TextRange,
    ) -> Value<'a> {
        let class = self.instances[at as usize].class;
        match self.class_attribute(class, name) {
            Some(Value::Function(method)) => {
                let is_static = self.is_decorated(method, "staticmethod");
                let given = if is_static { arguments.clone() } else { with_first(base, arguments) };
                self.call_function(method, &given, range)
            }
            Some(other) => self.apply(other, arguments, range),
            None => {
                if let (true, [Value::Text(text), value, ..]) =
                    (name.starts_with("register_"), &arguments.positional[..])
                    && let std::borrow::Cow::Borrowed(attribute) = self.store.texts[*text as usize]
                {
                    self.set_attribute(base, attribute, *value, range);
                    return Value::Nothing;
                }
                if matches!(name, "to" | "cuda" | "eval" | "train" | "half" | "float" | "bfloat16") {
                    return base;
                }
                if name == "_replace" {
                    for (name, value) in &arguments.keywords {
                        self.set_attribute(base, name, *value, range);
                    }
                    return base;
                }
                self.lose(arguments);
                Value::Unknown
            }
        }
    }

    fn is_decorated(&self, function: u32, decorator: &str) -> bool {
        match self.functions[function as usize].code {
            Code::Def(function) => function
                .decorator_list
                .iter()
                .any(|one| matches!(&one.expression, Expr::Name(name) if name.id.as_str() == decorator)),
            Code::Lambda(_) => false,
        }
    }

    /// Whether a class gives itself to a method of its own.
    pub(super) fn is_classmethod(&mut self, class: u32, name: &str) -> bool {
        match self.class_attribute(class, name) {
            Some(Value::Function(method)) => self.is_decorated(method, "classmethod"),
            _ => false,
        }
    }

    fn tensor_method(
        &mut self,
        tensor: Tensor,
        name: &'a str,
        arguments: &Arguments<'a>,
        range: TextRange,
    ) -> Value<'a> {
        let base = Value::Tensor(tensor);
        match name {
            "size" | "stride" => {
                if arguments.positional.is_empty() && arguments.keywords.is_empty() {
                    Value::Sizes
                } else {
                    Value::Number(None)
                }
            }
            "numel" | "dim" | "element_size" | "nelement" | "ndimension" | "storage_offset"
            | "get_device" | "__len__" => Value::Number(None),
            "data_ptr" => {
                self.store.memory[tensor.memory as usize].lost = true;
                Value::Identity
            }
            "as_subclass" | "register_hook" | "register_post_accumulate_grad_hook" => {
                self.tell(range, What::Hang(name));
                Value::Unknown
            }
            "untyped_storage" | "storage" | "_typed_storage" => {
                self.store.memory[tensor.memory as usize].lost = true;
                Value::Unknown
            }
            "backward" => {
                self.backward(range);
                Value::Nothing
            }
            "apply_" | "map_" | "map2_" => self.compute(range, Work::Heavy, &[base], How::Method(name)),
            "__getattribute__" | "__getattr__" => match arguments.positional.first() {
                Some(given) => self.named_attribute(base, *given, range),
                None => Value::Unknown,
            },
            _ => {
                if let Some((_, work)) = operator(name) {
                    let operands = with_first(base, arguments);
                    return self.operate(name, work, &operands, How::Method(name), range);
                }
                self.lose(arguments);
                Value::Unknown
            }
        }
    }

    /// The attribute that a value names: `getattr(of, name)`.
    pub(super) fn named_attribute(&mut self, of: Value<'a>, name: Value<'a>, range: TextRange) -> Value<'a> {
        match (of, name) {
            (Value::Either(at), _) => {
                let values = self.store.either[at as usize].clone();
                let found: Vec<_> =
                    values.into_iter().map(|value| self.named_attribute(value, name, range)).collect();
                self.any_of(found)
            }
            (_, Value::Either(at)) => {
                let names = self.store.either[at as usize].clone();
                let found: Vec<_> =
                    names.into_iter().map(|name| self.named_attribute(of, name, range)).collect();
                self.any_of(found)
            }
            (_, Value::Text(at)) => {
                if let std::borrow::Cow::Borrowed(name) = self.store.texts[at as usize] {
                    return self.dotted_attribute(of, name, range);
                }
                let name = self.store.text_of(name).unwrap_or_default();
                if let Some(name) = internal(name) {
                    return self.attribute(of, name, range);
                }
                if let Some((name, _)) = operator(name) {
                    return self.attribute(of, name, range);
                }
                match of {
                    Value::Path(path) => {
                        let named = format!("{}.{name}", self.paths.text(path));
                        let named = self.paths.made(named);
                        self.use_of(named, range);
                        Value::Path(named)
                    }
                    _ => Value::Unknown,
                }
            }
            (Value::Path(path), _) => Value::Opaque(path),
            (Value::Tensor(_), _) => Value::Opaque(self.paths.root("torch.Tensor")),
            _ => Value::Unknown,
        }
    }

    /// An attribute of an attribute: `operator.attrgetter("nn.functional.relu")`.
    fn dotted_attribute(&mut self, of: Value<'a>, name: &'a str, range: TextRange) -> Value<'a> {
        name.split('.').fold(of, |of, part| self.attribute(of, part, range))
    }
}

/// The methods of an object that no call names.
const SPECIAL_METHODS: &[&str] = &[
    "__bool__",
    "__bytes__",
    "__complex__",
    "__contains__",
    "__delattr__",
    "__delitem__",
    "__eq__",
    "__float__",
    "__format__",
    "__ge__",
    "__get__",
    "__gt__",
    "__hash__",
    "__index__",
    "__int__",
    "__invert__",
    "__le__",
    "__len__",
    "__lt__",
    "__missing__",
    "__ne__",
    "__neg__",
    "__pos__",
    "__repr__",
    "__reversed__",
    "__set__",
    "__set_name__",
    "__setattr__",
    "__setitem__",
    "__str__",
];

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

/// The arguments of a method, with what it belongs to.
pub(super) fn with_first<'a>(first: Value<'a>, arguments: &Arguments<'a>) -> Arguments<'a> {
    let mut given = Arguments::of([first]);
    given.positional.extend(&arguments.positional);
    given.keywords.clone_from(&arguments.keywords);
    given.open = arguments.open;
    given
}

/// Whether nothing but a tensor has a method of this name.
fn is_of_tensors_alone(name: &str) -> bool {
    matches!(
        name,
        "softmax"
            | "log_softmax"
            | "matmul"
            | "mm"
            | "bmm"
            | "baddbmm"
            | "addmm"
            | "addmv"
            | "sigmoid"
            | "relu"
            | "tanh"
            | "rsqrt"
            | "layer_norm"
            | "logsumexp"
            | "sigmoid_"
            | "relu_"
            | "tanh_"
    )
}
