//! What a call hands over, and which parameters take it.

use ruff_python_ast::{self as ast, Expr};

use super::value::Value;
use super::walk::{MOST_ITEMS, Walk};

/// What a call hands over.
#[derive(Debug, Default, Clone)]
pub(super) struct Arguments<'a> {
    pub(super) positional: Vec<Value<'a>>,
    pub(super) keywords: Vec<(&'a str, Value<'a>)>,
    /// There may be others: `*args` of unknown length.
    pub(super) open: bool,
}

impl<'a> Arguments<'a> {
    pub(super) fn of(values: impl IntoIterator<Item = Value<'a>>) -> Self {
        Self { positional: values.into_iter().collect(), ..Self::default() }
    }

    pub(super) fn keyword(&self, name: &str) -> Option<Value<'a>> {
        self.keywords.iter().find(|(keyword, _)| *keyword == name).map(|(_, value)| *value)
    }

    pub(super) fn all(&self) -> impl Iterator<Item = Value<'a>> {
        self.positional.iter().copied().chain(self.keywords.iter().map(|(_, value)| *value))
    }
}

impl<'a> Walk<'a> {
    pub(super) fn arguments(&mut self, arguments: &'a ast::Arguments) -> Arguments<'a> {
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

    pub(super) fn bind_parameters(
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
}

/// The arguments of a method, with what it belongs to.
pub(super) fn with_first<'a>(first: Value<'a>, arguments: &Arguments<'a>) -> Arguments<'a> {
    let mut given = Arguments::of([first]);
    given.positional.extend(&arguments.positional);
    given.keywords.clone_from(&arguments.keywords);
    given.open = arguments.open;
    given
}
