//! What Triton knows while it compiles a kernel, and the integers among it.

use ruff_python_ast::{self as ast, Expr, Number, Operator, UnaryOp};
use ruff_text_size::{Ranged, TextRange};
use rustc_hash::{FxBuildHasher, FxHashMap};

use super::Device;
use super::kernel::{Assigned, Kernel};

/// Whether an expression is known when a kernel is compiled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Constness {
    /// It is.
    Constant,
    /// It is not: a plain parameter of a launched kernel.
    Parameter(TextRange),
    /// It is not: a name that is assigned without `tl.constexpr`, which makes a tensor of any number. The range is the
    /// name where it is assigned.
    Local(TextRange),
    /// It is not, for another reason: it is computed or loaded while the kernel runs.
    Computed,
    /// Nobody can tell.
    Unknown,
}

impl<'a> Device<'a> {
    /// Whether an expression in a kernel is known when that is compiled.
    pub(crate) fn constness(&self, kernel: &Kernel<'a>, expression: &'a Expr) -> Constness {
        self.constness_within(kernel, expression, 12)
    }

    fn constness_within(&self, kernel: &Kernel<'a>, expression: &'a Expr, depth: u8) -> Constness {
        use Constness::{Computed, Constant, Unknown};
        let Some(depth) = depth.checked_sub(1) else { return Unknown };
        let of = |expression| self.constness_within(kernel, expression, depth);
        let all = |parts: &mut dyn Iterator<Item = &'a Expr>| {
            let mut result = Constant;
            for part in parts {
                match of(part) {
                    Constant => {}
                    Unknown => result = Unknown,
                    runtime => return runtime,
                }
            }
            result
        };
        match expression {
            Expr::NumberLiteral(_)
            | Expr::BooleanLiteral(_)
            | Expr::NoneLiteral(_)
            | Expr::StringLiteral(_) => Constant,
            Expr::Name(name) => self.constness_of_name(kernel, name),
            Expr::BinOp(binary) => all(&mut [&*binary.left, &*binary.right].into_iter()),
            Expr::UnaryOp(unary) => of(&unary.operand),
            Expr::Compare(compare) => {
                all(&mut std::iter::once(&*compare.left).chain(compare.comparators.iter()))
            }
            Expr::If(choice) => match of(&choice.test) {
                Constant => all(&mut [&*choice.body, &*choice.orelse].into_iter()),
                other => other,
            },
            Expr::Call(call) if self.modules.language(&call.func).is_some_and(is_computed) => Computed,
            // `int(n)`, `min(n, 64)`: a constant stays one, what is not does too.
            Expr::Call(call)
                if call.arguments.keywords.is_empty()
                    && matches!(&*call.func, Expr::Name(name) if matches!(name.id.as_str(), "int" | "min" | "max")) =>
            {
                match all(&mut call.arguments.args.iter()) {
                    Constant => Unknown,
                    other => other,
                }
            }
            // `tl.load(p).to(tl.int32)`.
            Expr::Call(call)
                if matches!(&*call.func, Expr::Attribute(method) if method.attr == *"to"
                    && of(&method.value) == Computed) =>
            {
                Computed
            }
            // They keep a constant what it is, and anything else too.
            Expr::Call(call)
                if call.arguments.keywords.is_empty()
                    && ["cdiv", "next_power_of_2"]
                        .iter()
                        .any(|name| self.modules.is_triton(&call.func, name)) =>
            {
                match all(&mut call.arguments.args.iter()) {
                    Constant => Unknown,
                    other => other,
                }
            }
            _ => Unknown,
        }
    }

    fn constness_of_name(&self, kernel: &Kernel<'a>, name: &'a ast::ExprName) -> Constness {
        let id = name.id.as_str();
        let mut given = kernel.given(id).peekable();
        if let Some(parameter) = kernel.parameter(id) {
            if given.peek().is_some() {
                return Constness::Unknown;
            }
            if parameter.constexpr {
                return Constness::Constant;
            }
            // What another kernel hands over may be a constant.
            let certain = kernel.launched && !self.is_called(kernel) && parameter.annotation.is_none();
            return if certain { Constness::Parameter(parameter.range) } else { Constness::Unknown };
        }
        // A global that is no constant is a fault of its own.
        let mut result = Constness::Unknown;
        for assigned in given {
            result = match *assigned {
                Assigned::Value { constexpr: true, .. } | Assigned::Counted { fixed: true, .. } => {
                    return Constness::Constant;
                }
                Assigned::Value { value, range, .. } => match value {
                    Expr::Call(call) => match self.modules.language(&call.func) {
                        Some(function) if is_computed(function) => Constness::Computed,
                        _ if ["next_power_of_2", "cdiv", "constexpr"]
                            .iter()
                            .any(|name| self.modules.is_triton(&call.func, name)) =>
                        {
                            Constness::Local(range)
                        }
                        _ => return Constness::Unknown,
                    },
                    // Another name of a parameter.
                    Expr::Name(_)
                        if matches!(self.constness_within(kernel, value, 3), Constness::Parameter(_)) =>
                    {
                        Constness::Computed
                    }
                    // A number, or arithmetic with numbers: it is made a tensor when it is assigned.
                    _ if self.is_numeric(kernel, value, 6) => Constness::Local(range),
                    _ => return Constness::Unknown,
                },
                Assigned::Counted { fixed: false, .. } => Constness::Computed,
                Assigned::Updated { .. } | Assigned::Unpacked { .. } => return Constness::Unknown,
            };
        }
        result
    }

    /// Whether another kernel calls this one.
    fn is_called(&self, kernel: &Kernel<'a>) -> bool {
        self.kernels.iter().flat_map(|other| &other.calls).any(
            |call| matches!(&*call.call.func, Expr::Name(function) if function.id.as_str() == kernel.name),
        )
    }

    /// Whether a value is a number for certain, and not a type, a tuple or `None`.
    fn is_numeric(&self, kernel: &Kernel<'a>, value: &'a Expr, depth: u8) -> bool {
        let Some(depth) = depth.checked_sub(1) else { return false };
        match value {
            Expr::NumberLiteral(_) => true,
            Expr::UnaryOp(unary) => self.is_numeric(kernel, &unary.operand, depth),
            Expr::BinOp(binary) => {
                self.is_numeric(kernel, &binary.left, depth) || self.is_numeric(kernel, &binary.right, depth)
            }
            Expr::Name(name) => {
                let id = name.id.as_str();
                if kernel.binds(id) {
                    return kernel.value(id).is_some_and(|value| self.is_numeric(kernel, value, depth));
                }
                // A parameter may be a type; one that is a number at every launch is none.
                let at = self.kernels.iter().position(|other| std::ptr::eq(other, kernel));
                kernel.parameter(id).is_some()
                    && at.is_some_and(|at| {
                        let all = Integers::all(self, at);
                        !all.is_empty() && all.iter().all(|one| one.of(id).is_some())
                    })
            }
            _ => false,
        }
    }

    /// The integer that an expression of host code is, where it is written out.
    pub(crate) fn host_integer(
        &self,
        function: Option<usize>,
        expression: &'a Expr,
        depth: u8,
    ) -> Option<i64> {
        let depth = depth.checked_sub(1)?;
        let of = |expression| self.host_integer(function, expression, depth);
        match expression {
            Expr::Name(name) => {
                let id = name.id.as_str();
                if let Some(function) = function.map(|at| &self.host.functions[at])
                    && function.binds(id)
                {
                    return of(function.value(id)?);
                }
                let global = self.globals.get(id).filter(|global| global.once)?;
                self.host_integer(None, global.value, depth)
            }
            Expr::Call(call) => self.call_value(call, &of),
            _ => arithmetic(expression, &of),
        }
    }

    fn call_value(&self, call: &'a ast::ExprCall, of: &dyn Fn(&'a Expr) -> Option<i64>) -> Option<i64> {
        if !call.arguments.keywords.is_empty() {
            return None;
        }
        let name = match &*call.func {
            Expr::Name(name) if matches!(name.id.as_str(), "min" | "max" | "int") => name.id.as_str(),
            function => self
                .modules
                .member(function)
                .filter(|member| member.is_under("triton"))
                .map(|one| one.name)?,
        };
        let arguments: Vec<i64> = call.arguments.args.iter().map(of).collect::<Option<_>>()?;
        match (name, &arguments[..]) {
            ("next_power_of_2", [value]) => {
                u64::try_from(*value).ok()?.checked_next_power_of_two()?.try_into().ok()
            }
            ("cdiv", [value, by]) if *by > 0 => value.checked_add(by - 1)?.checked_div(*by),
            ("constexpr" | "int", [value]) => Some(*value),
            ("min", [_, _, ..]) => arguments.iter().min().copied(),
            ("max", [_, _, ..]) => arguments.iter().max().copied(),
            _ => None,
        }
    }
}

