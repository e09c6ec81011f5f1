//! What the values in a kernel are made of, whatever the order in which statements run.

use ruff_python_ast::{self as ast, Expr, Number, Operator};
use ruff_text_size::{Ranged, TextSize};
use rustc_hash::{FxBuildHasher, FxHashMap};

use super::Device;
use super::kernel::{Assigned, Kernel, argument, spreads};

/// What a value is made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Taint {
    flags: u16,
    /// Loads whose lanes outside of their masks reach the value, by their place among the kernel's loads: those that fall
    /// out along the first axis, and those along the second.
    pub(crate) loads: [u64; 2],
    /// The parameters over whose range, `tl.arange(0, P)`, it runs, by their place.
    pub(crate) ranges: u64,
}

impl Taint {
    /// `tl.program_id`.
    pub(crate) const PROGRAM: u16 = 1;
    /// `tl.arange`.
    pub(crate) const RANGE: u16 = 1 << 1;
    /// Kept in bounds by a remainder, a minimum, a choice.
    pub(crate) const BOUNDED: u16 = 1 << 2;
    /// 64 bits wide.
    pub(crate) const WIDE: u16 = 1 << 3;
    /// A block pointer or a descriptor.
    pub(crate) const BLOCK_POINTER: u16 = 1 << 4;
    /// Cast to float32.
    pub(crate) const FLOAT32: u16 = 1 << 5;
    /// Cast to a type that is no float32.
    pub(crate) const OTHER_TYPE: u16 = 1 << 6;
    /// Loaded from memory.
    pub(crate) const LOADED: u16 = 1 << 7;
    /// Made by something that is not followed.
    pub(crate) const STRANGE: u16 = 1 << 8;

    pub(crate) fn has(self, flag: u16) -> bool {
        self.flags & flag != 0
    }

    fn flag(flags: u16) -> Self {
        Self { flags, ..Self::default() }
    }

    fn with(mut self, flag: u16) -> Self {
        self.flags |= flag;
        self
    }

    fn join(self, other: Self) -> Self {
        Self {
            flags: self.flags | other.flags,
            loads: [self.loads[0] | other.loads[0], self.loads[1] | other.loads[1]],
            ranges: self.ranges | other.ranges,
        }
    }

    fn without_loads(self) -> Self {
        Self { loads: [0; 2], ..self }
    }
}

/// The values of one kernel.
#[derive(Debug)]
pub(crate) struct Taints<'d, 'a> {
    device: &'d Device<'a>,
    kernel: &'d Kernel<'a>,
    names: FxHashMap<&'a str, Taint>,
    /// The starts of the calls of `tl.load`, in text order.
    loads: Vec<TextSize>,
}

impl<'d, 'a> Taints<'d, 'a> {
    pub(crate) fn of(device: &'d Device<'a>, kernel: &'d Kernel<'a>) -> Self {
        let mut loads: Vec<_> = kernel.calls_of("load").map(|load| load.call.start()).collect();
        loads.sort_unstable();
        let names = FxHashMap::with_capacity_and_hasher(kernel.assigned.len(), FxBuildHasher);
        let mut taints = Self { device, kernel, names, loads };
        // Twice: a loop hands on what the end of its body makes.
        for _ in 0..2 {
            for (name, assigned) in &kernel.assigned {
                let made = match *assigned {
                    Assigned::Value { value, .. } => taints.value(value),
                    Assigned::Updated { statement } => {
                        taints.value(&statement.value).join(bounded_by(statement.op))
                    }
                    Assigned::Unpacked { value } => {
                        value.map_or(Taint::flag(Taint::STRANGE), |value| taints.value(value))
                    }
                    Assigned::Counted { call, .. } => {
                        let Expr::Call(call) = call else { continue };
                        let parts = call.arguments.args.iter().map(|one| taints.value(one));
                        parts.fold(Taint::default(), Taint::join).without_loads()
                    }
                };
                let known = taints.names.entry(name).or_default();
                *known = known.join(made);
            }
        }
        taints
    }

