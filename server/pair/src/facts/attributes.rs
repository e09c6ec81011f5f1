//! What attributes stand for, and what it means to set them.

use ruff_text_size::TextRange;

use super::arguments::Arguments;
use super::callee::{Callee, callee};
use super::concern::Concern;
use super::paths::Path;
use super::trace::{Kept, What, When};
use super::value::{From, Kind, Memory, Value};
use super::walk::{Instance, Walk};

impl<'a> Walk<'a> {
    /// Tells that a library's name is used, if that causes concern.
    pub(super) fn use_of(&mut self, path: Path, range: TextRange) {
        if let Some(concern) = self.paths.concern(path) {
            self.tell(range, What::Use(path, concern));
        }
    }

    /// What an attribute of a value stands for.
    pub(super) fn attribute(&mut self, base: Value<'a>, name: &'a str, range: TextRange) -> Value<'a> {
        if internal(name).is_some() {
            self.tell(range, What::Internals(name));
            return match base {
                Value::Path(path) if name == "__dict__" => Value::Path(self.paths.child(path, name)),
                _ => Value::Unknown,
            };
        }
        match base {
            // Whatever it is, it is called all the same.
            Value::Partial(_) | Value::Function(_) if name == "__call__" => base,
            // A call of it, or a member of an enumeration.
            Value::Path(path)
                if matches!(name, "__call__" | "value")
                    && matches!(callee(self.paths.text(path)), Callee::Operator(..)) =>
            {
                base
            }
            Value::Path(path) => {
                if name == "__wrapped__" {
                    self.tell(range, What::Internals(name));
                }
                let path = self.paths.child(path, name);
                self.use_of(path, range);
                Value::Path(path)
            }
            Value::Tensor(tensor) => match name {
                "shape" => Value::Sizes,
                "_version" => {
                    self.tell(range, What::Keep(Kept::ByIdentity));
                    Value::Identity
                }
                "T" | "mT" | "H" | "mH" => Value::Tensor(self.rearranged(tensor)),
                "real" | "imag" => Value::Tensor(self.part(tensor, false)),
                // Of what sorts, or finds the largest.
                "values" if self.store.from(tensor).has(From::TORCH) => Value::Tensor(tensor),
                "data" => Value::Tensor(tensor),
                "__class__" => Value::Path(self.paths.root("torch.Tensor")),
                "ndim" | "itemsize" | "nbytes" => Value::Number(None),
                "device" | "dtype" | "grad" | "grad_fn" | "is_cuda" | "is_leaf" | "layout"
                | "requires_grad" => Value::Unknown,
                _ => self.store.method(base, name),
            },
            Value::Kernel(kernel) => match name {
                "run" => Value::Launcher(kernel),
                "fn" | "__wrapped__" => base,
                "__class__" => {
                    self.tell(range, What::WhoRuns(name));
                    Value::Path(self.paths.root("triton.runtime.JITFunction"))
                }
                // The interpreter has none of these; with some of them a kernel is made another after it was read.
                "__module__" | "cache_key" | "device_caches" | "used_global_vals" | "src" | "raw_src"
                | "parse" | "preload" | "_src" | "_unsafe_update_src" => {
                    self.tell(range, What::WhoRuns(name));
                    Value::Unknown
                }
                _ => self.store.method(base, name),
            },
            Value::Class(at) if self.is_classmethod(at, name) => self.store.method(base, name),
            Value::Class(at) => {
                self.class_attribute(at, name).unwrap_or_else(|| self.store.method(base, name))
            }
            Value::Partial(at) if name == "func" => self.partials[at as usize].0,
            // A member of an enumeration.
            Value::Partial(_) | Value::Function(_) if name == "value" => base,
            Value::Instance(at) => self.instance_attribute(at, base, name, range),
            Value::Made(path) => {
                // The weights of a layer are inputs of the pair.
                let weights = matches!(name, "weight" | "bias" | "running_mean" | "running_var");
                if weights && self.paths.text(path).starts_with("torch.nn.") {
                    return Value::Tensor(self.tensor(Memory::default(), Kind::Float, From::INPUT));
                }
                self.store.method(base, name)
            }
            Value::Either(at) => {
                let values = self.store.either[at as usize].clone();
                let found: Vec<_> = values
                    .into_iter()
                    .filter(|value| *value != Value::Nothing)
                    .map(|value| self.attribute(value, name, range))
                    .collect();
                self.any_of(found)
            }
            Value::Nothing => Value::Unknown,
            _ => self.store.method(base, name),
        }
    }

    /// What a class or one of its bases defines.
    pub(super) fn class_attribute(&mut self, at: u32, name: &str) -> Option<Value<'a>> {
        self.class_attribute_within(at, name, 8)
    }

    fn class_attribute_within(&mut self, at: u32, name: &str, depth: u8) -> Option<Value<'a>> {
        let depth = depth.checked_sub(1)?;
        let class = &self.classes[at as usize];
        let own = self.scopes[class.scope as usize].names.get(name).or_else(|| class.attributes.get(name));
        if let Some(value) = own {
            return Some(*value);
        }
        let bases = class.bases.clone();
        bases.into_iter().find_map(|base| match base {
            Value::Class(base) => self.class_attribute_within(base, name, depth),
            _ => None,
        })
    }

    fn instance_attribute(&mut self, at: u32, base: Value<'a>, name: &'a str, range: TextRange) -> Value<'a> {
        let class = self.instances[at as usize].class;
        if let Some(value) = self.classes[class as usize].attributes.get(name) {
            return *value;
        }
        match self.class_attribute(class, name) {
            Some(Value::Function(method)) if self.functions[method as usize].is_property => {
                self.call_function(method, &Arguments::of([base]), range)
            }
            Some(Value::Function(_)) => self.store.method(base, name),
            Some(value @ Value::Instance(_)) => self.described(value, base, range),
            Some(value) => value,
            None => {
                for hook in ["__getattribute__", "__getattr__"] {
                    if let Some(Value::Function(method)) = self.class_attribute(class, hook) {
                        let name = self.store.text(name);
                        return self.call_function(method, &Arguments::of([base, name]), range);
                    }
                }
                self.store.method(base, name)
            }
        }
    }

    /// What an attribute gives that is an object: its own `__get__` may answer.
    fn described(&mut self, value: Value<'a>, of: Value<'a>, range: TextRange) -> Value<'a> {
        let Value::Instance(at) = value else { return value };
        let class = self.instances[at as usize].class;
        match self.class_attribute(class, "__get__") {
            Some(Value::Function(method)) => {
                self.call_function(method, &Arguments::of([value, of, Value::Unknown]), range)
            }
            _ => value,
        }
    }

    /// Sets an attribute.
    pub(super) fn set_attribute(
        &mut self,
        base: Value<'a>,
        name: &'a str,
        value: Value<'a>,
        range: TextRange,
    ) {
        match base {
            Value::Path(path) => {
                let path = self.paths.child(path, name);
                match self.paths.concern(path) {
                    Some(concern) if concern != Concern::Clock => {
                        self.tell(range, What::Use(path, concern));
                    }
                    // What concerns as a whole is told where the whole is named.
                    None if self.paths.is_within_concern(path) => {}
                    _ => self.tell(range, What::Patch(path)),
                }
            }
            Value::Tensor(tensor) if name == "data" => self.overwrite(tensor, value),
            Value::Tensor(_) if !matches!(name, "grad" | "requires_grad") => {
                self.tell(range, What::Hang(name));
            }
            Value::Function(_) => {
                if self.when == When::Entry
                    && matches!(value, Value::Number(_) | Value::Unknown | Value::Either(_))
                {
                    self.tell(range, What::Keep(Kept::Count));
                }
                self.keep(value, range);
            }
            Value::Kernel(_) if !self.store.tensors(value).is_empty() => self.keep(value, range),
            Value::Kernel(kernel) => {
                let named = format!("{}.{name}", self.trace.kernels[kernel as usize].name);
                let named = self.paths.made(named);
                self.tell(range, What::Patch(named));
            }
            Value::Class(at) => {
                self.keep(value, range);
                self.classes[at as usize].attributes.insert(name, value);
            }
            Value::Instance(at) => {
                let Instance { class, lasting, .. } = self.instances[at as usize];
                if lasting && self.when == When::Entry {
                    self.keep(value, range);
                }
                if let Some(Value::Function(method)) = self.class_attribute(class, "__setattr__") {
                    let name = self.store.text(name);
                    self.call_function(method, &Arguments::of([base, name, value]), range);
                }
                let known = self.classes[class as usize].attributes.get(name).copied();
                let value = known.map_or(value, |known| self.store.join(known, value));
                self.classes[class as usize].attributes.insert(name, value);
            }
            Value::Either(at) => {
                for base in self.store.either[at as usize].clone() {
                    self.set_attribute(base, name, value, range);
                }
            }
            _ => {}
        }
    }

    /// Sets an element.
    pub(super) fn set_item(&mut self, base: Value<'a>, key: Value<'a>, value: Value<'a>, range: TextRange) {
        match base {
            Value::Many(at) => {
                if self.store.many[at as usize].shared && self.when != When::Load {
                    if self.is_identity(key) {
                        self.tell(range, What::Keep(Kept::ByIdentity));
                    }
                    self.keep(value, range);
                }
                self.add(at, key, value);
            }
            Value::Tensor(tensor) => {
                let given = self.store.tensors(value);
                let lost = given.iter().any(|given| self.store.memory[given.memory as usize].lost);
                let from =
                    given.iter().fold(From::default(), |from, given| from.with(self.store.from(*given)));
                let memory = &mut self.store.memory[tensor.memory as usize];
                memory.by_torch = true;
                memory.lost |= lost;
                memory.from = memory.from.with(from);
            }
            Value::Path(path) => match self.paths.concern(path) {
                // `os.environ[…] = …` and `sys.modules[…] = …` are told where they are named.
                Some(_) if self.paths.text(path) != "sys.modules" => {}
                None if self.paths.is_within_concern(path) => {}
                _ => self.tell(range, What::Patch(path)),
            },
            Value::Instance(at) => {
                let class = self.instances[at as usize].class;
                if let Some(Value::Function(method)) = self.class_attribute(class, "__setitem__") {
                    self.call_function(method, &Arguments::of([base, key, value]), range);
                }
            }
            Value::Either(at) => {
                for base in self.store.either[at as usize].clone() {
                    self.set_item(base, key, value, range);
                }
            }
            _ => {}
        }
    }

    /// Adds an element to a container.
    pub(super) fn add(&mut self, at: u32, key: Value<'a>, value: Value<'a>) {
        const MOST: usize = 64;
        // A container that holds itself would be followed for ever.
        if matches!(value, Value::Many(_) | Value::Either(_)) && self.holds(value, at, 6) {
            return;
        }
        let many = &mut self.store.many[at as usize];
        if many.items.len() < MOST {
            many.items.push((key, value));
        } else {
            many.open = true;
        }
    }

    fn holds(&self, value: Value<'a>, container: u32, depth: u8) -> bool {
        let Some(depth) = depth.checked_sub(1) else { return true };
        match value {
            Value::Many(at) => {
                at == container
                    || self.store.many[at as usize]
                        .items
                        .iter()
                        .any(|(_, value)| self.holds(*value, container, depth))
            }
            Value::Either(at) => {
                self.store.either[at as usize].iter().any(|value| self.holds(*value, container, depth))
            }
            _ => false,
        }
    }
}

/// The attribute of this name, if it lays open the interpreter's own objects.
pub(super) fn internal(name: &str) -> Option<&'static str> {
    INTERNAL.binary_search(&name).ok().map(|at| INTERNAL[at])
}

/// In order.
const INTERNAL: &[&str] = &[
    "__bases__",
    "__builtins__",
    "__closure__",
    "__code__",
    "__defaults__",
    "__dict__",
    "__func__",
    "__globals__",
    "__kwdefaults__",
    "__loader__",
    "__mro__",
    "__reduce__",
    "__reduce_ex__",
    "__self__",
    "__spec__",
    "__subclasses__",
    "__traceback__",
    "_cdata",
    "cell_contents",
    "co_code",
    "co_consts",
    "cr_frame",
    "f_back",
    "f_builtins",
    "f_code",
    "f_globals",
    "f_locals",
    "gi_frame",
    "tb_frame",
    "tb_next",
];

#[cfg(test)]
mod tests {
    #[test]
    fn the_internals_are_in_order() {
        assert!(super::INTERNAL.is_sorted());
    }
}
