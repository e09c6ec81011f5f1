//! What an expression may stand for.

use ruff_python_ast::{self as ast, CmpOp, Expr, Number, Operator, UnaryOp};
use ruff_text_size::{Ranged, TextRange};

use super::fills::covers_all;
use super::ops::Work;
use super::paths::{LONGEST, Path};
use super::trace::{ArmKind, How, Kept, What, When};
use super::value::{Kind, Memory, Tensor, Value};
use super::walk::{Arguments, Code, LONGEST_TEXT, MOST_ITEMS, Walk, is_nothing, is_one_tensor, truth_of};
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

    fn unary(&mut self, operation: &'a ast::ExprUnaryOp) -> Value<'a> {
        let operand = self.eval(&operation.operand);
        match (operation.op, operand) {
            (UnaryOp::USub, Value::Number(number)) => Value::Number(number.and_then(i64::checked_neg)),
            (UnaryOp::Not, _) => truth_of(operand).map_or(Value::Unknown, |truth| Value::Flag(!truth)),
            (op, Value::Instance(at)) if op != UnaryOp::Not => {
                let class = self.instances[at as usize].class;
                let name = match op {
                    UnaryOp::Invert => "__invert__",
                    UnaryOp::UAdd => "__pos__",
                    _ => "__neg__",
                };
                match self.class_attribute(class, name) {
                    Some(Value::Function(method)) => {
                        self.call_function(method, &Arguments::of([operand]), operation.range)
                    }
                    _ => Value::Unknown,
                }
            }
            (UnaryOp::USub, value) if self.holds_tensor(value) => {
                self.compute(operation.range, Work::Arith, &[value], How::Operator("-"))
            }
            _ => operand,
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
                    match (self.store.text_of(value), &mut text) {
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

    fn load(&mut self, name: &'a ast::ExprName) -> Value<'a> {
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

    fn compare(&mut self, compare: &'a ast::ExprCompare) -> Value<'a> {
        let mut left = self.eval(&compare.left);
        let mut of_tensor = None;
        for (op, right) in compare.ops.iter().zip(&compare.comparators) {
            let right = self.eval(right);
            let found_again = match op {
                CmpOp::In | CmpOp::NotIn => self.is_identity(left) && self.is_shared(right),
                // What was remembered is nothing yet when the block is loaded.
                CmpOp::Eq | CmpOp::NotEq | CmpOp::Is => {
                    [(left, right), (right, left)].iter().any(|(one, other)| {
                        *one == Value::Identity && matches!(other, Value::Nothing | Value::Either(_))
                    })
                }
                _ => false,
            };
            if found_again {
                self.tell(compare.range, What::Keep(Kept::ByIdentity));
            }
            if !matches!(op, CmpOp::Is | CmpOp::IsNot | CmpOp::In | CmpOp::NotIn) {
                for value in [left, right] {
                    if let Value::Tensor(tensor) = value {
                        of_tensor = Some(tensor);
                    }
                }
            }
            left = right;
        }
        let Some(tensor) = of_tensor else { return Value::Unknown };
        if self.makes_inputs {
            return Value::Tensor(self.tensor(Memory::default(), Kind::Bool, self.store.from(tensor)));
        }
        Value::Tensor(Tensor { kind: Kind::Bool, ..tensor })
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

    fn item(&mut self, base: Value<'a>, key: Value<'a>, slice: &'a Expr, range: TextRange) -> Value<'a> {
        match base {
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

    /// What an operator between two values gives.
    pub(super) fn binary(
        &mut self,
        left: Value<'a>,
        op: Operator,
        right: Value<'a>,
        range: TextRange,
    ) -> Value<'a> {
        let is_number = |value| matches!(value, Value::Number(_) | Value::Zero | Value::Flag(_));
        match (left, right) {
            (Value::Number(Some(0)), Value::Number(_)) | (Value::Number(_), Value::Number(Some(0)))
                if op == Operator::Mult =>
            {
                Value::Number(Some(0))
            }
            (Value::Zero, other) | (other, Value::Zero) if op == Operator::Mult && is_number(other) => {
                Value::Zero
            }
            (Value::Number(Some(one)), Value::Number(Some(other))) => Value::Number(match op {
                Operator::Add => one.checked_add(other),
                Operator::Sub => one.checked_sub(other),
                Operator::Mult => one.checked_mul(other),
                _ => None,
            }),
            _ if is_number(left) && is_number(right) => Value::Number(None),
            (Value::Text(_) | Value::AnyText, _) | (_, Value::Text(_) | Value::AnyText) => {
                self.binary_text(left, op, right)
            }
            // An alignment is no identity any more.
            (Value::Identity, _) | (_, Value::Identity) if matches!(op, Operator::Mod | Operator::BitAnd) => {
                Value::Number(None)
            }
            (Value::Identity, _) | (_, Value::Identity) => Value::Identity,
            (Value::Many(one), Value::Many(other)) if matches!(op, Operator::Add | Operator::BitOr) => {
                let (one, other) = (&self.store.many[one as usize], &self.store.many[other as usize]);
                let open = one.open || other.open || one.items.len() + other.items.len() > MOST_ITEMS;
                let items: Vec<_> = one.items.iter().chain(&other.items).take(MOST_ITEMS).copied().collect();
                self.charge(items.len());
                self.container(items, open)
            }
            (Value::Many(_), other) | (other, Value::Many(_)) if is_number(other) => {
                if matches!(left, Value::Many(_)) { left } else { right }
            }
            (Value::Sizes, _) | (_, Value::Sizes) => Value::Sizes,
            (Value::Instance(at), _) => {
                let class = self.instances[at as usize].class;
                match self.class_attribute(class, method_of(op)) {
                    Some(Value::Function(method)) => {
                        self.call_function(method, &Arguments::of([left, right]), range)
                    }
                    _ => Value::Unknown,
                }
            }
            (_, Value::Instance(at)) => {
                let class = self.instances[at as usize].class;
                match self.class_attribute(class, reflected(op)) {
                    Some(Value::Function(method)) => {
                        self.call_function(method, &Arguments::of([right, left]), range)
                    }
                    _ => Value::Unknown,
                }
            }
            _ if self.holds_tensor(left) || self.holds_tensor(right) => {
                let (work, symbol) = operator(op);
                let fill = self.fill_of(method_of(op), &[left, right]);
                let made = self.compute(range, work, &[left, right], How::Operator(symbol));
                self.holding(made, fill)
            }
            _ => Value::Unknown,
        }
    }

    fn binary_text(&mut self, left: Value<'a>, op: Operator, right: Value<'a>) -> Value<'a> {
        let text = match (op, self.store.text_of(left), self.store.text_of(right)) {
            (_, Some(one), Some(other)) if one.len() + other.len() > LONGEST_TEXT => None,
            (Operator::Add, Some(one), Some(other)) => Some(format!("{one}{other}")),
            (Operator::Mod, Some(pattern), Some(other)) if pattern.matches('%').count() == 1 => {
                Some(pattern.replace("%s", other))
            }
            _ => None,
        };
        text.map_or(Value::AnyText, |text| self.store.text(text))
    }

    /// Whether a value is, or may be, a tensor.
    pub(super) fn holds_tensor(&self, value: Value<'a>) -> bool {
        match value {
            Value::Tensor(_) => true,
            Value::Either(at) => {
                self.store.either[at as usize].iter().any(|value| matches!(value, Value::Tensor(_)))
            }
            _ => false,
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

/// The method that an operator calls.
fn method_of(op: Operator) -> &'static str {
    match op {
        Operator::Add => "__add__",
        Operator::Sub => "__sub__",
        Operator::Mult => "__mul__",
        Operator::MatMult => "__matmul__",
        Operator::Div => "__truediv__",
        Operator::Mod => "__mod__",
        Operator::Pow => "__pow__",
        Operator::FloorDiv => "__floordiv__",
        Operator::LShift => "__lshift__",
        Operator::RShift => "__rshift__",
        Operator::BitOr => "__or__",
        Operator::BitXor => "__xor__",
        Operator::BitAnd => "__and__",
    }
}

/// The method of the right operand that an operator calls.
fn reflected(op: Operator) -> &'static str {
    match op {
        Operator::Add => "__radd__",
        Operator::Sub => "__rsub__",
        Operator::Mult => "__rmul__",
        Operator::MatMult => "__rmatmul__",
        Operator::Div => "__rtruediv__",
        Operator::Mod => "__rmod__",
        Operator::Pow => "__rpow__",
        Operator::FloorDiv => "__rfloordiv__",
        Operator::LShift => "__rlshift__",
        Operator::RShift => "__rrshift__",
        Operator::BitOr => "__ror__",
        Operator::BitXor => "__rxor__",
        Operator::BitAnd => "__rand__",
    }
}

fn operator(op: Operator) -> (Work, &'static str) {
    match op {
        Operator::Add => (Work::Arith, "+"),
        Operator::Sub => (Work::Arith, "-"),
        Operator::Mult => (Work::Arith, "*"),
        Operator::MatMult => (Work::Heavy, "@"),
        Operator::Div => (Work::Arith, "/"),
        Operator::Mod => (Work::Arith, "%"),
        Operator::Pow => (Work::Arith, "**"),
        Operator::FloorDiv => (Work::Arith, "//"),
        Operator::LShift => (Work::Arith, "<<"),
        Operator::RShift => (Work::Arith, ">>"),
        Operator::BitOr => (Work::Index, "|"),
        Operator::BitXor => (Work::Index, "^"),
        Operator::BitAnd => (Work::Index, "&"),
    }
}
