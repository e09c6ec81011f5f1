//! What an expression may stand for, as far as the text tells.

use super::paths::Path;

/// What an expression stands for. Small, so that it can be handed around; what is larger lies in the [`Store`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Value<'a> {
    Unknown,
    Nothing,
    Flag(bool),
    /// A number, a size, a stride.
    Number(Option<i64>),
    /// The number 0.0.
    Zero,
    /// The number that stands for one object: `id(x)`, `x.data_ptr()`.
    Identity,
    /// A string, by its place in the store.
    Text(u32),
    /// A string that is not known, or bytes.
    AnyText,
    /// The sizes or strides of a tensor.
    Sizes,
    /// A dtype or another name of a library.
    Path(Path),
    /// What a call of a library's name gives.
    Made(Path),
    /// Something of a module or class whose name is made at run time.
    Opaque(Path),
    Tensor(Tensor),
    /// By its place in the walk's functions.
    Function(u32),
    Class(u32),
    Instance(u32),
    Kernel(u32),
    /// A kernel with its grid.
    Launcher(u32),
    /// `functools.partial(function, …)`, by its place in the walk's partials.
    Partial(u32),
    /// `operator.methodcaller(name)`.
    Caller(&'a str),
    /// An attribute of something, by its place in the store.
    Method(u32),
    /// Several values together, by their place in the store.
    Many(u32),
    /// One of several values, by their place in the store.
    Either(u32),
}

/// A tensor, as far as it is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Tensor {
    /// Its memory.
    pub(crate) memory: u32,
    pub(crate) kind: Kind,
    pub(crate) from: From,
    /// Few elements: the outcome of a reduction, or a single number.
    pub(crate) small: bool,
    /// Several tensors, of which each counts: what `chunk` and `split` give.
    pub(crate) several: bool,
    pub(crate) extent: Extent,
}

/// How much of its memory a tensor is; followed where the inputs are made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Extent {
    Whole,
    /// All of it, in another shape or order.
    Rearranged,
    Part,
}

/// The dtype of a tensor, as far as it matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Unknown,
    Float,
    Half,
    Int,
    Bool,
}

impl Kind {
    /// Whether it holds numbers that a pair is about, rather than indices or flags.
    pub(crate) fn is_float(self) -> bool {
        matches!(self, Self::Float | Self::Half)
    }

    /// The dtype of a torch name, `float16`.
    pub(crate) fn of_dtype(name: &str) -> Option<Self> {
        Some(match name {
            "float" | "float32" | "double" | "float64" | "complex64" | "complex128" => Self::Float,
            "half" | "float16" | "bfloat16" => Self::Half,
            name if name.starts_with("float8") => Self::Half,
            "int" | "int8" | "int16" | "int32" | "int64" | "long" | "short" | "char" | "byte" | "uint8"
            | "uint16" | "uint32" | "uint64" => Self::Int,
            "bool" => Self::Bool,
            _ => return None,
        })
    }
}

/// What the contents of a tensor were made from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct From(pub(crate) u8);

impl From {
    /// An argument of the wrapper.
    pub(crate) const INPUT: Self = Self(1);
    /// The memory that a kernel wrote.
    pub(crate) const KERNEL: Self = Self(2);
    /// The random generator.
    pub(crate) const RANDOM: Self = Self(4);
    /// Computed by torch.
    pub(crate) const TORCH: Self = Self(8);
    /// Different numbers, though no generator drew them: `arange`.
    pub(crate) const VARIED: Self = Self(16);

    /// Memory that all calls share, after a kernel wrote it.
    pub(crate) const SHARED: Self = Self(32);

    pub(crate) fn with(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    pub(crate) fn has(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }
}

/// One block of memory.
#[derive(Debug, Clone, Copy, Default)]
#[allow(clippy::struct_excessive_bools, reason = "facts that hold or not, independent of each other")]
pub(crate) struct Memory {
    /// A kernel wrote it.
    pub(crate) by_kernel: bool,
    /// A kernel read it.
    pub(crate) by_reader: bool,
    /// Torch wrote it after it was made.
    pub(crate) by_torch: bool,
    /// It went where it cannot be followed.
    pub(crate) lost: bool,
    /// It is `torch.empty` and its like.
    pub(crate) empty: bool,
    /// Made without any input: `torch.full`, `torch.zeros`.
    pub(crate) constant: bool,
    /// All of it was overwritten with one number; followed where the inputs are made.
    pub(crate) filled: bool,
    /// It holds zeros alone; followed where the inputs are made.
    pub(crate) zero: bool,
    /// It has one element, however that was made; followed where the inputs are made.
    pub(crate) single: bool,
    /// It was made when the block was loaded, and so is shared by all calls.
    pub(crate) shared: bool,
    /// It holds what was moved there from other memory, and nothing else that is known.
    pub(crate) copied: bool,
    /// It has one dimension.
    pub(crate) vector: bool,
    /// What was written into it later.
    pub(crate) from: From,
}

/// The elements of a tuple, a list, a set or a dictionary.
#[derive(Debug, Clone, Default)]
pub(crate) struct Many<'a> {
    /// The elements, of a dictionary with their keys.
    pub(crate) items: Vec<(Value<'a>, Value<'a>)>,
    /// Other elements may be there too.
    pub(crate) open: bool,
    /// It was made when the block was loaded, and so is shared by all calls.
    pub(crate) shared: bool,
}

