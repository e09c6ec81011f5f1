//! Objects of the block's own classes: how they are made, and what Python calls of theirs by itself.

use ruff_text_size::TextRange;

use super::arguments::{Arguments, with_first};
use super::trace::When;
use super::value::{Value, last};
use super::walk::{Instance, Walk};

impl<'a> Walk<'a> {
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
