//! Names and what they are given: assignments of every kind.

use ruff_python_ast::{self as ast, Expr};
use ruff_text_size::{Ranged, TextRange};

use super::arguments::Arguments;
use super::fills::covers_all;
use super::trace::{Kept, What, When};
use super::value::{Extent, From, Kind, Many, Memory, Tensor, Value};
use super::walk::Walk;

impl<'a> Walk<'a> {
    /// The scope that holds a name, seen from a scope.
    pub(super) fn holder(&self, name: &str, from: u32) -> Option<u32> {
        let mut at = from;
        loop {
            let scope = &self.scopes[at as usize];
            if !(scope.is_class && at != from) {
                if let Some((_, other)) = scope.elsewhere.iter().find(|(known, _)| *known == name) {
                    return Some(*other);
                }
                if scope.names.contains_key(name) {
                    return Some(at);
                }
            }
            if at == 0 {
                return None;
            }
            at = scope.parent;
        }
    }

    /// What a name stands for.
    pub(super) fn name(&self, name: &str) -> Option<Value<'a>> {
        let holder = self.holder(name, self.scope)?;
        self.scopes[holder as usize].names.get(name).copied()
    }

    /// Gives a name a value.
    pub(super) fn assign(&mut self, name: &'a str, value: Value<'a>, range: TextRange) {
        let here = &self.scopes[self.scope as usize];
        let holder =
            here.elsewhere.iter().find(|(known, _)| *known == name).map_or(self.scope, |(_, at)| *at);
        if holder != self.scope && self.scopes[holder as usize].lasting && self.when != When::Load {
            self.keep(value, range);
        }
        let scope = &mut self.scopes[holder as usize];
        // Where it is not certain that the assignment happens, both values are possible.
        let certain = holder == self.scope && (self.arm == scope.arm || holder == 0 && self.arm == 0);
        match scope.names.get(name).copied() {
            Some(known) if !certain && known != value => {
                let joined = self.store.join(known, value);
                self.scopes[holder as usize].names.insert(name, joined);
            }
            _ => {
                scope.names.insert(name, value);
            }
        }
    }

    /// Notes that a value outlives the call.
    pub(super) fn keep(&mut self, value: Value<'a>, range: TextRange) {
        if self.when == When::Load || self.when == When::Never {
            return;
        }
        let tensors = self.store.tensors(value);
        let data = From::INPUT.with(From::KERNEL).with(From::TORCH);
        let mut of_data = false;
        for tensor in tensors {
            self.kept.push((tensor.memory, range, self.arm));
            of_data |= self.store.from(tensor).has(data) && !(tensor.kind == Kind::Bool && tensor.small);
        }
        if of_data {
            self.tell(range, What::Keep(Kept::Tensor));
        }
    }

    pub(super) fn augmented(&mut self, assign: &'a ast::StmtAugAssign) {
        let before = self.eval(&assign.target);
        let value = self.eval(&assign.value);
        let result = self.binary(before, assign.op, value, assign.range);
        let counts = !matches!(self.when, When::Load | When::Never);
        match &*assign.target {
            Expr::Name(name) => {
                let holder = self.holder(name.id.as_str(), self.scope);
                let lasting =
                    holder.is_some_and(|holder| holder != self.scope && self.scopes[holder as usize].lasting);
                if counts && lasting && !matches!(before, Value::Tensor(_)) {
                    self.tell(assign.range, What::Keep(Kept::Count));
                }
                for tensor in self.store.tensors(before) {
                    self.overwrite(tensor, result);
                }
                self.assign(name.id.as_str(), result, assign.range);
            }
            Expr::Attribute(attribute) => {
                let base = self.eval(&attribute.value);
                if let Value::Path(_) = base {
                    self.set_attribute(base, attribute.attr.id.as_str(), result, assign.range);
                }
                let lasting = match base {
                    Value::Function(_) | Value::Class(_) | Value::Kernel(_) => true,
                    Value::Instance(at) => self.instances[at as usize].lasting,
                    _ => false,
                };
                if counts && lasting && !matches!(before, Value::Tensor(_)) {
                    self.tell(assign.range, What::Keep(Kept::Count));
                }
            }
            Expr::Subscript(subscript) => match self.eval(&subscript.value) {
                Value::Many(at) if self.store.many[at as usize].shared && counts => {
                    self.tell(assign.range, What::Keep(Kept::Count));
                }
                Value::Tensor(tensor) => {
                    self.store.memory[tensor.memory as usize].by_torch = true;
                    let part = self.part(tensor, covers_all(&subscript.slice));
                    self.overwrite(part, result);
                }
                _ => {}
            },
            _ => {}
        }
    }

    /// Hands a value to what stands on the left of an assignment.
    pub(super) fn bind(&mut self, target: &'a Expr, value: Value<'a>) {
        match target {
            Expr::Name(name) => self.assign(name.id.as_str(), value, name.range),
            Expr::Tuple(ast::ExprTuple { elts, .. }) | Expr::List(ast::ExprList { elts, .. }) => {
                self.unpack(elts, value);
            }
            Expr::Starred(starred) => self.bind(&starred.value, value),
            Expr::Attribute(attribute) => {
                let base = self.eval(&attribute.value);
                self.set_attribute(base, attribute.attr.id.as_str(), value, target.range());
            }
            Expr::Subscript(subscript) => {
                let base = self.eval(&subscript.value);
                let key = self.eval(&subscript.slice);
                if self.makes_inputs
                    && let Value::Tensor(tensor) = base
                {
                    let part = self.part(tensor, covers_all(&subscript.slice));
                    self.overwrite(part, value);
                }
                if let (Value::Tensor(tensor), Value::Number(_) | Value::Zero | Value::Flag(_)) =
                    (base, value)
                    && covers_all(&subscript.slice)
                {
                    let memory = &mut self.store.memory[tensor.memory as usize];
                    memory.constant |= memory.from == From::default() && !memory.by_kernel && !memory.lost;
                }
                self.set_item(base, key, value, target.range());
            }
            _ => {
                self.eval(target);
            }
        }
    }

    fn unpack(&mut self, targets: &'a [Expr], value: Value<'a>) {
        if let Value::Many(at) = value {
            let many = &self.store.many[at as usize];
            if !many.open && many.items.len() == targets.len() && !targets.iter().any(Expr::is_starred_expr) {
                let items: Vec<Value<'a>> = many.items.iter().map(|(_, value)| *value).collect();
                for (target, value) in targets.iter().zip(items) {
                    self.bind(target, value);
                }
                return;
            }
        }
        let element = self.element(value).unwrap_or(Value::Unknown);
        for target in targets {
            self.bind(target, element);
        }
    }

    /// What iterating over a value gives; none where there certainly is nothing.
    pub(super) fn element(&mut self, value: Value<'a>) -> Option<Value<'a>> {
        Some(match value {
            Value::Many(at) => {
                let many = &self.store.many[at as usize];
                if many.items.is_empty() && !many.open {
                    // A list may have grown where it was not seen.
                    return Some(Value::Unknown);
                }
                let (items, open) = (many.items.clone(), many.open);
                let mut joined = open.then_some(Value::Unknown);
                for (key, value) in items.into_iter().take(32) {
                    // Iterating over a dictionary gives its keys.
                    let value = if key == Value::Unknown { value } else { key };
                    joined = Some(match joined {
                        Some(joined) => self.store.join(joined, value),
                        None => value,
                    });
                }
                joined.unwrap_or(Value::Unknown)
            }
            Value::Either(at) => {
                let values = self.store.either[at as usize].clone();
                let mut joined = None;
                for value in values {
                    let element = self.element(value).unwrap_or(Value::Unknown);
                    joined = Some(match joined {
                        Some(joined) => self.store.join(joined, element),
                        None => element,
                    });
                }
                joined.unwrap_or(Value::Unknown)
            }
            Value::Tensor(tensor) => Value::Tensor(Tensor { several: false, ..tensor }),
            Value::Instance(_) => self.element_of_instance(value),
            // The layers of a list of layers.
            Value::Made(path) if self.paths.text(path).starts_with("torch.nn.") => value,
            // `range(0)`.
            Value::Number(Some(0)) => return None,
            Value::Sizes | Value::Number(_) | Value::Zero => Value::Number(None),
            Value::Text(_) | Value::AnyText => Value::AnyText,
            _ => Value::Unknown,
        })
    }

    /// What an object of the block's own gives one by one.
    fn element_of_instance(&mut self, value: Value<'a>) -> Value<'a> {
        let range = TextRange::default();
        let iterator = match value {
            Value::Instance(at) => {
                let class = self.instances[at as usize].class;
                match self.class_attribute(class, "__iter__") {
                    Some(_) => self.method(value, "__iter__", &Arguments::default(), range),
                    None => {
                        return self.method(
                            value,
                            "__getitem__",
                            &Arguments::of([Value::Number(None)]),
                            range,
                        );
                    }
                }
            }
            _ => return Value::Unknown,
        };
        match iterator {
            Value::Instance(_) => self.method(iterator, "__next__", &Arguments::default(), range),
            // A generator gives what its function gives.
            other => other,
        }
    }

    pub(super) fn tensor(&mut self, memory: Memory, kind: Kind, from: From) -> Tensor {
        let memory = Memory { shared: self.when == When::Load, ..memory };
        Tensor {
            memory: self.store.memory(memory),
            kind,
            from,
            small: false,
            several: false,
            extent: Extent::Whole,
        }
    }

    pub(super) fn container(&mut self, items: Vec<(Value<'a>, Value<'a>)>, open: bool) -> Value<'a> {
        let shared = self.when == When::Load;
        self.store.many(Many { items, open, shared })
    }
}
