//! Calling the entry point with the inputs that TEST gives.

use ruff_text_size::TextRange;

use super::arguments::Arguments;
use super::trace::When;
use super::value::{Tensor, Value};
use super::walk::Walk;

impl<'a> Walk<'a> {
    /// Calls the entry point with the inputs, a module after it was made.
    pub(super) fn enter(&mut self, name: &'a str, given: Option<Value<'a>>, made: Option<Value<'a>>) {
        let Some(mut entry) = self.name(name) else { return };
        if let Value::Class(class) = entry {
            let arguments = self.given(made);
            // The module is made before it is called, and outlives its calls.
            entry = self.construct(class, &arguments, TextRange::default());
            let called =
                self.class_attribute(class, "__call__").filter(|call| matches!(call, Value::Function(_)));
            if let Some(method @ Value::Function(_)) =
                called.or_else(|| self.class_attribute(class, "forward"))
            {
                return self.run_entry(method, Some(entry), given);
            }
        }
        self.run_entry(entry, None, given);
    }

    fn given(&mut self, values: Option<Value<'a>>) -> Arguments<'a> {
        match values {
            Some(Value::Many(at)) => {
                let many = &self.store.many[at as usize];
                Arguments {
                    positional: many.items.iter().map(|(_, value)| *value).collect(),
                    keywords: Vec::new(),
                    open: many.open,
                }
            }
            // A single tensor is what is given.
            Some(value @ Value::Tensor(_)) => Arguments::of([value]),
            _ => Arguments { open: true, ..Arguments::default() },
        }
    }

    fn run_entry(&mut self, entry: Value<'a>, of: Option<Value<'a>>, given: Option<Value<'a>>) {
        let mut arguments = self.given(given);
        if let Some(of) = of {
            arguments.positional.insert(0, of);
        }
        let inputs: Vec<Tensor> = arguments
            .positional
            .iter()
            .skip(usize::from(of.is_some()))
            .flat_map(|value| self.store.tensors(*value))
            .collect();
        self.when = When::Entry;
        self.watch_entry(entry);
        self.apply(entry, &arguments, TextRange::default());
        self.settle(&inputs);
        self.when = When::Elsewhere;
    }

    /// Has the returns of the entry point noted, whichever function that is in the end.
    fn watch_entry(&mut self, entry: Value<'a>) {
        self.entry_function = match entry {
            Value::Function(at) => Some(at),
            Value::Partial(at) => match self.partials[at as usize].0 {
                Value::Function(at) => Some(at),
                _ => None,
            },
            Value::Instance(at) => {
                let class = self.instances[at as usize].class;
                match self.class_attribute(class, "__call__") {
                    Some(Value::Function(at)) => Some(at),
                    _ => None,
                }
            }
            Value::Method(at) => match self.store.methods[at as usize] {
                (Value::Class(class), "apply") => match self.class_attribute(class, "forward") {
                    Some(Value::Function(at)) => Some(at),
                    _ => None,
                },
                _ => None,
            },
            _ => None,
        };
    }
}