/// What is too large for a [`Value`].
#[derive(Debug, Default)]
pub(crate) struct Store<'a> {
    pub(crate) texts: Vec<std::borrow::Cow<'a, str>>,
    pub(crate) methods: Vec<(Value<'a>, &'a str)>,
    pub(crate) many: Vec<Many<'a>>,
    pub(crate) either: Vec<Vec<Value<'a>>>,
    pub(crate) memory: Vec<Memory>,
}

/// The place of the last element of a list.
pub(crate) fn last<T>(list: &[T]) -> u32 {
    u32::try_from(list.len().saturating_sub(1)).unwrap_or(u32::MAX)
}

impl<'a> Store<'a> {
    pub(crate) fn text(&mut self, text: impl Into<std::borrow::Cow<'a, str>>) -> Value<'a> {
        self.texts.push(text.into());
        Value::Text(last(&self.texts))
    }

    /// The string that a value is known to be.
    pub(crate) fn text_of(&self, value: Value<'a>) -> Option<&str> {
        match value {
            Value::Text(at) => self.texts.get(at as usize).map(AsRef::as_ref),
            _ => None,
        }
    }

    pub(crate) fn method(&mut self, of: Value<'a>, name: &'a str) -> Value<'a> {
        self.methods.push((of, name));
        Value::Method(last(&self.methods))
    }

    pub(crate) fn many(&mut self, many: Many<'a>) -> Value<'a> {
        self.many.push(many);
        Value::Many(last(&self.many))
    }

    pub(crate) fn memory(&mut self, memory: Memory) -> u32 {
        self.memory.push(memory);
        last(&self.memory)
    }

    /// What a tensor's contents were made from, by now.
    pub(crate) fn from(&self, tensor: Tensor) -> From {
        match self.memory.get(tensor.memory as usize) {
            Some(memory) if memory.filled => memory.from,
            Some(memory) if memory.by_kernel && memory.shared => {
                tensor.from.with(memory.from).with(From::KERNEL).with(From::SHARED)
            }
            Some(memory) if memory.by_kernel => tensor.from.with(memory.from).with(From::KERNEL),
            Some(memory) => tensor.from.with(memory.from),
            None => tensor.from,
        }
    }

    /// One of two values.
    pub(crate) fn join(&mut self, one: Value<'a>, other: Value<'a>) -> Value<'a> {
        const MOST: usize = 12;
        if one == other {
            return one;
        }
        if let (Value::Number(_) | Value::Zero, Value::Number(_) | Value::Zero) = (one, other) {
            return Value::Number(None);
        }
        let mut values: Vec<Value<'a>> = Vec::with_capacity(4);
        for value in [one, other] {
            match value {
                Value::Either(at) => {
                    for value in &self.either[at as usize] {
                        if !values.contains(value) {
                            values.push(*value);
                        }
                    }
                }
                _ if values.contains(&value) => {}
                _ => values.push(value),
            }
        }
        if values.len() > MOST {
            return Value::Unknown;
        }
        self.either.push(values);
        Value::Either(last(&self.either))
    }

    /// Visits all that a value may be, or hold; `false` from the visitor ends it.
    pub(crate) fn each(&self, value: Value<'a>, visit: &mut dyn FnMut(Value<'a>)) {
        self.each_within(value, 6, visit);
    }

    fn each_within(&self, value: Value<'a>, depth: u8, visit: &mut dyn FnMut(Value<'a>)) {
        let Some(depth) = depth.checked_sub(1) else { return visit(Value::Unknown) };
        match value {
            Value::Either(at) => {
                for value in &self.either[at as usize] {
                    self.each_within(*value, depth, visit);
                }
            }
            Value::Many(at) => {
                let many = &self.many[at as usize];
                for (_, value) in many.items.iter().take(64) {
                    self.each_within(*value, depth, visit);
                }
                if many.open {
                    visit(Value::Unknown);
                }
            }
            _ => visit(value),
        }
    }

    /// The tensors that a value may be, or hold.
    pub(crate) fn tensors(&self, value: Value<'a>) -> Vec<Tensor> {
        let mut tensors = Vec::new();
        match value {
            Value::Tensor(tensor) => tensors.push(tensor),
            Value::Either(_) | Value::Many(_) => self.each(value, &mut |value| {
                if let Value::Tensor(tensor) = value {
                    tensors.push(tensor);
                }
            }),
            _ => {}
        }
        tensors
    }
}
