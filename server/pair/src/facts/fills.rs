//! Which tensors hold one number, however they came to it. It is followed where the inputs are made: inputs that hold one
//! number cannot tell right from wrong.

use ruff_python_ast::Expr;

use super::arguments::Arguments;
use super::paths::Path;
use super::trace::ArmKind;
use super::value::{Extent, From, Kind, Memory, Tensor, Value};
use super::walk::Walk;

/// The one number that an operation leaves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fill {
    Zero,
    Other,
}

impl<'a> Walk<'a> {
    /// Whether a tensor holds one number, or what happened to be in its memory.
    pub(super) fn is_one_number(&self, tensor: Tensor) -> bool {
        let memory = self.store.memory[tensor.memory as usize];
        let drawn = self.store.from(tensor).has(From::RANDOM.with(From::VARIED));
        !drawn && !memory.lost && (memory.constant || memory.empty && !memory.by_torch)
    }

    fn is_zero(&self, value: Value<'a>) -> bool {
        match value {
            Value::Number(Some(0)) | Value::Zero | Value::Flag(false) => true,
            Value::Tensor(tensor) => {
                self.is_one_number(tensor) && self.store.memory[tensor.memory as usize].zero
            }
            _ => false,
        }
    }

    /// What an operator leaves for certain, whatever its tensors hold: `x * 0`, `x - x`, `x ** 0`.
    pub(super) fn fill_of(&self, name: &str, operands: &[Value<'a>]) -> Option<Fill> {
        let (true, [left, right, ..]) = (self.makes_inputs, operands) else { return None };
        let same = left == right
            && matches!(left, Value::Tensor(tensor) if tensor.extent == Extent::Whole && !tensor.several);
        let name = name.trim_end_matches('_').trim_start_matches('_');
        let zero = match name {
            "mul" | "multiply" | "rmul" | "imul" | "bitwise_and" | "logical_and" | "and" => {
                self.is_zero(*left) || self.is_zero(*right)
            }
            "sub" | "subtract" | "rsub" | "isub" | "bitwise_xor" | "logical_xor" | "xor" | "remainder"
            | "fmod" | "mod" | "ne" => same && operands.len() == 2,
            "div" | "divide" | "true_divide" | "truediv" | "idiv" => self.is_zero(*left),
            _ => false,
        };
        let other = match name {
            "div" | "divide" | "true_divide" | "truediv" | "itruediv" | "floor_divide" | "floordiv"
            | "eq" => same,
            "pow" | "float_power" => self.is_zero(*right),
            "masked_fill" => {
                matches!(right, Value::Tensor(mask) if self.is_one_number(*mask)) && !self.is_zero(*right)
            }
            "where" => matches!(operands[1..], [one, other] if one == other && is_known(one)),
            "clamp" | "clip" | "hardtanh" => {
                matches!(operands[1..], [low, high] if low == high && is_known(low))
            }
            _ => false,
        };
        match (zero, other) {
            (true, _) => Some(Fill::Zero),
            (_, true) => Some(Fill::Other),
            _ => None,
        }
    }

    /// The same of a call of a function or a method.
    pub(super) fn fill_of_call(&self, name: &str, operands: &Arguments<'a>) -> Option<Fill> {
        if !self.makes_inputs {
            return None;
        }
        let values: Vec<Value<'a>> = operands.all().collect();
        match name {
            "zero_" => Some(Fill::Zero),
            "fill_" => {
                let value = *values.get(1)?;
                let drawn =
                    matches!(value, Value::Tensor(tensor) if !tensor.small && !self.is_one_number(tensor));
                (!drawn).then(|| if self.is_zero(value) { Fill::Zero } else { Fill::Other })
            }
            "copy_" => match values.get(1)? {
                Value::Tensor(source) if self.is_one_number(*source) => {
                    Some(if self.is_zero(values[1]) { Fill::Zero } else { Fill::Other })
                }
                _ => None,
            },
            // `x.__setitem__(...)` says where it writes, which is not read here.
            "__setitem__" => None,
            // `torch.sub(x, y, alpha=2)`, `x.mul(0, out=y)`.
            _ => {
                let mut given = operands.positional.clone();
                let bounds = ["min", "max", "other", "exponent"].map(|name| operands.keyword(name));
                given.extend(bounds.into_iter().flatten());
                if operands.keyword("alpha").is_some() {
                    return None;
                }
                self.fill_of(name, &given)
            }
        }
    }

    /// What a generator leaves whose range is a single number: `torch.randint(0, 1, …)`, `x.uniform_(0, 0)`.
    pub(super) fn fill_of_draw(&self, name: &str, operands: &Arguments<'a>) -> Option<Fill> {
        if !self.makes_inputs {
            return None;
        }
        // A single number, however it was drawn, may be spread out; no number at all is no better.
        let sizes: Vec<Value<'a>> = match (name, operands.positional.first()) {
            (_, Some(Value::Many(at))) => {
                self.store.many[*at as usize].items.iter().map(|(_, value)| *value).collect()
            }
            ("randn" | "rand", _) => {
                operands.positional.iter().copied().take_while(|value| is_number(*value)).collect()
            }
            _ => Vec::new(),
        };
        if sizes.contains(&Value::Number(Some(0))) && matches!(name, "randn" | "rand") {
            return Some(Fill::Other);
        }
        let skipped = usize::from(name.ends_with('_') || name.ends_with("_like"));
        let numbers: Vec<Value<'a>> = operands
            .positional
            .iter()
            .skip(skipped)
            .take_while(|value| is_number(**value))
            .copied()
            .collect();
        match (name, &numbers[..]) {
            ("randint" | "random_" | "randint_like", [Value::Number(Some(1))]) => Some(Fill::Zero),
            (
                "randint" | "random_" | "randint_like",
                [Value::Number(Some(low)), Value::Number(Some(high))],
            ) if low.checked_add(1) == Some(*high) => Some(if *low == 0 { Fill::Zero } else { Fill::Other }),
            ("uniform_", [low, high]) if low == high && is_known(*low) => Some(Fill::Other),
            ("normal_" | "normal", [_, deviation, ..]) if self.is_zero(*deviation) => Some(Fill::Other),
            ("bernoulli_", [chance]) if self.is_zero(*chance) => Some(Fill::Zero),
            ("bernoulli", _) if operands.positional.first().is_some_and(|chance| self.is_zero(*chance)) => {
                Some(Fill::Zero)
            }
            _ => None,
        }
    }

