//! What calls of libraries do, torch's above all.

use ruff_text_size::TextRange;

use super::arguments::Arguments;
use super::callee::{Callee, callee};
use super::ops::{Work, operator};
use super::paths::Path;
use super::trace::{How, What, When};
use super::value::{From, Kind, Memory, Tensor, Value, last};
use super::walk::{Instance, Walk};

impl<'a> Walk<'a> {
    /// Calls a name of a library.
    #[allow(clippy::too_many_lines, reason = "one arm for each kind of call")]
    pub(super) fn library(&mut self, path: Path, arguments: &Arguments<'a>, range: TextRange) -> Value<'a> {
        let first = arguments.positional.first().copied();
        let second = arguments.positional.get(1).copied();
        if let Some(Value::Kernel(_) | Value::Launcher(_)) = first {
            self.asks_a_kernel(path, second, arguments.positional.len(), range);
        }
        match callee(self.paths.text(path)) {
            // `copy.copy(torch.exp)` is the function.
            Callee::Operator(Some("clone"), Work::Move)
                if matches!(
                    first,
                    Some(Value::Path(_) | Value::Function(_) | Value::Partial(_) | Value::Kernel(_))
                ) =>
            {
                first.unwrap_or(Value::Unknown)
            }
            Callee::Operator(name, work) => {
                self.operate(name.unwrap_or(""), work, arguments, How::Function(path), range)
            }
            Callee::Foreign => {
                self.compute(range, Work::Heavy, &arguments.positional, How::Function(path));
                Value::Unknown
            }
            Callee::Numpy => {
                if let Some(made) = self.number_of_numpy(path) {
                    return made;
                }
                if arguments.all().any(|value| self.holds_tensor(value)) {
                    return self.compute(range, Work::Heavy, &arguments.positional, How::Function(path));
                }
                Value::Unknown
            }
            Callee::Layer
            | Callee::Container
            | Callee::Other
            | Callee::MethodCaller
            | Callee::AttributeGetter
            | Callee::ItemGetter
                if first.is_none() && arguments.keywords.is_empty() =>
            {
                Value::Made(path)
            }
            Callee::Layer => Value::Made(path),
            // What holds layers stands for them.
            Callee::Container => {
                let mut layer = Value::Made(path);
                for value in &arguments.positional {
                    let mut held = Vec::new();
                    self.store.each(*value, &mut |value| held.push(value));
                    for value in held {
                        if matches!(value, Value::Made(_) | Value::Instance(_) | Value::Tensor(_)) {
                            layer = value;
                        }
                    }
                }
                layer
            }
            Callee::Parameter => match first {
                Some(Value::Tensor(tensor)) => {
                    Value::Tensor(Tensor { from: tensor.from.with(From::INPUT), small: false, ..tensor })
                }
                _ => Value::Tensor(self.tensor(Memory::default(), Kind::Float, From::INPUT)),
            },
            Callee::Number => {
                if let Some(value) = arguments.positional.iter().find(|value| self.holds_tensor(**value)) {
                    return *value;
                }
                Value::Number(None)
            }
            Callee::Jit => match first {
                Some(value @ Value::Function(_)) => self.kernel(value),
                Some(value) => value,
                None => Value::Made(path),
            },
            Callee::Cache => match first {
                Some(value @ Value::Function(at)) => {
                    self.functions[at as usize].cached = Some(range);
                    value
                }
                Some(
                    value @ (Value::Path(_) | Value::Partial(_) | Value::Method(_) | Value::Launcher(_)),
                ) => value,
                _ => Value::Made(path),
            },
            Callee::Partial if arguments.positional.len() > 1 || !arguments.keywords.is_empty() => {
                let Some(function) = first else { return Value::Made(path) };
                let mut given = arguments.clone();
                given.positional.remove(0);
                self.partials.push((function, given));
                Value::Partial(last(&self.partials))
            }
            Callee::Compile | Callee::Same | Callee::Partial => first.unwrap_or(Value::Made(path)),
            Callee::Applies => match first {
                Some(function) => {
                    let rest = Arguments {
                        positional: arguments.positional[1..].to_vec(),
                        keywords: Vec::new(),
                        open: arguments.open,
                    };
                    self.apply(function, &rest, range)
                }
                None => Value::Unknown,
            },
            Callee::Backward => {
                self.backward(range);
                Value::Unknown
            }
            Callee::Synchronize => {
                self.tell(range, What::Synchronize);
                Value::Nothing
            }
            Callee::Getattr => match (first, second) {
                (Some(of), Some(name)) => self.named_attribute(of, name, range),
                _ => Value::Unknown,
            },
            Callee::Setattr => {
                if let (Some(of), Some(Value::Text(name)), Some(value)) =
                    (first, second, arguments.positional.get(2).copied())
                    && let std::borrow::Cow::Borrowed(name) = self.store.texts[name as usize]
                {
                    self.set_attribute(of, name, value, range);
                } else if let Some(Value::Path(of)) = first {
                    self.tell(range, What::Patch(of));
                }
                Value::Nothing
            }
            Callee::FunctoolsReduce => match (first, second) {
                (Some(function), Some(values)) => {
                    let element = self.element(values).unwrap_or(Value::Unknown);
                    self.apply(function, &Arguments::of([element, element]), range)
                }
                _ => Value::Unknown,
            },
            Callee::MethodCaller => match first {
                Some(Value::Text(name)) => match &self.store.texts[name as usize] {
                    std::borrow::Cow::Borrowed(name) => Value::Caller(name),
                    std::borrow::Cow::Owned(name) => {
                        operator(name).map_or(Value::Unknown, |(name, _)| Value::Caller(name))
                    }
                },
                _ => Value::Opaque(self.paths.root("torch.Tensor")),
            },
            // `attrgetter("softmax")(torch)`: what it is called with is known only then.
            Callee::AttributeGetter => match first {
                Some(Value::Text(name)) => {
                    if let std::borrow::Cow::Borrowed(name) = self.store.texts[name as usize] {
                        let getter = self.paths.root("operator.attrgetter");
                        return self.store.method(Value::Made(getter), name);
                    }
                    Value::Unknown
                }
                _ => Value::Unknown,
            },
            Callee::ItemGetter => match first {
                Some(key) => {
                    let getter = Value::Path(self.paths.root("operator.getitem"));
                    self.partials
                        .push((getter, Arguments { keywords: vec![("key", key)], ..Arguments::default() }));
                    Value::Partial(last(&self.partials))
                }
                None => Value::Unknown,
            },
            Callee::GetItem => match (first, second.or_else(|| arguments.keyword("key"))) {
                (Some(of), Some(key)) => self.element_by_key(of, key, range),
                _ => Value::Unknown,
            },
            Callee::SetItem => {
                if let [of, key, value] = arguments.positional[..] {
                    self.set_item(of, key, value, range);
                }
                Value::Nothing
            }
            Callee::Super => self.super_of(arguments),
            Callee::Import => match first.and_then(|name| self.store.text_of(name)) {
                Some(name) => {
                    // `__import__("torch.nn")` gives `torch`.
                    let whole = name.to_owned();
                    let of_builtin = self.paths.text(path) == "builtins.__import__";
                    let root = whole.split('.').next().unwrap_or(&whole).to_owned();
                    let flat = arguments.positional.len() < 4 && arguments.keyword("fromlist").is_none();
                    Value::Path(self.paths.made(if of_builtin && flat { root } else { whole }))
                }
                None => Value::Unknown,
            },
            Callee::Other => self.other(path, arguments, range),
            of_python => self.of_python(of_python, path, arguments, range),
        }
    }

    /// An element by its key, of a container, a module's names, or an object.
    fn element_by_key(&mut self, of: Value<'a>, key: Value<'a>, range: TextRange) -> Value<'a> {
        match of {
            Value::Many(at) => self.element_of(at, key),
            Value::Path(path) => self.of_names(path, key, range),
            Value::Instance(_) => self.method(of, "__getitem__", &Arguments::of([key]), range),
            Value::Tensor(_) => of,
            _ => Value::Unknown,
        }
    }

