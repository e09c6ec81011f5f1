//! What methods do: those of objects of the block's own classes, of tensors, of whatever else.

use ruff_python_ast::Expr;
use ruff_text_size::TextRange;

use super::arguments::{Arguments, with_first};
use super::attributes::internal;
use super::concern::Concern;
use super::ops::{Work, operator};
use super::trace::{How, What, When};
use super::value::{Tensor, Value};
use super::walk::{Code, Walk};

impl<'a> Walk<'a> {
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
                let text = self.paths.text(path);
                let concern = match name {
                    // Entered and left by nobody, it holds for all that follows.
                    "__enter__" if text.starts_with("torch.") => Some(Concern::Switch),
                    "record_event" | "wait_event" | "wait_stream" if text == "torch.cuda.current_stream" => {
                        Some(Concern::OutOfSight)
                    }
                    _ => None,
                };
                if let Some(concern) = concern {
                    let named = self.paths.child(path, name);
                    self.tell(range, What::Use(named, concern));
                }
                self.lose(arguments);
                Value::Unknown
            }
            _ => {
                if base == Value::Unknown && HOOKS.contains(&name) && self.when == When::Entry {
                    self.tell(range, What::Hang(name));
                }
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
            "tofile" | "dump" => {
                let named = self.paths.made(format!("numpy.ndarray.{name}"));
                self.tell(range, What::Use(named, Concern::Outside));
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

/// Methods that have something run when a gradient is computed.
const HOOKS: &[&str] = &["register_hook", "register_post_accumulate_grad_hook", "register_prehook"];

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