    /// A tensor that was just made, and what it holds.
    pub(super) fn holding(&mut self, made: Value<'a>, fill: Option<Fill>) -> Value<'a> {
        let (Value::Tensor(tensor), Some(fill)) = (made, fill) else { return made };
        let memory = &mut self.store.memory[tensor.memory as usize];
        (memory.constant, memory.from, memory.zero) = (true, From::default(), fill == Fill::Zero);
        Value::Tensor(Tensor { from: From::default(), ..tensor })
    }

    /// An array of numpy that holds one number, which becomes an input.
    pub(super) fn number_of_numpy(&mut self, path: Path) -> Option<Value<'a>> {
        let name = self.paths.text(path).strip_prefix("numpy.")?;
        let constant = matches!(name, "zeros" | "ones" | "full" | "zeros_like" | "ones_like" | "full_like");
        let zero = name.starts_with("zeros");
        (self.makes_inputs && constant).then(|| {
            let memory = Memory { constant, zero, ..Memory::default() };
            Value::Tensor(self.tensor(memory, Kind::Unknown, From::default()))
        })
    }

    /// Notes that a tensor's elements are overwritten with a value.
    pub(super) fn overwrite(&mut self, tensor: Tensor, value: Value<'a>) {
        if !self.makes_inputs {
            return;
        }
        let zero = self.is_zero(value);
        let number = match value {
            Value::Tensor(source) => self.is_one_number(source),
            other => is_number(other),
        };
        let from = self
            .store
            .tensors(value)
            .into_iter()
            .fold(From::default(), |from, tensor| from.with(self.store.from(tensor)));
        let whole = tensor.extent != Extent::Part && self.is_certain();
        let memory = &mut self.store.memory[tensor.memory as usize];
        if number && whole {
            (memory.filled, memory.constant) = (true, true);
            memory.from = From::default();
            memory.zero = zero;
        } else if !(zero && memory.zero) {
            (memory.filled, memory.constant, memory.zero) = (false, false, false);
            memory.from = memory.from.with(from);
        }
    }