/// Whether a function of `triton.language` gives what is known only while the kernel runs.
fn is_computed(function: &str) -> bool {
    matches!(
        function,
        "program_id" | "num_programs" | "load" | "sum" | "arange" | "where" | "minimum" | "maximum"
    )
}

/// The integers that a kernel is compiled with, by one way to launch it.
#[derive(Debug)]
pub(crate) struct Integers<'d, 'a> {
    device: &'d Device<'a>,
    kernel: &'d Kernel<'a>,
    known: FxHashMap<&'a str, (i64, TextRange)>,
}

impl<'d, 'a> Integers<'d, 'a> {
    /// Every way in which a kernel is launched, as far as it is written out: each launch with each configuration.
    /// One way of which nothing is known where there is none.
    pub(crate) fn all(device: &'d Device<'a>, kernel: usize) -> Vec<Self> {
        let at = &device.kernels[kernel];
        let configs = at.tuning.as_ref().map_or(&[][..], |tuning| &tuning.configs[..]);
        let mut all = Vec::new();
        for launch in device.launches_of(kernel) {
            let mut known = FxHashMap::with_capacity_and_hasher(at.parameters.len(), FxBuildHasher);
            for parameter in &at.parameters {
                if let Some(value) = parameter.default
                    && let Some(number) = device.host_integer(None, value, 6)
                {
                    known.insert(parameter.name, (number, value.range()));
                }
            }
            for (name, value) in launch.bindings(at) {
                match device.host_integer(Some(launch.function), value, 6) {
                    Some(number) => known.insert(name, (number, value.range())),
                    None => known.remove(name),
                };
            }
            for config in configs {
                let mut known = known.clone();
                for (name, value, _) in &config.given {
                    if let Some(number) = device.host_integer(None, value, 6) {
                        known.insert(*name, (number, value.range()));
                    }
                }
                all.push(Self { device, kernel: at, known });
            }
            if configs.is_empty() {
                all.push(Self { device, kernel: at, known });
            }
        }
        if all.is_empty() {
            all.push(Self { device, kernel: at, known: FxHashMap::default() });
        }
        all
    }

