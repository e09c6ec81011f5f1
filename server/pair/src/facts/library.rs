//! What calls of libraries do, torch's above all.

use ruff_text_size::TextRange;

use super::callee::{Callee, callee};
use super::ops::{Work, operator};
use super::paths::Path;
use super::trace::{How, What};
use super::value::{From, Kind, Memory, Tensor, Value, last};
use super::walk::{Arguments, Walk};

impl<'a> Walk<'a> {
    /// Calls a name of a library.
    #[allow(clippy::too_many_lines, reason = "one arm for each kind of call")]
    pub(super) fn library(&mut self, path: Path, arguments: &Arguments<'a>, range: TextRange) -> Value<'a> {
        let first = arguments.positional.first().copied();
        let second = arguments.positional.get(1).copied();
        match callee(self.paths.text(path)) {
            Callee::Operator(name, work) => {
                self.operate(name.unwrap_or(""), work, arguments, How::Function(path), range)
            }
            Callee::Foreign => {
                self.compute(range, Work::Heavy, &arguments.positional, How::Function(path));
                Value::Unknown
            }
            Callee::Numpy => {
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
            Callee::ItemGetter => Value::Unknown,
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
        if let Some(of) = text.strip_suffix(".__setattr__").or_else(|| text.strip_suffix(".__delattr__")) {
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
