//! A chain of operations: what is known of the tensor so far, and the steps and arguments that were written for it.

mod drafting;
mod options;

pub(super) use drafting::docstring;
pub(super) use options::Options;

use super::input::{Draw, Input};
use super::sizes::{Choices, Cost, Kind};
use super::vocabulary::Found;

/// One operation of the vocabulary.
#[derive(Debug, Clone, Copy)]
pub(super) struct Operation {
    /// Its names.
    pub(super) names: &'static [&'static str],
    /// What it asks of the tensor that the chain begins with, where it does.
    pub(super) kind: Option<Kind>,
    /// What it costs.
    pub(super) cost: Cost,
    /// Whether it is exact enough where every step is rounded to 16 bits.
    pub(super) half: bool,
    /// Writes it.
    pub(super) apply: fn(&mut Chain) -> Result<(), Halt>,
}

/// Why a chain stops.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Halt {
    /// An operation is defined for positive numbers alone: begin anew with positive inputs.
    Positive,
    /// The numbers are too large for 16 bits: begin anew in float32.
    Float32,
    /// It does not fit.
    Misfit { name: String, needs: String },
}

/// A tensor of the chain: the variable that holds it, and its shape.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Value {
    pub(super) name: String,
    pub(super) shape: Vec<usize>,
}

/// The signs that the elements may have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Sign {
    Any,
    Nonnegative,
    Positive,
}

/// The steps so far.
#[derive(Debug)]
pub(super) struct Chain {
    pub(super) options: Options,
    pub(super) inputs: Vec<Input>,
    /// A variable and what is assigned to it.
    steps: Vec<(String, String)>,
    /// What each operation does, for the docstring.
    says: Vec<String>,
    current: Option<Value>,
    /// The tensor that a statistic was taken of, or the second half: what the next operation of two operands takes.
    pub(super) held: Option<Value>,
    /// Weights made by an earlier step, for the next product.
    pub(super) operand: Option<Value>,
    /// The smallest and the largest of each row.
    pub(super) range: Option<(Value, Value)>,
    /// The tensor before the last step, where that step was a square.
    pub(super) before_square: Option<Value>,
    /// Results beside the last one.
    pub(super) beside: Vec<String>,
    pub(super) sign: Sign,
    /// Whether values may be far above 1, so that an exponential may overflow.
    pub(super) large: bool,
    /// Whether the current tensor holds indices.
    pub(super) indices: bool,
    pub(super) dtype: &'static str,
    /// The operation at work.
    name: String,
}

impl Chain {
    pub(super) fn new(options: Options) -> Self {
        let dtypes = if options.cost == Cost::Traffic {
            ["float32", "float32", "float16", "bfloat16"]
        } else {
            ["float16", "float16", "bfloat16", "float32"]
        };
        let dtype =
            options.choices.pick(4, &dtypes).copied().filter(|_| !options.float32).unwrap_or("float32");
        Self {
            sign: if options.positive { Sign::Positive } else { Sign::Any },
            options,
            inputs: Vec::new(),
            steps: Vec::new(),
            says: Vec::new(),
            current: None,
            held: None,
            operand: None,
            range: None,
            before_square: None,
            beside: Vec::new(),
            large: false,
            indices: false,
            dtype,
            name: String::new(),
        }
    }

    /// Writes all operations.
    pub(super) fn run(&mut self, found: &[Found]) -> Result<(), Halt> {
        for one in found {
            self.name.clone_from(&one.name);
            (one.operation.apply)(self)?;
        }
        Ok(())
    }

    /// That the operation at work does not fit.
    pub(super) fn misfit(&self, needs: &str) -> Halt {
        Halt::Misfit { name: self.name.clone(), needs: needs.to_owned() }
    }

    // What there is.

    pub(super) fn begun(&self) -> bool {
        self.current.is_some()
    }

    /// The tensor so far; the chain's first argument where nothing was done yet.
    pub(super) fn x(&mut self) -> Value {
        if let Some(value) = &self.current {
            return value.clone();
        }
        let shape = self.first_shape();
        let draw = match &self.options.centred {
            _ if self.options.positive => Draw::Positive,
            Some(along) => Draw::Around(along.clone()),
            None => Draw::Normal,
        };
        self.open("x", shape, draw)
    }

    /// The shape of the chain's first argument.
    pub(super) fn first_shape(&self) -> Vec<usize> {
        self.options.choices.shape(self.options.kind, self.options.cost)
    }

    pub(super) fn choices(&self) -> &Choices {
        &self.options.choices
    }

    /// The chain's first argument, made by an operation that wants it to be a certain one.
    pub(super) fn open(&mut self, name: &str, shape: Vec<usize>, draw: Draw) -> Value {
        let value = self.input(name, shape, draw);
        self.current = Some(value.clone());
        value
    }

    /// One more argument.
    pub(super) fn input(&mut self, name: &str, shape: Vec<usize>, draw: Draw) -> Value {
        let dtype = self.dtype;
        self.input_of(name, shape, draw, dtype)
    }

    /// One more argument, of a dtype of its own.
    pub(super) fn input_of(
        &mut self,
        name: &str,
        shape: Vec<usize>,
        draw: Draw,
        dtype: &'static str,
    ) -> Value {
        let name = self.fresh(name);
        self.inputs.push(Input { name: name.clone(), shape: shape.clone(), draw, dtype });
        Value { name, shape }
    }

