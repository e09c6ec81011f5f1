//! Runs a block's statements with what their values may be.

use ruff_python_ast::{self as ast, Expr};
use ruff_text_size::TextRange;
use rustc_hash::{FxHashMap, FxHashSet};

use super::arguments::Arguments;
use super::kernel::Scan;
use super::paths::{Path, Paths};
use super::trace::{Arm, ArmKind, Event, Trace, What, When};
use super::value::{Store, Value, last};

/// The most expressions that are followed in one block.
const MOST_STEPS: u32 = 400_000;

/// The most elements that are followed where a container is made of others, and the most bytes of a text that is made of
/// others: `y + y` on forty lines would fill any memory.
pub(super) const MOST_ITEMS: usize = 1024;
pub(super) const LONGEST_TEXT: usize = 4096;

/// Names and what they stand for.
#[derive(Debug, Default)]
pub(super) struct Scope<'a> {
    pub(super) parent: u32,
    pub(super) names: FxHashMap<&'a str, Value<'a>>,
    /// Names that belong to another scope: `global`, `nonlocal`.
    pub(super) elsewhere: Vec<(&'a str, u32)>,
    pub(super) is_class: bool,
    /// Whether it outlives the call: it is the block's own, or was made when the block was loaded.
    pub(super) lasting: bool,
    /// The branch in which the scope begins: an assignment there happens for certain.
    pub(super) arm: u32,
}

/// A function or a lambda.
#[derive(Debug)]
pub(super) struct Function<'a> {
    pub(super) code: Code<'a>,
    /// The scope that it was made in.
    pub(super) scope: u32,
    /// Where a cache of its results is put around it.
    pub(super) cached: Option<TextRange>,
    pub(super) kernel: Option<u32>,
    pub(super) active: bool,
    /// Whether it is called where it is named.
    pub(super) is_property: bool,
    pub(super) runs: u8,
    pub(super) result: Value<'a>,
    pub(super) arguments: Vec<Value<'a>>,
    /// What its parameters are where a call leaves them out.
    pub(super) defaults: Vec<(&'a str, Value<'a>)>,
}

#[derive(Debug, Clone, Copy)]
pub(super) enum Code<'a> {
    Def(&'a ast::StmtFunctionDef),
    Lambda(&'a ast::ExprLambda),
}

#[derive(Debug)]
pub(super) struct Class<'a> {
    pub(super) scope: u32,
    pub(super) bases: Vec<Value<'a>>,
    /// What it is made of where it has no `__init__`, in order: the fields of a dataclass, of a named tuple.
    pub(super) fields: Vec<&'a str>,
    pub(super) metaclass: Option<u32>,
    /// What its instances hold.
    pub(super) attributes: FxHashMap<&'a str, Value<'a>>,
}

/// An object of a class.
#[derive(Debug, Clone, Copy)]
pub(super) struct Instance {
    pub(super) class: u32,
    pub(super) lasting: bool,
    /// Whether its special methods were followed, which Python calls by itself.
    pub(super) special: bool,
}

/// The run of a block.
#[derive(Debug)]
#[allow(clippy::struct_excessive_bools, reason = "facts that hold or not, independent of each other")]
pub(crate) struct Walk<'a> {
    pub(super) paths: Paths<'a>,
    pub(super) store: Store<'a>,
    pub(super) trace: Trace<'a>,
    pub(super) scopes: Vec<Scope<'a>>,
    pub(super) functions: Vec<Function<'a>>,
    pub(super) classes: Vec<Class<'a>>,
    pub(super) instances: Vec<Instance>,
    pub(super) partials: Vec<(Value<'a>, Arguments<'a>)>,
    pub(super) scans: Vec<Scan<'a>>,
    pub(super) kernel_functions: Vec<u32>,
    pub(super) scope: u32,
    pub(super) arm: u32,
    pub(super) when: When,
    pub(super) nesting: u32,
    pub(super) calls: u32,
    pub(super) steps: u32,
    pub(super) returned: Option<Value<'a>>,
    /// What the entry point gives back, and where.
    pub(super) returns: Vec<(Value<'a>, TextRange, u32)>,
    pub(super) in_entry: bool,
    /// Whether this is a function that Triton calls before a launch: a heuristic, a hook, what prunes settings.
    pub(super) in_hook: bool,
    pub(super) hooks: Vec<Value<'a>>,
    /// The function that is the entry point.
    pub(super) entry_function: Option<u32>,
    pub(super) stars: Vec<Path>,
    /// The memory that is kept for the next call, and where it is kept.
    pub(super) kept: Vec<(u32, TextRange, u32)>,
    /// Memory of a shape that is written out in the code.
    pub(super) literals: Vec<(u32, TextRange)>,
    pub(super) seen: FxHashSet<(TextRange, u8)>,
    /// Whether this is the block that makes the inputs.
    pub(super) makes_inputs: bool,
    /// Whether the pair is about integers, so that computing with them is computing.
    pub(super) integers_count: bool,
    pub(super) reference: FxHashSet<&'a str>,
}

