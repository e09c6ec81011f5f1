//! What an expression may stand for.

use ruff_python_ast::{self as ast, Expr, Number};
use ruff_text_size::Ranged;

use super::trace::{ArmKind, What, When};
use super::value::Value;
use super::walk::{Code, LONGEST_TEXT, MOST_ITEMS, Walk, is_nothing, is_one_tensor, truth_of};
use crate::builtins::is_builtin;

impl<'a> Walk<'a> {
    /// What an expression stands for; what it does on the way is told.
    pub(super) fn eval(&mut self, expression: &'a Expr) -> Value<'a> {
        match expression {
            // The common leaves cost nothing.
            Expr::Name(name) => return self.load(name),
            Expr::NumberLiteral(number) => return number_of(&number.value),
            Expr::BooleanLiteral(flag) => return Value::Flag(flag.value),
            Expr::NoneLiteral(_) => return Value::Nothing,
            _ => {}
        }
        if self.is_spent() {
            return Value::Unknown;
        }
        self.nesting += 1;
        let value = if self.nesting.is_multiple_of(16) {
            stacker::maybe_grow(512 << 10, 2 << 20, || self.eval_deep(expression))
        } else {
            self.eval_deep(expression)
        };
        self.nesting -= 1;
        value
    }

    fn eval_deep(&mut self, expression: &'a Expr) -> Value<'a> {
        match expression {
            Expr::Attribute(attribute) => {
                let base = self.eval(&attribute.value);
                self.attribute(base, attribute.attr.id.as_str(), expression.range())
            }
            Expr::Call(call) => self.call(call),
            Expr::BinOp(operation) => {
                let left = self.eval(&operation.left);
                let right = self.eval(&operation.right);
                self.binary(left, operation.op, right, operation.range)
            }
            Expr::UnaryOp(operation) => self.unary(operation),
            Expr::BoolOp(operation) => {
                let when = self.when;
                let mut values = Vec::with_capacity(operation.values.len());
                for value in &operation.values {
                    let value = self.eval(value);
                    values.push(value);
                    // What stands behind `True or` is never reached.
                    if truth_of(value) == Some(operation.op == ast::BoolOp::Or) {
                        self.when = When::Never;
                    }
                }
                self.when = when;
                match self.any_of(values) {
                    Value::Flag(_) => Value::Unknown,
                    value => value,
                }
            }
            Expr::Compare(compare) => self.compare(compare),
            Expr::Subscript(subscript) => {
                let base = self.eval(&subscript.value);
                let key = self.eval(&subscript.slice);
                self.item(base, key, &subscript.slice, subscript.range)
            }
            Expr::If(branches) => self.ternary(branches),
            Expr::Named(named) => {
                let value = self.eval(&named.value);
                self.bind(&named.target, value);
                value
            }
            Expr::Lambda(lambda) => self.function(Code::Lambda(lambda)),
            Expr::Tuple(ast::ExprTuple { elts, .. })
            | Expr::List(ast::ExprList { elts, .. })
            | Expr::Set(ast::ExprSet { elts, .. }) => {
                let mut items = Vec::with_capacity(elts.len());
                let mut open = false;
                for element in elts {
                    if let Expr::Starred(starred) = element {
                        let value = self.eval(&starred.value);
                        open |= self.spread(value, &mut items);
                    } else {
                        let value = self.eval(element);
                        items.push((Value::Unknown, value));
                    }
                }
                self.container(items, open)
            }
            Expr::Dict(dict) => self.dict(dict),
            Expr::ListComp(made) => self.comprehension(&made.generators, None, &made.elt),
            Expr::SetComp(made) => self.comprehension(&made.generators, None, &made.elt),
            Expr::Generator(made) => self.comprehension(&made.generators, None, &made.elt),
            Expr::DictComp(made) => self.comprehension(&made.generators, made.key.as_deref(), &made.value),
            Expr::Await(awaited) => {
                self.tell(awaited.range, What::Async);
                self.eval(&awaited.value)
            }
            Expr::Yield(yielded) => {
                let value = yielded.value.as_deref().map_or(Value::Nothing, |value| self.eval(value));
                // What a generator gives stands for what its function gives.
                self.give_back(value, yielded.range);
                Value::Unknown
            }
            Expr::YieldFrom(yielded) => {
                let value = self.eval(&yielded.value);
                self.give_back(value, yielded.range);
                Value::Unknown
            }
            Expr::Starred(starred) => self.eval(&starred.value),
            Expr::Slice(slice) => {
                for part in [&slice.lower, &slice.upper, &slice.step].into_iter().flatten() {
                    self.eval(part);
                }
                Value::Unknown
            }
            Expr::FString(string) => self.format(string),
            Expr::StringLiteral(literal) => self.store.text(literal.value.to_str()),
            Expr::BytesLiteral(literal) => match String::from_utf8(literal.value.bytes().collect()) {
                Ok(text) => self.store.text(text),
                Err(_) => Value::AnyText,
            },
            Expr::Name(name) => self.load(name),
            _ => Value::Unknown,
        }
    }

    fn ternary(&mut self, branches: &'a ast::ExprIf) -> Value<'a> {
        let test = self.eval(&branches.test);
        let truth = truth_of(test);
        let arm = |walk: &mut Self, value: &'a Expr, never: bool| {
            let when = walk.when;
            if never {
                walk.when = When::Never;
            }
            let value = walk.within(ArmKind::If, branches.range, |walk| walk.eval(value));
            walk.when = when;
            value
        };
        let body = arm(self, &branches.body, truth == Some(false));
        let orelse = arm(self, &branches.orelse, truth == Some(true));
        match truth {
            Some(true) => body,
            Some(false) => orelse,
            None => self.store.join(body, orelse),
        }
    }

    fn dict(&mut self, dict: &'a ast::ExprDict) -> Value<'a> {
        let mut items = Vec::with_capacity(dict.items.len());
        let mut open = false;
        for item in &dict.items {
            let key = item.key.as_ref().map(|key| self.eval(key));
            let value = self.eval(&item.value);
            match (key, value) {
                (Some(key), value) => items.push((key, value)),
                (None, Value::Many(at)) => {
                    let many = &self.store.many[at as usize];
                    let room = MOST_ITEMS.saturating_sub(items.len());
                    items.extend(many.items.iter().take(room));
                    open |= many.items.len() > room;
                    self.charge(room.min(MOST_ITEMS));
                }
                (None, _) => open = true,
            }
        }
        self.container(items, open)
    }

    fn format(&mut self, string: &'a ast::ExprFString) -> Value<'a> {
        let mut text = Some(String::new());
        for element in string.value.elements() {
            match element {
                ast::InterpolatedStringElement::Literal(literal) => {
                    if let Some(text) = &mut text {
                        text.push_str(&literal.value);
                    }
                }
                ast::InterpolatedStringElement::Interpolation(interpolation) => {
                    let value = self.eval(&interpolation.expression);
                    let number = match value {
                        Value::Number(Some(number)) => Some(number.to_string()),
                        _ => None,
                    };
                    match (self.store.text_of(value).or(number.as_deref()), &mut text) {
                        (Some(part), Some(text)) if text.len() + part.len() <= LONGEST_TEXT => {
                            text.push_str(part);
                        }
                        _ => text = None,
                    }
                }
            }
        }
        text.map_or(Value::AnyText, |text| self.store.text(text))
    }

    /// One of several values.
    pub(super) fn any_of(&mut self, values: impl IntoIterator<Item = Value<'a>>) -> Value<'a> {
        let mut values = values.into_iter();
        let Some(mut joined) = values.next() else { return Value::Unknown };
        for value in values {
            joined = self.store.join(joined, value);
        }
        joined
    }

    /// Adds the elements of a value to a list; whether there may be others.
    pub(super) fn spread(&mut self, value: Value<'a>, items: &mut Vec<(Value<'a>, Value<'a>)>) -> bool {
        if let Value::Many(at) = value {
            let many = &self.store.many[at as usize];
            let room = MOST_ITEMS.saturating_sub(items.len());
            items.extend(many.items.iter().take(room).map(|(_, value)| (Value::Unknown, *value)));
            let (open, count) = (many.open || many.items.len() > room, many.items.len().min(room));
            self.charge(count);
            return open;
        }
        let element = self.element(value).unwrap_or(Value::Unknown);
        items.push((Value::Unknown, element));
        true
    }

    pub(super) fn load(&mut self, name: &'a ast::ExprName) -> Value<'a> {
        let id = name.id.as_str();
        if let Some(value) = self.name(id) {
            match value {
                Value::Path(path) => self.use_of(path, name.range),
                Value::Instance(_) => self.special_methods(value, name.range),
                _ => {}
            }
            return value;
        }
        let path = if is_builtin(id)
            || matches!(id, "exit" | "quit" | "__file__" | "__spec__" | "__loader__" | "__builtins__")
        {
            let builtins = self.paths.root("builtins");
            if id == "__builtins__" { builtins } else { self.paths.child(builtins, id) }
        } else if let Some(module) = self.stars.last().copied() {
            self.paths.child(module, id)
        } else {
            return Value::Unknown;
        };
        self.use_of(path, name.range);
        Value::Path(path)
    }

    fn comprehension(
        &mut self,
        generators: &'a [ast::Comprehension],
        key: Option<&'a Expr>,
        element: &'a Expr,
    ) -> Value<'a> {
        for (at, generator) in generators.iter().enumerate() {
            let iterated = self.eval(&generator.iter);
            if is_one_tensor(iterated) {
                self.tell(generator.iter.range(), What::Rows);
            }
            // Few known elements are looked at one by one: `"".join(chr(c) for c in (101, 120, 112))`.
            if let Value::Many(many) = iterated
                && at == 0
                && generators.len() == 1
                && generator.ifs.is_empty()
                && key.is_none()
            {
                let many = &self.store.many[many as usize];
                if !many.open && (1..=64).contains(&many.items.len()) {
                    let mut items = Vec::with_capacity(many.items.len());
                    for (key, value) in many.items.clone() {
                        self.bind_fresh(&generator.target, if key == Value::Unknown { value } else { key });
                        let value = self.eval(element);
                        items.push((Value::Unknown, value));
                    }
                    return self.container(items, false);
                }
            }
            let each = self.element(iterated).unwrap_or(Value::Unknown);
            self.bind_fresh(&generator.target, each);
            for condition in &generator.ifs {
                self.eval(condition);
            }
        }
        let when = self.when;
        if generators.iter().any(|generator| is_nothing(&generator.iter)) {
            self.when = When::Never;
        }
        let key = key.map_or(Value::Unknown, |key| self.eval(key));
        let value = self.within(ArmKind::Loop, element.range(), |walk| walk.eval(element));
        self.when = when;
        // Inputs of one number, however many.
        let alike = self.makes_inputs
            && matches!(value, Value::Number(Some(_)) | Value::Zero)
            && generators.iter().all(|generator| generator.ifs.is_empty());
        self.container(vec![(key, value)], !alike)
    }

    /// Binds the variable of a comprehension, which has no other value meanwhile.
    fn bind_fresh(&mut self, target: &'a Expr, value: Value<'a>) {
        if let Expr::Name(name) = target {
            let scope = self.scope as usize;
            self.scopes[scope].names.insert(name.id.as_str(), value);
        } else {
            self.bind(target, value);
        }
    }
}

fn number_of<'a>(number: &Number) -> Value<'a> {
    match number {
        Number::Int(number) => Value::Number(number.as_i64()),
        Number::Float(0.0) => Value::Zero,
        _ => Value::Number(None),
    }
}
