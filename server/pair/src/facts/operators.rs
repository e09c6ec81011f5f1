//! What operators between values give.

use ruff_python_ast::{self as ast, CmpOp, Operator, UnaryOp};
use ruff_text_size::TextRange;

use super::arguments::Arguments;
use super::ops::Work;
use super::trace::{How, Kept, What};
use super::value::{Kind, Memory, Tensor, Value};
use super::walk::{LONGEST_TEXT, MOST_ITEMS, Walk, truth_of};

impl<'a> Walk<'a> {
    pub(super) fn compare(&mut self, compare: &'a ast::ExprCompare) -> Value<'a> {
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

    pub(super) fn unary(&mut self, operation: &'a ast::ExprUnaryOp) -> Value<'a> {
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