    /// A second operand of the tensor's own shape: positive where the whole chain is.
    pub(super) fn second(&mut self, name: &str) -> Value {
        let shape = self.x().shape;
        let draw = if self.options.positive { Draw::Positive } else { Draw::Normal };
        self.input(name, shape, draw)
    }

    /// Whether the tensor is images, whose channels come second.
    pub(super) fn images(&mut self) -> bool {
        let length = self.x().shape.len();
        length == 4 && self.options.kind == Kind::Images
    }

    /// The dimension that rows run along: the last one, or the channels of images.
    pub(super) fn along(&mut self) -> i32 {
        if self.images() { 1 } else { -1 }
    }

    /// How many elements there are along that dimension.
    pub(super) fn length(&mut self) -> usize {
        let images = self.images();
        let shape = self.x().shape;
        if images { shape.get(1).copied().unwrap_or(1) } else { shape.last().copied().unwrap_or(1) }
    }

    /// The expression of a vector with a value for each column, or for each channel.
    pub(super) fn vector(&mut self, name: &str, draw: Draw) -> String {
        let shape = vec![self.length()];
        let value = self.input(name, shape, draw);
        if self.images() { format!("{}[:, None, None]", value.name) } else { value.name }
    }

    // What is written.

    fn fresh(&self, name: &str) -> String {
        let taken = |name: &str| {
            self.inputs.iter().any(|input| input.name == name)
                || self.steps.iter().any(|(known, _)| known.split(", ").any(|known| known == name))
        };
        if !taken(name) {
            return name.to_owned();
        }
        let mut number = 2;
        loop {
            let numbered = format!("{name}_{number}");
            if !taken(&numbered) {
                return numbered;
            }
            number += 1;
        }
    }

    /// Writes a step whose result is not the chain's tensor.
    pub(super) fn aside(&mut self, name: &str, expression: String, shape: Vec<usize>) -> Value {
        let name = self.fresh(name);
        self.steps.push((name.clone(), expression));
        Value { name, shape }
    }

    /// Writes a step: its result is the chain's tensor from here on.
    pub(super) fn step(&mut self, name: &str, expression: String, shape: Vec<usize>) {
        let value = self.aside(name, expression, shape);
        self.current = Some(value);
        self.before_square = None;
        self.indices = false;
    }

    /// Writes a step with two results of one shape; the first is the chain's tensor from here on.
    pub(super) fn twin_step(
        &mut self,
        first: &str,
        second: &str,
        expression: String,
        shape: Vec<usize>,
    ) -> (Value, Value) {
        let first = Value { name: self.fresh(first), shape: shape.clone() };
        let second = Value { name: self.fresh(second), shape };
        self.steps.push((format!("{}, {}", first.name, second.name), expression));
        self.current = Some(first.clone());
        self.before_square = None;
        self.indices = false;
        (first, second)
    }

    /// Says what the operation at work does.
    pub(super) fn say(&mut self, text: impl Into<String>) {
        self.says.push(text.into());
    }

    /// Writes a step of one operand, `{x}` in the expression, that keeps the shape.
    pub(super) fn unary(&mut self, name: &str, expression: &str, says: &str) {
        let x = self.x();
        self.say(says);
        self.step(name, expression.replace("{x}", &x.name), x.shape);
    }

    /// Takes a statistic of each row, `{x}` and `{dim}` in the expression, which the next operation of two operands
    /// combines with the row.
    pub(super) fn statistic(&mut self, name: &str, expression: &str, says: &str) {
        let x = self.x();
        let along = self.along();
        let mut shape = x.shape.clone();
        let place = if along == 1 { 1 } else { shape.len().saturating_sub(1) };
        if let Some(size) = shape.get_mut(place) {
            *size = 1;
        }
        // A root mean square is taken to divide the numbers themselves, not their squares.
        let held = self.before_square.take().unwrap_or_else(|| x.clone());
        self.say(says);
        self.step(name, expression.replace("{x}", &x.name).replace("{dim}", &along.to_string()), shape);
        self.held = Some(held);
    }

    // What is required.

    /// Requires positive numbers; where the operations before do not give any, one more step does.
    pub(super) fn require(&mut self, sign: Sign) -> Result<(), Halt> {
        self.x();
        if self.sign >= sign {
            return Ok(());
        }
        if !self.options.positive {
            return Err(Halt::Positive);
        }
        let (expression, says) = if sign == Sign::Positive {
            ("{x}.abs() + 0.5", "the absolute value plus 0.5, which is positive")
        } else {
            ("{x}.abs()", "the absolute value, which is not negative")
        };
        self.unary("magnitude", expression, says);
        self.sign = sign;
        Ok(())
    }

    /// Requires numbers whose exponential is finite.
    pub(super) fn require_calm(&mut self) {
        self.x();
        if self.large {
            self.unary(
                "limited",
                "{x}.clamp(max=10.0)",
                "limit to at most 10, so that the exponential is finite",
            );
            self.large = false;
        }
    }

    /// Requires float32, as what is multiplied up would overflow 16 bits.
    pub(super) fn require_float32(&self) -> Result<(), Halt> {
        if self.dtype == "float32" { Ok(()) } else { Err(Halt::Float32) }
    }
}