    /// The place of a load among the kernel's.
    pub(crate) fn place_of(&self, call: &ast::ExprCall) -> Option<usize> {
        self.loads.binary_search(&call.start()).ok().filter(|at| *at < 64)
    }

    /// What an expression is made of.
    pub(crate) fn value(&self, expression: &'a Expr) -> Taint {
        match expression {
            Expr::Name(name) => {
                let id = name.id.as_str();
                let known = self.names.get(id).copied().unwrap_or_default();
                let annotation = self.kernel.parameter(id).and_then(|parameter| parameter.annotation);
                if annotation.is_some_and(is_wide) { known.with(Taint::WIDE) } else { known }
            }
            Expr::BinOp(binary) => {
                let (mut left, mut right) = (self.value(&binary.left), self.value(&binary.right));
                // What is 0 outside of its mask makes the product 0 there.
                if binary.op == Operator::Mult {
                    if left.loads != [0; 2] && self.is_zeroed(&binary.right, 6) {
                        left = left.without_loads();
                    }
                    if right.loads != [0; 2] && self.is_zeroed(&binary.left, 6) {
                        right = right.without_loads();
                    }
                }
                left.join(right).join(bounded_by(binary.op))
            }
            Expr::UnaryOp(unary) => self.value(&unary.operand),
            Expr::Compare(compare) => compare
                .comparators
                .iter()
                .fold(self.value(&compare.left), |all, one| all.join(self.value(one))),
            Expr::BoolOp(ast::ExprBoolOp { values, .. })
            | Expr::Tuple(ast::ExprTuple { elts: values, .. })
            | Expr::List(ast::ExprList { elts: values, .. }) => self.all(values),
            Expr::If(choice) => self.value(&choice.body).join(self.value(&choice.orelse)),
            Expr::Subscript(subscript) => {
                let of = self.value(&subscript.value);
                match &*subscript.slice {
                    Expr::Tuple(tuple) => match &tuple.elts[..] {
                        [Expr::Slice(_), Expr::NoneLiteral(_) | Expr::Slice(_)] => of,
                        [Expr::NoneLiteral(_), Expr::Slice(_)] => Taint { loads: [0, of.loads[0]], ..of },
                        _ => of.without_loads(),
                    },
                    _ => of,
                }
            }
            Expr::Attribute(attribute) if self.device.modules.member(expression).is_none() => {
                self.value(&attribute.value).without_loads()
            }
            Expr::Call(call) => self.call(call),
            _ => Taint::default(),
        }
    }

    /// Whether a value is 0 wherever its mask is false.
    fn is_zeroed(&self, value: &'a Expr, depth: u8) -> bool {
        let Some(depth) = depth.checked_sub(1) else { return false };
        let of = |one| self.is_zeroed(one, depth);
        let is_zero = |one: &Expr| match one {
            Expr::NumberLiteral(number) => match &number.value {
                Number::Int(integer) => integer.as_u8() == Some(0),
                Number::Float(float) => *float == 0.0,
                Number::Complex { .. } => false,
            },
            _ => false,
        };
        match value {
            Expr::Name(name) => {
                let mut given = self.kernel.given(name.id.as_str()).peekable();
                given.peek().is_some()
                    && given.all(|assigned| match *assigned {
                        Assigned::Value { value, .. } => of(value),
                        Assigned::Updated { statement } => {
                            statement.op == Operator::Mult || of(&statement.value)
                        }
                        _ => false,
                    })
            }
            Expr::BinOp(binary) => match binary.op {
                Operator::Mult => of(&binary.left) || of(&binary.right),
                Operator::Add | Operator::Sub => of(&binary.left) && of(&binary.right),
                _ => false,
            },
            Expr::UnaryOp(unary) => of(&unary.operand),
            Expr::Subscript(subscript) => of(&subscript.value),
            Expr::Call(call) => match self.device.modules.language(&call.func) {
                Some("load") => argument(call, 2, "other").is_some_and(is_zero),
                Some("where") => argument(call, 2, "y").is_some_and(is_zero),
                Some(_) => false,
                None => {
                    matches!(&*call.func, Expr::Attribute(attribute) if attribute.attr.id == "to" && of(&attribute.value))
                }
            },
            _ => false,
        }
    }