    /// `super()` in a method: an object of the class above.
    fn super_of(&mut self, arguments: &Arguments<'a>) -> Value<'a> {
        let class = match arguments.positional.first() {
            Some(Value::Class(class)) => Some(*class),
            Some(_) => None,
            None => {
                let mut at = self.scope;
                loop {
                    let parent = self.scopes[at as usize].parent;
                    if self.scopes[parent as usize].is_class {
                        let found = self.classes.iter().position(|class| class.scope == parent);
                        break found.and_then(|at| u32::try_from(at).ok());
                    }
                    if at == 0 {
                        break None;
                    }
                    at = parent;
                }
            }
        };
        let bases = class.map(|class| self.classes[class as usize].bases.clone()).unwrap_or_default();
        let base = bases.into_iter().find_map(|base| match base {
            Value::Class(base) => Some(base),
            _ => None,
        });
        let Some(class) = base else { return Value::Unknown };
        self.instances.push(Instance { class, lasting: self.when == When::Load, special: true });
        Value::Instance(last(&self.instances))
    }

    /// Calls a name that nothing is known of.
    fn other(&mut self, path: Path, arguments: &Arguments<'a>, range: TextRange) -> Value<'a> {
        let text = self.paths.text(path).to_owned();
        // `torch.__dict__.update(…)`, `sys.modules.pop(…)`.
        let changes = ["update", "setdefault", "pop", "__setitem__", "__delitem__", "clear"];
        if let Some((of, last)) = text.rsplit_once('.')
            && changes.contains(&last)
            && (of.ends_with("__dict__") || of == "sys.modules")
        {
            self.tell(range, What::Patch(path));
            return Value::Unknown;
        }
        // `torch.Tensor.exp.__get__(x)` is the method of `x`.
        if let (Some(of), Some(first)) = (text.strip_suffix(".__get__"), arguments.positional.first()) {
            let function = Value::Path(self.paths.made(of.to_owned()));
            self.partials.push((function, Arguments::of([*first])));
            return Value::Partial(last(&self.partials));
        }
        // `list.append(kept, out)`, `dict.update(vars(torch), …)`.
        if let Some(("builtins.list" | "builtins.dict" | "builtins.set", name)) = text.rsplit_once('.')
            && let Some(name) = METHODS.iter().find(|known| **known == name)
            && let Some((of, rest)) = arguments.positional.split_first()
        {
            let given = Arguments { positional: rest.to_vec(), ..arguments.clone() };
            if let Value::Path(path) = of {
                if changes.contains(name) && self.paths.text(*path).ends_with("__dict__") {
                    self.tell(range, What::Patch(*path));
                }
                return Value::Unknown;
            }
            return self.method(*of, name, &given, range);
        }
        if text == "torch.device"
            && let Some(device @ Value::Text(_)) = arguments.positional.first()
        {
            return *device;
        }
        if let Some(of) = text.strip_suffix(".__setattr__").or_else(|| text.strip_suffix(".__delattr__")) {
            if let Some(Value::Tensor(_)) = arguments.positional.first() {
                self.tell(range, What::Hang("__setattr__"));
                return Value::Unknown;
            }
            let of = match (of, arguments.positional.first()) {
                ("builtins.object" | "builtins.type" | "builtins.super", Some(Value::Path(of))) => Some(*of),
                ("builtins.object" | "builtins.type" | "builtins.super", _) => None,
                _ => Some(path),
            };
            if let Some(of) = of {
                self.tell(range, What::Patch(of));
            }
            return Value::Unknown;
        }
        if let Some(of) = text.strip_suffix(".__getattribute__").or_else(|| text.strip_suffix(".__getattr__"))
        {
            match arguments.positional[..] {
                [of, name, ..] => return self.named_attribute(of, name, range),
                [name] => {
                    let of = Value::Path(self.paths.made(of.to_owned()));
                    return self.named_attribute(of, name, range);
                }
                [] => {}
            }
        }
        if matches!(
            text.as_str(),
            "torch.library.impl" | "torch.library.Library" | "torch.library.register_kernel"
        ) {
            let aten = arguments.all().any(|value| {
                self.store.text_of(value).is_some_and(|name| {
                    ["aten", "prims", "prim", "_"].iter().any(|space| {
                        name == *space || name.starts_with(space) && name[space.len()..].starts_with("::")
                    })
                })
            });
            if aten {
                self.tell(range, What::Disguise("torch.library"));
            }
        }
        // Triton's decorators give the kernel that they are given.
        if let Some(kernel) = arguments.positional.iter().find(|value| matches!(value, Value::Kernel(_)))
            && text.starts_with("triton.")
        {
            return *kernel;
        }
        let is_guard = matches!(
            text.as_str(),
            "builtins.isinstance"
                | "builtins.hasattr"
                | "builtins.print"
                | "builtins.repr"
                | "builtins.callable"
                | "torch.is_tensor"
                | "torch.numel"
                | "torch.is_floating_point"
        );
        if !is_guard {
            self.lose(arguments);
        }
        Value::Made(path)
    }

    /// Tells of a question whose answer is another one for a compiled kernel than for an interpreted one.
    fn asks_a_kernel(&mut self, asked: Path, name: Option<Value<'a>>, count: usize, range: TextRange) {
        let Some(question) = self.paths.text(asked).strip_prefix("builtins.") else { return };
        let Some(question) = KERNEL_QUESTIONS.iter().find(|one| **one == question) else { return };
        let tuned = name
            .and_then(|name| self.store.text_of(name))
            .is_some_and(|name| matches!(name, "best_config" | "configs" | "run" | "warmup"));
        if !tuned && (*question != "getattr" || count > 2) {
            self.tell(range, What::WhoRuns(question));
        }
    }

    /// Calls what a library's name gave: a decorator, a layer.
    pub(super) fn made(&mut self, path: Path, arguments: &Arguments<'a>, range: TextRange) -> Value<'a> {
        let first = arguments.positional.first().copied();
        let kind = callee(self.paths.text(path));
        if kind == Callee::Layer {
            return self.compute(range, Work::Heavy, &arguments.positional, How::Function(path));
        }
        match first {
            Some(value @ (Value::Function(_) | Value::Kernel(_) | Value::Class(_))) => {
                let text = self.paths.text(path);
                // What makes threads and callbacks of a function runs it where it is not seen.
                if kind == Callee::Jit
                    || kind == Callee::Cache
                    || !text.contains('_')
                    || text.starts_with('t')
                {
                    return self.decorated(Value::Made(path), value, range);
                }
                value
            }
            Some(value) if kind == Callee::Container => value,
            // `torch.no_grad()(torch.exp)`.
            Some(value @ (Value::Path(_) | Value::Partial(_) | Value::Method(_)))
                if arguments.positional.len() == 1 && arguments.keywords.is_empty() =>
            {
                value
            }
            _ => {
                self.lose(arguments);
                Value::Unknown
            }
        }
    }
}

/// Built-in functions that tell one kind of kernel from another; `getattr` does with a third argument.
const KERNEL_QUESTIONS: &[&str] =
    &["ascii", "dir", "getattr", "hasattr", "isinstance", "repr", "str", "type"];

/// Methods of containers, as they are called on the type.
const METHODS: &[&str] = &[
    "__getitem__",
    "__setitem__",
    "add",
    "append",
    "extend",
    "get",
    "insert",
    "pop",
    "setdefault",
    "update",
];
