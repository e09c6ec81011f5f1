//! What the operators of torch give, and when that is the pair's own computation.

use ruff_text_size::TextRange;

use super::arguments::Arguments;
use super::ops::{Work, operator};
use super::trace::{How, What, When};
use super::value::{From, Kind, Memory, Tensor, Value};
use super::walk::Walk;

/// From how many elements on a literal shape is one that was copied from the inputs.
const LARGE: i64 = 4096;

/// Operators that wait for the values, because the host needs their outcome or the size of it.
const OF_VALUES: &[&str] = &[
    "allclose",
    "argwhere",
    "equal",
    "is_nonzero",
    "masked_select",
    "nonzero",
    "unique",
    "unique_consecutive",
];

impl<'a> Walk<'a> {
    /// Runs an operator of torch; the operands are its arguments, of a method with the tensor first.
    pub(super) fn operate(
        &mut self,
        name: &'a str,
        work: Work,
        operands: &Arguments<'a>,
        how: How<'a>,
        range: TextRange,
    ) -> Value<'a> {
        let known = operator(name).map(|(name, _)| name);
        if let Some(known) = known
            && self.when != When::Load
        {
            self.trace.operators.insert(known);
        }
        let base = operands.positional.first().copied().or_else(|| operands.keyword("input"));
        // How much it gives depends on the values.
        if self.when == When::Entry && known.is_some_and(|known| OF_VALUES.contains(&known)) {
            self.tell(range, What::Host(known.unwrap_or(name)));
        }
        let accumulates = operands.keyword("accumulate") == Some(Value::Flag(true));
        let work = if accumulates { Work::Arith } else { work };
        let computes = matches!(work, Work::Heavy | Work::Math | Work::Arith | Work::Reduce);
        if self.in_hook && computes && matches!(how, How::Function(_)) {
            self.tell(range, What::Compute { how });
        }
        let tensor = base.and_then(|base| self.store.tensors(base).first().copied());
        let kind = self.kind_of(operands);
        let given = match work {
            Work::Empty | Work::Filled | Work::Random => {
                self.fresh(name, work, operands, tensor, kind, range)
            }
            Work::View => match (base, tensor) {
                (Some(_), Some(tensor)) => {
                    let by_one =
                        name == "split" && operands.positional.get(1) == Some(&Value::Number(Some(1)));
                    let several =
                        matches!(name, "chunk" | "split" | "tensor_split" | "hsplit" | "vsplit" | "dsplit")
                            && !by_one;
                    let tensor = self.view(name, tensor);
                    Value::Tensor(Tensor { kind: kind.unwrap_or(tensor.kind), several, ..tensor })
                }
                _ => Value::Unknown,
            },
            Work::Cast => {
                let Some(tensor) = tensor else { return Value::Unknown };
                let of_numbers = !matches!(tensor.kind, Kind::Int | Kind::Bool);
                if of_numbers
                    && name == "to"
                    && operands.all().any(|value| self.store.text_of(value) == Some("cpu"))
                {
                    self.tell(range, What::Host("to"));
                }
                let kind = kind.or_else(|| Kind::of_dtype(name)).unwrap_or(tensor.kind);
                if kind == Kind::Half && tensor.kind == Kind::Float && self.when == When::Entry {
                    self.tell(range, What::Lower);
                }
                if self.makes_inputs && kind != tensor.kind {
                    // A copy, that is filled by itself.
                    return Value::Tensor(self.copy_of(tensor, kind));
                }
                Value::Tensor(Tensor { kind, ..tensor })
            }
            Work::Host => {
                if tensor.is_some_and(|tensor| !matches!(tensor.kind, Kind::Int | Kind::Bool)) {
                    self.tell(range, What::Host(known.unwrap_or("cpu")));
                }
                let whole = tensor.is_some_and(|tensor| tensor.kind.is_float() && !tensor.small);
                if whole && matches!(name, "cpu" | "numpy" | "tolist") && self.when == When::Entry {
                    self.tell(range, What::Trip(known.unwrap_or("cpu")));
                }
                match (name, tensor) {
                    ("cpu" | "numpy" | "__array__", Some(tensor)) => Value::Tensor(tensor),
                    ("tolist", Some(_)) => self.container(vec![(Value::Unknown, Value::Number(None))], true),
                    _ => Value::Number(None),
                }
            }
            _ => {
                let values: Vec<Value<'a>> = operands.all().collect();
                let fill = self.fill_of_call(name, operands);
                let made = self.compute(range, work, &values, how);
                self.holding(made, fill)
            }
        };
        // What is given as `out=`, and what an operator changes in place, is written by torch.
        let in_place =
            name.ends_with('_') && !name.ends_with("__") || matches!(how, How::Method("__setitem__"));
        let target = operands.keyword("out").or(base.filter(|_| in_place));
        if let Some(target) = target {
            let from =
                self.store.tensors(given).first().map(|tensor| self.store.from(*tensor)).unwrap_or_default();
            for tensor in self.store.tensors(target) {
                let memory = &mut self.store.memory[tensor.memory as usize];
                memory.by_torch = true;
                memory.from = memory.from.with(from);
                memory.copied |= name == "copy_";
                // One number fills it.
                memory.constant |= matches!(name, "fill_" | "zero_") && memory.from == From::default();
                self.overwrite(tensor, given);
            }
            if in_place || operands.keyword("out").is_some() {
                return target;
            }
        }
        given
    }

    /// The dtype that the arguments name.
    fn kind_of(&self, operands: &Arguments<'a>) -> Option<Kind> {
        let named = operands.keyword("dtype").into_iter().chain(operands.positional.iter().skip(1).copied());
        named.into_iter().find_map(|value| match value {
            Value::Path(path) => self.paths.text(path).strip_prefix("torch.").and_then(Kind::of_dtype),
            _ => None,
        })
    }

    /// A tensor that is made without computing.
    #[allow(clippy::too_many_lines, reason = "one arm for each way to make a tensor")]
    fn fresh(
        &mut self,
        name: &str,
        work: Work,
        operands: &Arguments<'a>,
        like: Option<Tensor>,
        kind: Option<Kind>,
        range: TextRange,
    ) -> Value<'a> {
        let first = operands.positional.first().copied();
        let is_method = name.starts_with("new_");
        let alike = name.ends_with("_like") || is_method;
        let in_place = work == Work::Random && name.ends_with('_');
        if in_place {
            let fill = self.fill_of_draw(name, operands);
            if let Some(fill) = fill {
                let made = self.tensor(Memory::default(), Kind::Unknown, From::default());
                return self.holding(Value::Tensor(made), Some(fill));
            }
            if let Some(tensor) = like {
                let memory = &mut self.store.memory[tensor.memory as usize];
                memory.from = memory.from.with(From::RANDOM);
                memory.constant = false;
            }
            return first.unwrap_or(Value::Unknown);
        }
        let named = kind;
        let mut kind = kind.unwrap_or(match name {
            "randint" | "randperm" | "arange" | "range" | "randint_like" | "tril_indices"
            | "triu_indices" | "multinomial" => Kind::Int,
            _ => Kind::Float,
        });
        let names_dtype = operands.keyword("dtype").is_some_and(|value| value != Value::Nothing);
        if named.is_none() && names_dtype {
            kind = Kind::Unknown;
        }
        if named.is_none()
            && !names_dtype
            && alike
            && let Some(like) = like
        {
            kind = like.kind;
        }
        let mut from = From::default();
        let mut small = false;
        let mut constant = work == Work::Filled;
        match name {
            "tensor" | "as_tensor" | "scalar_tensor" | "new_tensor" | "asarray" | "from_numpy" => {
                match first {
                    Some(Value::Tensor(tensor)) => {
                        return Value::Tensor(Tensor { kind: named.unwrap_or(tensor.kind), ..tensor });
                    }
                    Some(Value::Zero) => small = true,
                    Some(Value::Number(number)) => {
                        small = true;
                        if named.is_none() && !names_dtype {
                            kind = if number.is_some() { Kind::Int } else { Kind::Float };
                        }
                    }
                    Some(Value::Many(at)) => {
                        let many = &self.store.many[at as usize];
                        let whole = |(_, value): &(_, Value<'a>)| {
                            matches!(value, Value::Number(Some(_)) | Value::Identity)
                        };
                        if named.is_none() && !names_dtype && many.items.iter().all(whole) {
                            kind = Kind::Int;
                        }
                        let mut values: Vec<Value<'a>> = Vec::new();
                        self.store.each(Value::Many(at), &mut |value| {
                            if values.last() != Some(&value) {
                                values.push(value);
                            }
                        });
                        let same = matches!(values[..], [Value::Number(Some(_)) | Value::Zero]);
                        if !same {
                            from = From::VARIED;
                        }
                    }
                    _ => from = From::VARIED,
                }
                constant &= from == From::default();
            }
            "arange" | "range" | "linspace" | "logspace" | "eye" | "meshgrid" | "cartesian_prod"
            | "tril_indices" | "triu_indices" | "frombuffer" | "hann_window" | "hamming_window"
            | "blackman_window" => {
                from = From::VARIED;
                constant = false;
            }
            "full" | "full_like" | "new_full" => {
                // What is filled in may be computed.
                let value = operands.positional.get(if is_method { 2 } else { 1 }).copied();
                if let Some(value) = value.or_else(|| operands.keyword("fill_value")) {
                    for tensor in self.store.tensors(value) {
                        from = from.with(self.store.from(tensor));
                    }
                    if named.is_none() && matches!(value, Value::Number(Some(_))) && !alike {
                        kind = Kind::Int;
                    }
                    if matches!(value, Value::Flag(_)) {
                        kind = Kind::Bool;
                    }
                }
            }
            _ if work == Work::Random => from = From::RANDOM,
            _ => {}
        }
        let shape = &operands.positional[usize::from(is_method).min(operands.positional.len())..];
        let dimensions: Vec<Value<'a>> = match shape {
            [Value::Many(at), ..] => {
                self.store.many[*at as usize].items.iter().map(|(_, value)| *value).collect()
            }
            _ if name.ends_with("_like") => Vec::new(),
            _ => shape.iter().copied().filter(|value| matches!(value, Value::Number(_))).collect(),
        };
        let mut literal = false;
        let single = self.makes_inputs
            && !dimensions.is_empty()
            && dimensions.iter().all(|dimension| *dimension == Value::Number(Some(1)));
        if work != Work::Random {
            let total = dimensions.iter().try_fold(1_i64, |total, dimension| match dimension {
                Value::Number(Some(size)) => total.checked_mul(*size),
                _ => None,
            });
            literal =
                dimensions.len() > 1 && self.when == When::Entry && total.is_some_and(|total| total >= LARGE);
            small |= !dimensions.is_empty() && total == Some(1);
        }
        let vector = dimensions.len() == 1
            && !matches!(name, "tensor" | "as_tensor" | "arange")
            && matches!(dimensions[0], Value::Number(_));
        let zero = self.makes_inputs && name.contains("zeros");
        let memory =
            Memory { empty: work == Work::Empty, constant, vector, zero, single, ..Memory::default() };
        let made = self.tensor(memory, kind, from);
        if literal {
            self.literals.push((made.memory, range));
        }
        let fill = self.fill_of_draw(name, operands);
        self.holding(Value::Tensor(Tensor { small, ..made }), fill)
    }

    /// Computes with tensors, and tells so where that is certainly what the pair is about.
    pub(super) fn compute(
        &mut self,
        range: TextRange,
        work: Work,
        operands: &[Value<'a>],
        how: How<'a>,
    ) -> Value<'a> {
        let mut from = From::default();
        let (mut small, mut vector, mut constant, mut zero, mut known_float) =
            (true, true, true, true, false);
        let mut kind = None;
        let mut any = false;
        for operand in operands {
            for tensor in self.store.tensors(*operand) {
                any = true;
                from = from.with(self.store.from(tensor));
                small &= tensor.small;
                vector &= self.store.memory[tensor.memory as usize].vector;
                constant &= self.store.memory[tensor.memory as usize].constant;
                zero &= self.store.memory[tensor.memory as usize].zero;
                known_float |= tensor.kind.is_float();
                kind = Some(match kind {
                    None => tensor.kind,
                    Some(other) if other == tensor.kind => other,
                    Some(Kind::Float) => Kind::Float,
                    Some(Kind::Half) if tensor.kind == Kind::Float => Kind::Float,
                    Some(other) => {
                        if tensor.kind.is_float() {
                            tensor.kind
                        } else {
                            other
                        }
                    }
                });
            }
        }
        let unknown = operands.iter().any(|operand| matches!(operand, Value::Unknown));
        let data = from.has(From::INPUT.with(From::KERNEL));
        let numbers = known_float || self.integers_count && any;
        let by_kernel = from.has(From::KERNEL);
        let certain = match work {
            // A table of what the reference computes is the reference's result, looked up.
            Work::Heavy => data || !any && unknown || from.has(From::VARIED) && self.is_of_reference(how),
            Work::Math | Work::Arith => data && numbers && !small && !(by_kernel && vector),
            Work::Reduce if by_kernel => numbers && !small && !self.kernels_reduce(),
            Work::Reduce => data && numbers && !small,
            Work::Order => data && numbers && !small && !by_kernel && self.is_of_reference(how),
            _ => false,
        };
        if certain {
            self.tell(range, What::Compute { how });
        }
        if !any && !matches!(work, Work::Heavy) {
            return Value::Unknown;
        }
        let result = match work {
            Work::Heavy | Work::Math | Work::Arith | Work::Reduce | Work::Order if data => {
                from.with(From::TORCH)
            }
            _ => from,
        };
        let kind = match work {
            Work::Index => match how {
                How::Operator(_) => kind.unwrap_or(Kind::Unknown),
                _ if kind == Some(Kind::Bool) => Kind::Bool,
                _ => Kind::Int,
            },
            _ => kind.unwrap_or(Kind::Unknown),
        };
        let memory = Memory {
            vector: vector && any,
            copied: work == Work::Move,
            constant: any && constant && from == From::default(),
            zero: any && zero && work == Work::Move,
            ..Memory::default()
        };
        let made = self.tensor(memory, kind, result);
        Value::Tensor(Tensor { small: any && (small || work == Work::Reduce && by_kernel), ..made })
    }

    /// Whether the reference computes with the same operator.
    fn is_of_reference(&self, how: How<'a>) -> bool {
        let name = match how {
            How::Method(name) => Some(name),
            How::Function(path) => self.paths.text(path).rsplit('.').next(),
            How::Operator(_) => None,
        };
        name.and_then(operator).is_some_and(|(name, _)| self.reference.contains(name))
    }

    /// Whether some kernel that was launched may leave partial results of a reduction.
    fn kernels_reduce(&self) -> bool {
        self.trace
            .kernels
            .iter()
            .any(|kernel| kernel.reduces && (kernel.launched || kernel.lost || kernel.launched_elsewhere))
    }
}