    fn all(&self, values: &'a [Expr]) -> Taint {
        values.iter().fold(Taint::default(), |all, one| all.join(self.value(one)))
    }

    fn arguments(&self, call: &'a ast::ExprCall) -> Taint {
        let keywords = call.arguments.keywords.iter().map(|keyword| self.value(&keyword.value));
        keywords.fold(self.all(&call.arguments.args), Taint::join)
    }

    fn call(&self, call: &'a ast::ExprCall) -> Taint {
        let Some(language) = self.device.modules.language(&call.func) else {
            return self.other_call(call);
        };
        match language {
            "program_id" | "num_programs" => Taint::flag(Taint::PROGRAM),
            "arange" => {
                let mut taint = Taint::flag(Taint::RANGE);
                if let Some(place) = argument(call, 1, "end").and_then(|end| self.parameter_of(end)) {
                    taint.ranges = 1 << place;
                }
                taint
            }
            "load" => {
                // An index that was loaded has the bounds of what it indexes, as far as anybody knows.
                let mut taint = Taint::flag(Taint::LOADED | Taint::BOUNDED);
                if let (Some(at), Some(mask)) = (self.place_of(call), bare_mask(call)) {
                    let axes = self.axes_within(mask, 10);
                    // A block of one axis has the first alone.
                    taint.loads = [u64::from(axes & 1) << at, u64::from(axes != 0xff && axes & 2 != 0) << at];
                }
                taint
            }
            // Lanes outside are replaced.
            "where" => self.arguments(call).without_loads().with(Taint::BOUNDED),
            "minimum" | "clamp" => self.arguments(call).with(Taint::BOUNDED),
            "trans" | "permute" | "reshape" | "view" | "ravel" | "join" | "split" | "interleave"
            | "gather" | "flip" | "cat" => self.arguments(call).without_loads().with(Taint::STRANGE),
            "sum" | "max" | "min" | "argmax" | "argmin" | "reduce" | "xor_sum" | "sort" | "softmax"
            | "histogram" | "topk" => Taint { ranges: 0, ..self.arguments(call).without_loads() },
            // A scan leaves what lies outside where it is, or behind it.
            "cumsum" | "cumprod" | "associative_scan" => Taint { ranges: 0, ..self.arguments(call) },
            "dot" | "dot_scaled" => Taint::flag(Taint::FLOAT32),
            "make_block_ptr" | "advance" | "make_tensor_descriptor" => Taint::flag(Taint::BLOCK_POINTER),
            "cast" => {
                let value = argument(call, 0, "input").map(|one| self.value(one)).unwrap_or_default();
                self.cast(value, argument(call, 1, "dtype"))
            }
            "zeros" => self.cast(Taint::default(), argument(call, 1, "dtype")),
            "full" => self.cast(Taint::default(), argument(call, 2, "dtype")),
            _ => self.arguments(call),
        }
    }

    /// The constexpr parameter that a bound is, `B: tl.constexpr = BLOCK` followed.
    fn parameter_of(&self, bound: &'a Expr) -> Option<usize> {
        let Expr::Name(name) = bound else { return None };
        let mut id = name.id.as_str();
        if let Some(Expr::Name(value)) = self.kernel.value(id) {
            id = value.id.as_str();
        }
        self.kernel.parameters.iter().position(|one| one.name == id).filter(|at| *at < 64)
    }

    fn other_call(&self, call: &'a ast::ExprCall) -> Taint {
        let Expr::Attribute(attribute) = &*call.func else {
            // A helper under `triton.jit`, or one of Python's.
            return match &*call.func {
                Expr::Name(name) if matches!(name.id.as_str(), "min" | "max") => {
                    self.arguments(call).with(Taint::BOUNDED)
                }
                _ => self.arguments(call).without_loads().with(Taint::STRANGE | Taint::BOUNDED),
            };
        };
        if self.device.modules.member(&call.func).is_some() {
            return self.arguments(call);
        }
        let of = self.value(&attribute.value);
        match attribute.attr.id.as_str() {
            "to" | "cast" => self.cast(of, argument(call, 0, "dtype")),
            "sum" | "max" | "min" | "argmax" | "argmin" | "reduce" | "cumsum" => of.without_loads(),
            "load" => Taint::flag(Taint::LOADED | Taint::BOUNDED),
            "trans" | "reshape" | "permute" | "view" => of.without_loads().with(Taint::STRANGE),
            _ => of.join(self.arguments(call)),
        }
    }