impl<'a> Walk<'a> {
    pub(super) fn new() -> Self {
        let mut walk = Self {
            paths: Paths::default(),
            store: Store::default(),
            trace: Trace::default(),
            scopes: vec![Scope { lasting: true, ..Scope::default() }],
            functions: Vec::new(),
            classes: Vec::new(),
            instances: Vec::new(),
            partials: Vec::new(),
            scans: Vec::new(),
            kernel_functions: Vec::new(),
            scope: 0,
            arm: 0,
            when: When::Load,
            nesting: 0,
            calls: 0,
            steps: 0,
            returned: None,
            returns: Vec::new(),
            in_entry: false,
            in_hook: false,
            hooks: Vec::new(),
            entry_function: None,
            stars: Vec::new(),
            kept: Vec::new(),
            literals: Vec::new(),
            seen: FxHashSet::default(),
            makes_inputs: false,
            integers_count: false,
            reference: FxHashSet::default(),
        };
        walk.trace.arms.push(Arm {
            parent: 0,
            kind: ArmKind::Root,
            statement: 0,
            leaves: false,
            launches: false,
        });
        walk
    }

    /// Whether there is no time left to follow the code.
    pub(super) fn is_spent(&mut self) -> bool {
        self.steps += 1;
        self.steps > MOST_STEPS
    }

    /// Counts what is done to many elements, or to a long text, as several steps.
    pub(super) fn charge(&mut self, size: usize) {
        self.steps = self.steps.saturating_add(u32::try_from(size / 16).unwrap_or(u32::MAX));
    }

    pub(super) fn tell(&mut self, range: TextRange, what: What<'a>) {
        // A function that runs twice does the same twice, and it is told once; what a call from the entry point does
        // counts more than what happens elsewhere.
        let kind = match what {
            What::Launch => return self.launch(range),
            What::Use(..) | What::Internals(_) => 1,
            What::Compute { .. } => 2,
            What::Keep(_) => 3,
            What::Trip(_) => 5,
            _ => 4,
        };
        let event = Event { range, arm: self.arm, when: self.when, what };
        if self.seen.insert((range, kind)) {
            self.trace.events.push(event);
        } else if self.when == When::Entry
            && let Some(told) = self.trace.events.iter_mut().rev().find(|told| {
                told.range == range
                    && told.when != When::Entry
                    && std::mem::discriminant(&told.what) == std::mem::discriminant(&event.what)
            })
        {
            *told = event;
        }
    }

    fn launch(&mut self, range: TextRange) {
        if matches!(self.when, When::Never) {
            return;
        }
        self.trace.events.push(Event { range, arm: self.arm, when: self.when, what: What::Launch });
        let mut at = self.arm;
        while let Some(arm) = self.trace.arms.get_mut(at as usize) {
            arm.launches = true;
            if at == 0 {
                break;
            }
            at = arm.parent;
        }
    }

    /// Runs something in a branch of its own.
    pub(super) fn within<T>(
        &mut self,
        kind: ArmKind,
        statement: TextRange,
        run: impl FnOnce(&mut Self) -> T,
    ) -> T {
        let outer = self.arm;
        let arm = Arm {
            parent: outer,
            kind,
            statement: statement.start().to_u32(),
            leaves: false,
            launches: false,
        };
        self.trace.arms.push(arm);
        self.arm = last(&self.trace.arms);
        let result = run(self);
        self.arm = outer;
        result
    }
}

/// Whether a value is a tensor, whose elements are its rows.
pub(super) fn is_one_tensor(value: Value<'_>) -> bool {
    matches!(value, Value::Tensor(tensor) if !tensor.several)
}

/// What a condition certainly is.
pub(super) fn truth_of(value: Value<'_>) -> Option<bool> {
    match value {
        Value::Flag(flag) => Some(flag),
        Value::Number(Some(number)) => Some(number != 0),
        Value::Nothing | Value::Zero => Some(false),
        _ => None,
    }
}

/// `[]`, `()`: a loop over it has no step.
pub(super) fn is_nothing(iterated: &Expr) -> bool {
    match iterated {
        Expr::List(list) => list.elts.is_empty(),
        Expr::Tuple(tuple) => tuple.elts.is_empty(),
        _ => false,
    }
}
