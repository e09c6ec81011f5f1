//! What the methods of containers and strings give.

use ruff_text_size::TextRange;

use super::arguments::Arguments;
use super::trace::{Kept, What, When};
use super::value::Value;
use super::walk::{LONGEST_TEXT, Walk};

impl<'a> Walk<'a> {
    /// Calls a method of a container.
    pub(super) fn many_method(
        &mut self,
        at: u32,
        name: &'a str,
        arguments: &Arguments<'a>,
        range: TextRange,
    ) -> Value<'a> {
        self.charge(self.store.many[at as usize].items.len());
        let base = Value::Many(at);
        let first = arguments.positional.first().copied();
        let last = arguments.positional.last().copied();
        match (name, first, last) {
            (
                "append" | "add" | "appendleft" | "__setitem__" | "insert" | "setdefault" | "push",
                Some(key),
                Some(value),
            ) => {
                let single = arguments.positional.len() < 2;
                self.set_item(base, if single { Value::Unknown } else { key }, value, range);
                if name == "setdefault" { self.element_of(at, key) } else { Value::Nothing }
            }
            ("update" | "extend" | "__ior__" | "__iadd__", given, _) => {
                let mut items = Vec::new();
                if let Some(given) = given {
                    match given {
                        Value::Many(other) => items.extend(self.store.many[other as usize].items.clone()),
                        other => {
                            let element = self.element(other).unwrap_or(Value::Unknown);
                            items.push((Value::Unknown, element));
                        }
                    }
                }
                for (key, value) in &arguments.keywords {
                    items.push((self.store.text(*key), *value));
                }
                for (key, value) in items {
                    self.set_item(base, key, value, range);
                }
                Value::Nothing
            }
            ("get" | "pop" | "__getitem__" | "popleft" | "popitem", Some(key), _) => {
                if self.store.many[at as usize].shared && self.when == When::Entry && self.is_identity(key) {
                    self.tell(range, What::Keep(Kept::ByIdentity));
                }
                let found = self.element_of(at, key);
                match arguments.positional.get(1) {
                    Some(otherwise) => self.store.join(found, *otherwise),
                    None => found,
                }
            }
            ("pop" | "popleft" | "__next__", None, _) => self.element(base).unwrap_or(Value::Unknown),
            ("values", ..) => {
                let items =
                    self.store.many[at as usize].items.iter().map(|(_, value)| (Value::Unknown, *value));
                let items = items.collect();
                let open = self.store.many[at as usize].open;
                self.container(items, open)
            }
            ("items", ..) => {
                let (items, open) =
                    (self.store.many[at as usize].items.clone(), self.store.many[at as usize].open);
                let pairs = items
                    .into_iter()
                    .map(|(key, value)| {
                        let pair =
                            self.container(vec![(Value::Unknown, key), (Value::Unknown, value)], false);
                        (Value::Unknown, pair)
                    })
                    .collect();
                self.container(pairs, open)
            }
            ("copy" | "keys" | "__iter__" | "reverse" | "sort", ..) => base,
            ("index" | "count" | "__len__", ..) => Value::Number(None),
            _ => Value::Unknown,
        }
    }

    /// Calls a method of a string.
    pub(super) fn text_method(
        &mut self,
        text: Value<'a>,
        name: &str,
        arguments: &Arguments<'a>,
    ) -> Value<'a> {
        let first = arguments.positional.first().copied();
        let length = self.store.text_of(text).map_or(0, str::len);
        self.charge(length);
        if length > LONGEST_TEXT {
            return Value::AnyText;
        }
        let known = match (name, self.store.text_of(text)) {
            ("join", Some(between)) => match first {
                Some(Value::Many(at)) if !self.store.many[at as usize].open => {
                    let many = &self.store.many[at as usize];
                    let parts: Option<Vec<&str>> =
                        many.items.iter().map(|(_, value)| self.store.text_of(*value)).collect();
                    let length = |parts: &Vec<&str>| {
                        parts.iter().map(|part| part.len() + between.len()).sum::<usize>()
                    };
                    parts.filter(|parts| length(parts) <= LONGEST_TEXT).map(|parts| parts.join(between))
                }
                _ => None,
            },
            ("replace", Some(text)) => match &arguments.positional[..] {
                [old, new, ..] => match (self.store.text_of(*old), self.store.text_of(*new)) {
                    (Some(old), Some(new)) if text.matches(old).count() * new.len() <= LONGEST_TEXT => {
                        Some(text.replace(old, new))
                    }
                    _ => None,
                },
                _ => None,
            },
            ("lower" | "casefold", Some(text)) => Some(text.to_lowercase()),
            ("upper", Some(text)) => Some(text.to_uppercase()),
            ("strip", Some(text)) if first.is_none() => Some(text.trim().to_owned()),
            ("decode" | "encode" | "__str__", Some(text)) => Some(text.to_owned()),
            ("format", Some(pattern)) if pattern.matches("{}").count() == arguments.positional.len() => {
                let mut made = pattern.to_owned();
                for value in &arguments.positional {
                    match self.store.text_of(*value) {
                        Some(part) if made.len() + part.len() <= LONGEST_TEXT => {
                            made = made.replacen("{}", part, 1);
                        }
                        _ => return Value::AnyText,
                    }
                }
                Some(made)
            }
            ("split", Some(text)) => {
                let separator = first.and_then(|value| self.store.text_of(value));
                let parts: Vec<String> = match separator {
                    Some(separator) if !separator.is_empty() => {
                        text.split(separator).map(str::to_owned).collect()
                    }
                    _ => text.split_whitespace().map(str::to_owned).collect(),
                };
                let items = parts.into_iter().map(|part| (Value::Unknown, self.store.text(part))).collect();
                return self.container(items, false);
            }
            ("startswith" | "endswith" | "isdigit" | "find" | "index" | "count", _) => return Value::Unknown,
            _ => None,
        };
        known.map_or(Value::AnyText, |known| self.store.text(known))
    }
}