    fn cast(&self, mut taint: Taint, to: Option<&'a Expr>) -> Taint {
        taint.flags &= !(Taint::FLOAT32 | Taint::OTHER_TYPE);
        match to.and_then(|to| self.device.modules.language(to)) {
            Some("float32") => taint.with(Taint::FLOAT32),
            Some("int64" | "uint64") => taint.with(Taint::WIDE | Taint::OTHER_TYPE),
            _ => taint.with(Taint::OTHER_TYPE),
        }
    }

    /// Along which axes a mask lets lanes fall out: bit 0 for the first, bit 1 for the second, all bits for a block of
    /// one axis.
    fn axes_within(&self, mask: &'a Expr, depth: u8) -> u8 {
        let Some(depth) = depth.checked_sub(1) else { return 0 };
        let of = |expression| self.axes_within(expression, depth);
        match mask {
            Expr::Name(name) => {
                let given = self.kernel.given(name.id.as_str()).map(|assigned| match *assigned {
                    Assigned::Value { value, .. } => of(value),
                    Assigned::Updated { statement } => of(&statement.value),
                    _ => 0,
                });
                given.fold(0, |all, one| all | one)
            }
            Expr::BinOp(binary) => of(&binary.left) | of(&binary.right),
            Expr::UnaryOp(unary) => of(&unary.operand),
            Expr::BoolOp(both) => both.values.iter().fold(0, |all, one| all | of(one)),
            Expr::Compare(compare) => {
                compare.comparators.iter().fold(of(&compare.left), |all, one| all | of(one))
            }
            Expr::Subscript(subscript) => match (of(&subscript.value), &*subscript.slice) {
                (0, _) => 0,
                (_, Expr::Tuple(tuple)) => {
                    let kept = tuple.iter().enumerate().filter(|(_, one)| one.is_slice_expr());
                    kept.fold(0, |all, (at, _)| all | 1 << at.min(7))
                }
                (inside, _) => inside,
            },
            Expr::Call(call) => match self.device.modules.language(&call.func) {
                Some("arange") => 0xff,
                Some("expand_dims") if argument(call, 0, "input").map_or(0, of) != 0 => {
                    match argument(call, 1, "axis") {
                        Some(Expr::NumberLiteral(ast::ExprNumberLiteral {
                            value: Number::Int(axis),
                            ..
                        })) => match axis.as_u8() {
                            Some(0) => 2,
                            Some(1) => 1,
                            _ => 0,
                        },
                        _ => 0,
                    }
                }
                Some("load" | "expand_dims") => 0,
                Some(_) => call.arguments.args.iter().fold(0, |all, one| all | of(one)),
                None => match &*call.func {
                    Expr::Attribute(attribute) => of(&attribute.value),
                    _ => 0,
                },
            },
            _ => 0,
        }
    }
}

/// The mask of a load that gives nothing for what lies outside of it.
fn bare_mask(load: &ast::ExprCall) -> Option<&Expr> {
    let other = argument(load, 2, "other");
    if spreads(load) || other.is_some_and(|other| !other.is_none_literal_expr()) {
        return None;
    }
    argument(load, 1, "mask")
}

fn bounded_by(operator: Operator) -> Taint {
    match operator {
        Operator::Mod | Operator::BitAnd => Taint::flag(Taint::BOUNDED),
        _ => Taint::default(),
    }
}

fn is_wide(annotation: &Expr) -> bool {
    match annotation {
        Expr::StringLiteral(text) => text.value.to_str().contains("64"),
        Expr::Attribute(attribute) => attribute.attr.id.contains("int64"),
        _ => false,
    }
}
