//! What stands at a key or a place: of containers, of texts, of modules' names.

use ruff_python_ast::{Expr, UnaryOp};
use ruff_text_size::TextRange;

use super::arguments::Arguments;
use super::fills::covers_all;
use super::paths::{LONGEST, Path};
use super::trace::{Kept, What, When};
use super::value::{Kind, Tensor, Value};
use super::walk::{LONGEST_TEXT, Walk};

impl<'a> Walk<'a> {
    pub(super) fn item(
        &mut self,
        base: Value<'a>,
        key: Value<'a>,
        slice: &'a Expr,
        range: TextRange,
    ) -> Value<'a> {
        match base {
            Value::Tensor(tensor)
                if matches!(key, Value::Tensor(Tensor { kind: Kind::Bool, small: false, .. })) =>
            {
                if self.when == When::Entry {
                    self.tell(range, What::Host("[mask]"));
                }
                Value::Tensor(self.part(tensor, false))
            }
            Value::Tensor(tensor) => Value::Tensor(self.part(tensor, covers_all(slice))),
            Value::Sizes if slice.is_slice_expr() => Value::Sizes,
            Value::Sizes => Value::Number(None),
            Value::Kernel(kernel) => {
                if self.is_empty_grid(key) {
                    self.trace.kernels[kernel as usize].empty_grid.get_or_insert(range);
                    return Value::Unknown;
                }
                // A grid may be a function of the kernel's settings.
                if matches!(key, Value::Function(_) | Value::Instance(_)) {
                    let grid = self.apply(key, &Arguments::of([Value::Unknown]), range);
                    if self.is_empty_grid(grid) {
                        self.trace.kernels[kernel as usize].empty_grid.get_or_insert(range);
                        return Value::Unknown;
                    }
                }
                Value::Launcher(kernel)
            }
            Value::Class(class) => match self.class_attribute(class, "__class_getitem__") {
                Some(Value::Function(method)) => {
                    self.call_function(method, &Arguments::of([base, key]), range)
                }
                _ => Value::Unknown,
            },
            Value::Instance(instance) => {
                let class = self.instances[instance as usize].class;
                match self.class_attribute(class, "__getitem__") {
                    Some(Value::Function(method)) => {
                        self.call_function(method, &Arguments::of([base, key]), range)
                    }
                    _ => Value::Unknown,
                }
            }
            Value::Many(at) => {
                let shared = self.store.many[at as usize].shared;
                if shared && self.when == When::Entry && self.is_identity(key) {
                    self.tell(range, What::Keep(Kept::ByIdentity));
                }
                self.of_many(at, key, slice)
            }
            Value::Text(_) | Value::AnyText => self.part_of_text(base, slice),
            Value::Path(path) => self.of_names(path, key, range),
            Value::Made(path) if self.paths.text(path).starts_with("torch.nn.") => base,
            Value::Either(at) => {
                let values = self.store.either[at as usize].clone();
                let found: Vec<_> =
                    values.into_iter().map(|value| self.item(value, key, slice, range)).collect();
                self.any_of(found)
            }
            _ => Value::Unknown,
        }
    }

    /// What a module's names hold: `sys.modules["torch"]`, `vars(torch)["exp"]`.
    pub(super) fn of_names(&mut self, path: Path, key: Value<'a>, range: TextRange) -> Value<'a> {
        let text = self.paths.text(path);
        let whole = if text == "sys.modules" {
            String::new()
        } else if let Some(of) = text.strip_suffix("__dict__") {
            of.to_owned()
        } else if text == "builtins" {
            "builtins.".to_owned()
        } else {
            // A generic type: `list[int]`.
            return Value::Unknown;
        };
        let name = self.store.text_of(key).filter(|name| name.len() <= LONGEST);
        let Some(name) = name else { return Value::Opaque(path) };
        let named = self.paths.made(format!("{whole}{name}"));
        self.use_of(named, range);
        Value::Path(named)
    }

    fn part_of_text(&mut self, text: Value<'a>, slice: &'a Expr) -> Value<'a> {
        let Expr::Slice(slice) = slice else { return Value::AnyText };
        let step = slice.step.as_deref();
        let backwards = matches!(step, Some(Expr::UnaryOp(step)) if step.op == UnaryOp::USub);
        match self.store.text_of(text) {
            Some(text)
                if backwards
                    && slice.lower.is_none()
                    && slice.upper.is_none()
                    && text.len() <= LONGEST_TEXT =>
            {
                let text: String = text.chars().rev().collect();
                self.store.text(text)
            }
            _ => Value::AnyText,
        }
    }

    /// One element of several, by its key or its place.
    pub(super) fn of_many(&mut self, at: u32, key: Value<'a>, slice: &'a Expr) -> Value<'a> {
        if slice.is_slice_expr() {
            return Value::Many(at);
        }
        self.element_of(at, key)
    }

    /// The element of a key or a place.
    pub(super) fn element_of(&mut self, at: u32, key: Value<'a>) -> Value<'a> {
        self.charge(self.store.many[at as usize].items.len());
        let many = &self.store.many[at as usize];
        if let Value::Number(Some(place)) = key
            && !many.open
        {
            let length = i64::try_from(many.items.len()).unwrap_or(i64::MAX);
            let place = if place < 0 { place.saturating_add(length) } else { place };
            let found = usize::try_from(place).ok().and_then(|place| many.items.get(place));
            if let Some((Value::Unknown, value)) = found {
                return *value;
            }
        }
        if let Some(text) = self.store.text_of(key) {
            let found = many.items.iter().rev().find(|(key, _)| self.store.text_of(*key) == Some(text));
            if let Some((_, value)) = found {
                return *value;
            }
        }
        let mut values: Vec<_> = many.items.iter().take(32).map(|(_, value)| *value).collect();
        if many.open || values.is_empty() {
            values.push(Value::Unknown);
        }
        self.any_of(values)
    }

    fn is_empty_grid(&self, key: Value<'a>) -> bool {
        let Value::Many(at) = key else { return false };
        let many = &self.store.many[at as usize];
        many.items.iter().any(|(_, value)| *value == Value::Number(Some(0)))
    }

    /// Whether a value is made of the identity of objects.
    pub(super) fn is_identity(&self, value: Value<'a>) -> bool {
        match value {
            Value::Identity => true,
            Value::Many(_) | Value::Either(_) => {
                let mut found = false;
                self.store.each(value, &mut |value| found |= value == Value::Identity);
                found
            }
            _ => false,
        }
    }

    /// Whether a container outlives the call.
    pub(super) fn is_shared(&self, value: Value<'a>) -> bool {
        match value {
            Value::Many(at) => self.store.many[at as usize].shared,
            Value::Either(at) => self.store.either[at as usize].iter().any(|value| self.is_shared(*value)),
            _ => false,
        }
    }
}