    /// Whether what is done here is done in each call.
    fn is_certain(&self) -> bool {
        let mut at = self.arm;
        while let Some(arm) = self.trace.arms.get(at as usize) {
            match arm.kind {
                ArmKind::Root => return true,
                ArmKind::If | ArmKind::Except => return false,
                ArmKind::Try | ArmKind::Loop | ArmKind::Function => at = arm.parent,
            }
        }
        false
    }

    /// What a view of a tensor is.
    pub(super) fn view(&mut self, name: &str, tensor: Tensor) -> Tensor {
        match name {
            // One element, spread out.
            "expand" | "expand_as" | "broadcast_to" if self.store.memory[tensor.memory as usize].single => {
                let memory = Memory { constant: true, ..Memory::default() };
                self.tensor(memory, tensor.kind, From::default())
            }
            "detach" | "detach_" | "contiguous" | "requires_grad_" | "pin_memory" | "alias" | "data"
            | "positive" | "share_memory_" | "retain_grad" => tensor,
            "narrow" | "select" | "diagonal" | "chunk" | "split" | "unbind" | "tensor_split" | "hsplit"
            | "vsplit" | "dsplit" | "unfold" | "as_strided" | "real" | "imag" | "__getitem__" => {
                self.part(tensor, false)
            }
            _ => self.rearranged(tensor),
        }
    }

    /// A part of a tensor, or all of it in another shape.
    pub(super) fn part(&self, tensor: Tensor, all: bool) -> Tensor {
        match (self.makes_inputs, all) {
            (false, _) => tensor,
            (true, true) => self.rearranged(tensor),
            (true, false) => Tensor { extent: Extent::Part, ..tensor },
        }
    }

    /// All of a tensor, in another shape or order.
    pub(super) fn rearranged(&self, tensor: Tensor) -> Tensor {
        if self.makes_inputs && tensor.extent == Extent::Whole {
            return Tensor { extent: Extent::Rearranged, ..tensor };
        }
        tensor
    }

    /// A copy of a tensor, as another type.
    pub(super) fn copy_of(&mut self, tensor: Tensor, kind: Kind) -> Tensor {
        let from = self.store.from(tensor);
        let memory = Memory { from: From::default(), ..self.store.memory[tensor.memory as usize] };
        let made = self.tensor(memory, kind, from);
        Tensor { small: tensor.small, several: tensor.several, ..made }
    }
}

fn is_number(value: Value<'_>) -> bool {
    matches!(value, Value::Number(_) | Value::Zero | Value::Flag(_))
}

fn is_known(value: Value<'_>) -> bool {
    matches!(value, Value::Number(Some(_)) | Value::Zero | Value::Flag(_))
}

/// Whether an index covers all of a tensor: `x[:]`, `x[...]`, `x[:, :]`.
pub(super) fn covers_all(index: &Expr) -> bool {
    match index {
        Expr::Slice(slice) => slice.lower.is_none() && slice.upper.is_none() && slice.step.is_none(),
        Expr::EllipsisLiteral(_) | Expr::NoneLiteral(_) => true,
        Expr::Tuple(tuple) => tuple.iter().all(covers_all),
        _ => false,
    }
}