    /// What a parameter is, where it is written out.
    pub(crate) fn of(&self, name: &str) -> Option<i64> {
        self.known.get(name).map(|(number, _)| *number)
    }

    /// Where the number of a parameter is written.
    pub(crate) fn place(&self, name: &str) -> Option<TextRange> {
        self.known.get(name).map(|(_, range)| *range)
    }

    /// The value of an expression in the kernel.
    pub(crate) fn value(&self, expression: &'a Expr) -> Option<i64> {
        self.value_within(expression, 12)
    }

    fn value_within(&self, expression: &'a Expr, depth: u8) -> Option<i64> {
        let depth = depth.checked_sub(1)?;
        let of = |expression| self.value_within(expression, depth);
        match expression {
            Expr::Name(name) => {
                let id = name.id.as_str();
                if self.kernel.binds(id) {
                    return of(self.kernel.value(id)?);
                }
                if self.kernel.parameter(id).is_some() {
                    return self.of(id);
                }
                let global = self.device.globals.get(id).filter(|global| global.once)?;
                self.device.host_integer(None, global.value, depth)
            }
            Expr::Call(call) => self.device.call_value(call, &of),
            _ => arithmetic(expression, &of),
        }
    }
}

fn arithmetic<'a>(expression: &'a Expr, of: &dyn Fn(&'a Expr) -> Option<i64>) -> Option<i64> {
    match expression {
        Expr::NumberLiteral(number) => match &number.value {
            Number::Int(integer) => integer.as_i64(),
            _ => None,
        },
        Expr::UnaryOp(unary) if unary.op == UnaryOp::USub => of(&unary.operand)?.checked_neg(),
        Expr::BinOp(binary) => {
            let (left, right) = (of(&binary.left)?, of(&binary.right)?);
            match binary.op {
                Operator::Add => left.checked_add(right),
                Operator::Sub => left.checked_sub(right),
                Operator::Mult => left.checked_mul(right),
                Operator::FloorDiv if right > 0 => Some(left.div_euclid(right)),
                Operator::Mod if right > 0 => Some(left.rem_euclid(right)),
                Operator::Pow => left.checked_pow(u32::try_from(right).ok()?),
                Operator::LShift => {
                    let by = u32::try_from(right).ok().filter(|by| *by < 32)?;
                    left.checked_mul(1 << by)
                }
                _ => None,
            }
        }
        _ => None,
    }
}
