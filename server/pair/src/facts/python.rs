//! What calls of Python's own functions give.

use std::borrow::Cow;

use ruff_python_ast::Operator;
use ruff_text_size::TextRange;

use super::arguments::Arguments;
use super::callee::Callee;
use super::ops::Work;
use super::paths::Path;
use super::trace::{How, Kept, What, When};
use super::value::Value;
use super::walk::{LONGEST_TEXT, Walk, is_one_tensor};

impl<'a> Walk<'a> {
    /// Calls a function of Python's own.
    #[allow(clippy::too_many_lines, reason = "one arm for each function")]
    pub(super) fn of_python(
        &mut self,
        callee: Callee,
        path: Path,
        arguments: &Arguments<'a>,
        range: TextRange,
    ) -> Value<'a> {
        let first = arguments.positional.first().copied();
        let second = arguments.positional.get(1).copied();
        match callee {
            Callee::Length => {
                self.takes_rows(first, range);
                match first {
                    Some(Value::Many(at)) => {
                        let many = &self.store.many[at as usize];
                        let nothing = many.items.is_empty() && !many.open && !many.shared;
                        Value::Number(nothing.then_some(0))
                    }
                    _ => Value::Number(None),
                }
            }
            Callee::Range => match &arguments.positional[..] {
                [Value::Number(Some(..=0))] => Value::Number(Some(0)),
                [Value::Number(Some(start)), Value::Number(Some(end))] if start >= end => {
                    Value::Number(Some(0))
                }
                _ => Value::Number(None),
            },
            Callee::ToNumber => {
                if let Some(value) = first.filter(|value| self.holds_tensor(*value)) {
                    let text = self.paths.text(path);
                    if matches!(text, "builtins.abs" | "builtins.pow" | "builtins.round" | "builtins.divmod")
                    {
                        return self.compute(range, Work::Arith, &[value], How::Function(path));
                    }
                    if self.store.tensors(value).into_iter().any(|tensor| self.is_of_data(tensor)) {
                        self.tell(range, What::Host("item"));
                    }
                }
                match first {
                    Some(Value::Identity) => Value::Identity,
                    _ => Value::Number(None),
                }
            }
            Callee::Sum => self.sum(path, arguments, range),
            Callee::Map => match (first, second) {
                (Some(function), Some(values)) => {
                    self.takes_rows(Some(values), range);
                    if let Value::Many(at) = values {
                        let many = self.store.many[at as usize].clone();
                        if !many.open && many.items.len() <= 64 {
                            let mut items = Vec::with_capacity(many.items.len());
                            for (_, value) in many.items {
                                let value = self.apply(function, &Arguments::of([value]), range);
                                items.push((Value::Unknown, value));
                            }
                            return self.container(items, false);
                        }
                    }
                    let each: Vec<_> = arguments.positional[1..]
                        .iter()
                        .map(|values| self.element(*values).unwrap_or(Value::Unknown))
                        .collect();
                    let value = self.apply(function, &Arguments::of(each), range);
                    self.container(vec![(Value::Unknown, value)], true)
                }
                _ => Value::Unknown,
            },
            Callee::Collect => {
                if let (Some(key), Some(values)) = (arguments.keyword("key"), first) {
                    let element = self.element(values).unwrap_or(Value::Unknown);
                    self.apply(key, &Arguments::of([element]), range);
                }
                if let (Some(function @ Value::Function(_)), Some(values)) = (first, second) {
                    let element = self.element(values).unwrap_or(Value::Unknown);
                    self.apply(function, &Arguments::of([element]), range);
                }
                let of = if arguments.positional.len() > 1 && self.paths.text(path).ends_with("filter") {
                    second
                } else {
                    first
                };
                match of {
                    None => self.container(Vec::new(), false),
                    Some(Value::Sizes) => Value::Sizes,
                    Some(Value::Nothing) => self.container(Vec::new(), true),
                    Some(value) => {
                        let mut items = Vec::new();
                        let open = self.spread(value, &mut items);
                        self.container(items, open)
                    }
                }
            }
            Callee::Dict => {
                let mut items = match first {
                    Some(Value::Many(at)) => self.store.many[at as usize].items.clone(),
                    _ => Vec::new(),
                };
                self.charge(items.len());
                for (name, value) in &arguments.keywords {
                    items.push((self.store.text(*name), *value));
                }
                // `defaultdict(list)`: what is asked for is made, and kept.
                let factory = first.filter(|_| self.paths.text(path).ends_with("defaultdict"));
                if let Some(factory @ (Value::Path(_) | Value::Function(_))) = factory {
                    let made = self.apply(factory, &Arguments::default(), range);
                    items.push((Value::AnyText, made));
                }
                self.container(items, arguments.open)
            }
            Callee::Zip => {
                arguments.positional.iter().for_each(|values| self.takes_rows(Some(*values), range));
                let each: Vec<_> = arguments
                    .positional
                    .iter()
                    .map(|values| (Value::Unknown, self.element(*values).unwrap_or(Value::Unknown)))
                    .collect();
                let row = self.container(each, false);
                self.container(vec![(Value::Unknown, row)], true)
            }
            Callee::Enumerate => {
                self.takes_rows(first, range);
                let each = first.and_then(|values| self.element(values)).unwrap_or(Value::Unknown);
                let row = self
                    .container(vec![(Value::Unknown, Value::Number(None)), (Value::Unknown, each)], false);
                self.container(vec![(Value::Unknown, row)], true)
            }
            Callee::Starmap => match (first, second) {
                (Some(function), Some(rows)) => {
                    let row = self.element(rows).unwrap_or(Value::Unknown);
                    let mut items = Vec::new();
                    let open = self.spread(row, &mut items);
                    let positional = items.into_iter().map(|(_, value)| value).collect();
                    let given = Arguments { positional, open, ..Arguments::default() };
                    let value = self.apply(function, &given, range);
                    self.container(vec![(Value::Unknown, value)], true)
                }
                _ => Value::Unknown,
            },
            Callee::Accumulate => {
                let element = first.and_then(|values| self.element(values)).unwrap_or(Value::Unknown);
                let value = match second.or_else(|| arguments.keyword("func")) {
                    Some(function) => self.apply(function, &Arguments::of([element, element]), range),
                    None => self.binary(element, Operator::Add, element, range),
                };
                self.container(vec![(Value::Unknown, value)], true)
            }
            Callee::Namespace => {
                let class = self.class_of(Vec::new(), arguments.keywords.clone());
                self.construct(class, &Arguments::default(), range)
            }
            Callee::NamedTuple => {
                let fields = match second {
                    Some(Value::Text(at)) => match &self.store.texts[at as usize] {
                        Cow::Borrowed(names) => {
                            names.split([' ', ',']).filter(|name| !name.is_empty()).collect()
                        }
                        Cow::Owned(_) => Vec::new(),
                    },
                    Some(Value::Many(at)) => {
                        let names = self.store.many[at as usize].items.iter();
                        names.filter_map(|(_, name)| self.borrowed(*name)).collect()
                    }
                    _ => Vec::new(),
                };
                Value::Class(self.class_of(fields, Vec::new()))
            }
            Callee::Type => match (first, arguments.positional.len()) {
                (Some(Value::Tensor(_)), 1) => Value::Path(self.paths.root("torch.Tensor")),
                (Some(Value::Kernel(_)), 1) => Value::Path(self.paths.root("triton.runtime.JITFunction")),
                (Some(Value::Path(_)), 1) => Value::Path(self.paths.root("builtins.type")),
                (Some(Value::Instance(at)), 1) => Value::Class(self.instances[at as usize].class),
                // `type(name, bases, members)` makes a class.
                (_, 3) => {
                    let tensor = self.paths.root("torch.Tensor");
                    if let Some(Value::Many(bases)) = second
                        && self.store.many[bases as usize]
                            .items
                            .iter()
                            .any(|(_, base)| *base == Value::Path(tensor))
                    {
                        self.tell(range, What::Disguise("type"));
                    }
                    let Some(Value::Many(members)) = arguments.positional.get(2).copied() else {
                        return Value::Unknown;
                    };
                    let members = self.store.many[members as usize].items.iter();
                    let members =
                        members.filter_map(|(name, value)| Some((self.borrowed(*name)?, *value))).collect();
                    Value::Class(self.class_of(Vec::new(), members))
                }
                _ => Value::Unknown,
            },
            Callee::Id => Value::Identity,
            Callee::Hash => match first {
                Some(Value::Tensor(_) | Value::Identity) => Value::Identity,
                Some(value) if self.is_identity(value) => Value::Identity,
                _ => Value::Number(None),
            },
            Callee::Chr => match first {
                Some(Value::Number(Some(code))) => match u32::try_from(code).ok().and_then(char::from_u32) {
                    Some(letter) => self.store.text(letter.to_string()),
                    None => Value::AnyText,
                },
                _ => Value::AnyText,
            },
            Callee::Str => match first {
                Some(Value::Tensor(_)) => {
                    self.tell(range, What::Host("str"));
                    Value::AnyText
                }
                Some(value @ Value::Text(_)) => value,
                Some(Value::Identity) => Value::Identity,
                Some(Value::Many(at)) => {
                    // `bytes([115, 111])`.
                    let letters: Option<String> = self.store.many[at as usize]
                        .items
                        .iter()
                        .map(|(_, value)| match value {
                            Value::Number(Some(code)) => u32::try_from(*code).ok().and_then(char::from_u32),
                            _ => None,
                        })
                        .collect();
                    letters.map_or(Value::AnyText, |letters| self.store.text(letters))
                }
                _ => Value::AnyText,
            },
            Callee::Next => match first {
                Some(Value::Made(counter)) if self.paths.text(counter) == "itertools.count" => {
                    if self.when == When::Entry {
                        self.tell(range, What::Keep(Kept::Count));
                    }
                    Value::Number(None)
                }
                Some(values) => self.element(values).unwrap_or(Value::Unknown),
                None => Value::Unknown,
            },
            Callee::Print => {
                if arguments.positional.iter().any(|value| self.holds_tensor(*value)) {
                    self.tell(range, What::Host("print"));
                }
                let mut looks = false;
                for value in &arguments.positional {
                    let mut texts = String::new();
                    if let Value::Many(at) = *value {
                        for (key, _) in &self.store.many[at as usize].items {
                            if let Some(key) = self.store.text_of(*key) {
                                texts.extend(["{'", key, "'"]);
                            }
                        }
                    }
                    self.store.each(*value, &mut |value| {
                        if let Some(text) = self.store.text_of(value) {
                            texts.push_str(text);
                        }
                    });
                    looks |= is_like_a_verdict(&texts);
                }
                if looks {
                    self.tell(range, What::Print);
                }
                Value::Nothing
            }
            Callee::Dumps => {
                let mut made = String::from("{");
                if let Some(Value::Many(at)) = first {
                    for (key, value) in &self.store.many[at as usize].items {
                        for text in [key, value].into_iter().filter_map(|text| self.store.text_of(*text)) {
                            made.push('"');
                            made.push_str(text);
                            made.push('"');
                        }
                    }
                }
                if made.len() > LONGEST_TEXT { Value::AnyText } else { self.store.text(made) }
            }
            Callee::Vars => match first {
                Some(Value::Path(of)) => Value::Path(self.paths.child(of, "__dict__")),
                None | Some(Value::Tensor(_) | Value::Function(_) | Value::Kernel(_)) => {
                    self.tell(range, What::Internals("vars"));
                    Value::Unknown
                }
                _ => Value::Unknown,
            },
            _ => Value::Unknown,
        }
    }

    fn takes_rows(&mut self, value: Option<Value<'a>>, range: TextRange) {
        if value.is_some_and(is_one_tensor) {
            self.tell(range, What::Rows);
        }
    }

    /// A string of the code itself.
    fn borrowed(&self, value: Value<'a>) -> Option<&'a str> {
        match value {
            Value::Text(at) => match self.store.texts[at as usize] {
                Cow::Borrowed(text) => Some(text),
                Cow::Owned(_) => None,
            },
            _ => None,
        }
    }

    fn sum(&mut self, path: Path, arguments: &Arguments<'a>, range: TextRange) -> Value<'a> {
        if let (Some(key), Some(values)) = (arguments.keyword("key"), arguments.positional.first()) {
            let element = self.element(*values).unwrap_or(Value::Unknown);
            self.apply(key, &Arguments::of([element]), range);
        }
        let numbers: Option<Vec<i64>> = arguments
            .positional
            .iter()
            .map(|value| if let Value::Number(number) = value { *number } else { None })
            .collect();
        if let Some(numbers) = numbers.filter(|numbers| numbers.len() > 1 && !arguments.open) {
            return Value::Number(match self.paths.text(path) {
                "builtins.max" => numbers.into_iter().max(),
                "builtins.min" => numbers.into_iter().min(),
                _ => None,
            });
        }
        let tensors: Vec<Value<'a>> = arguments
            .positional
            .iter()
            .flat_map(|value| self.store.tensors(*value))
            .map(Value::Tensor)
            .collect();
        if tensors.is_empty() {
            return Value::Number(None);
        }
        let single = arguments.positional.len() == 1 && matches!(arguments.positional[0], Value::Tensor(_));
        let work = if single { Work::Reduce } else { Work::Arith };
        self.compute(range, work, &tensors, How::Function(path))
    }
}

/// Whether something that is printed could be taken for a verdict.
fn is_like_a_verdict(text: &str) -> bool {
    text.contains('{')
        && ["\"verdict\"", "'verdict'", "\"status\"", "'status'", "\"correct\"", "'correct'"]
            .iter()
            .any(|key| text.contains(key))
}
