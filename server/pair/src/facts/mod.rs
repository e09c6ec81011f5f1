//! What the code of a pair does, as far as its text tells: a small data-flow analysis that the rules share.
//!
//! Each block is run with what its values may be. The inputs come from TEST, so that it is known which parameters are
//! tensors and which are numbers; the functions that the entry point calls are followed with what they are given.

mod arguments;
mod attributes;
mod callee;
mod calls;
mod concern;
mod containers;
mod definitions;
mod entry;
mod eval;
mod fills;
mod items;
mod kernel;
mod launching;
mod library;
mod methods;
mod names;
mod objects;
mod operators;
mod ops;
mod paths;
mod patterns;
mod python;
mod returned;
mod statements;
mod tensors;
mod trace;
mod value;
mod walk;

use ruff_python_ast::Expr;
use ruff_text_size::{Ranged, TextRange};
use rustc_hash::FxHashSet;

pub(crate) use concern::Concern;
pub(crate) use ops::{Work, work};
pub(crate) use trace::{ArmKind, Event, How, Kept, Outcome, Trace, What, When};
pub(crate) use value::{From, Kind};

use crate::block::BlockKind;
use crate::file::{File, Section};
use crate::inputs::Inputs;
use arguments::Arguments;
use paths::{Path, Paths};
use value::{Memory, Tensor, Value};
use walk::Walk;

/// What each block does.
#[derive(Debug, Default)]
pub(crate) struct Deeds<'a> {
    blocks: [Option<Deed<'a>>; 3],
    /// The tensors that TEST gives, as far as they are known.
    pub(crate) inputs: Vec<Input>,
    /// Whether these are all that TEST gives.
    pub(crate) inputs_are_whole: bool,
    /// Which of the arguments, by their place, are certainly tensors of floating-point numbers.
    pub(crate) inputs_are_tensors: Vec<bool>,
}

/// What one block does.
#[derive(Debug)]
pub(crate) struct Deed<'a> {
    pub(crate) trace: Trace<'a>,
    paths: Paths<'a>,
}

impl Deed<'_> {
    /// The whole text of a path.
    pub(crate) fn path(&self, path: Path) -> &str {
        self.paths.text(path)
    }
}

/// A tensor that TEST gives.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Input {
    pub(crate) kind: Kind,
    /// Whether it holds one number, or what happened to be in its memory.
    pub(crate) one_number: bool,
}

impl<'a> Deeds<'a> {
    /// Follows a file's blocks.
    pub(crate) fn of(file: &File<'a>) -> Self {
        let mut deeds = Self::default();
        let test = file.section(BlockKind::Test).filter(|section| section.error.is_none());
        let (given, made, walk) = match test {
            Some(test) => inputs_of(file, test),
            None => (None, None, None),
        };
        if let (Some(walk), Some(given)) = (&walk, given) {
            deeds.inputs = walk
                .store
                .tensors(given)
                .into_iter()
                .map(|tensor| Input { kind: tensor.kind, one_number: walk.is_one_number(tensor) })
                .collect();
        }
        deeds.inputs_are_whole = walk.as_ref().zip(given).is_some_and(|(walk, given)| {
            let mut whole = true;
            walk.store.each(given, &mut |value| whole &= value != Value::Unknown);
            whole
        });
        if let (Some(walk), Some(Value::Many(at))) = (&walk, given)
            && let many = &walk.store.many[at as usize]
            && !many.open
        {
            let is_tensor =
                |value: &Value<'_>| matches!(value, Value::Tensor(tensor) if tensor.kind.is_float());
            deeds.inputs_are_tensors = many.items.iter().map(|(_, value)| is_tensor(value)).collect();
        }
        let integers = !deeds.inputs.is_empty() && deeds.inputs.iter().all(|input| !input.kind.is_float());
        let mut reference = FxHashSet::default();
        for kind in [BlockKind::Python, BlockKind::Triton] {
            let Some(section) = file.section(kind).filter(|section| section.error.is_none()) else {
                continue;
            };
            let mut run = Walk::new();
            run.integers_count = integers;
            run.reference = std::mem::take(&mut reference);
            run.module(section.statements);
            let mut adopt = |value: Option<Value<'a>>| match (&walk, value) {
                (Some(test), Some(value)) => Some(run.adopt(test, value, 6)),
                _ => None,
            };
            let given = adopt(given);
            let made = adopt(made);
            if let Some(Ok(found)) = &file.entry {
                let name =
                    if kind == BlockKind::Python { found.reference.name } else { found.candidate.name };
                run.enter(name, given, made);
            }
            run.rest();
            if kind == BlockKind::Python {
                reference.clone_from(&run.trace.operators);
            }
            deeds.blocks[kind.index()] = Some(Deed { trace: run.trace, paths: run.paths });
        }
        if let Some(walk) = walk {
            deeds.blocks[BlockKind::Test.index()] = Some(Deed { trace: walk.trace, paths: walk.paths });
        }
        deeds
    }

    /// What a block does, if it can be read.
    pub(crate) fn block(&self, kind: BlockKind) -> Option<&Deed<'a>> {
        self.blocks[kind.index()].as_ref()
    }
}

/// The inputs that TEST gives, those that modules are made with, and the run that made them.
fn inputs_of<'a>(
    file: &File<'a>,
    test: &Section<'a>,
) -> (Option<Value<'a>>, Option<Value<'a>>, Option<Walk<'a>>) {
    let mut walk = Walk::new();
    walk.makes_inputs = true;
    walk.module(test.statements);
    walk.when = When::Entry;
    let mut call = |name: &str| match walk.name(name)? {
        value @ Value::Function(_) => Some(walk.apply(value, &Arguments::default(), TextRange::default())),
        _ => None,
    };
    let (given, made) = match file.inputs {
        Some(Inputs::GetTestInputs(_)) => (call("get_test_inputs"), None),
        Some(Inputs::GetInputs(_)) => (call("get_inputs"), call("get_init_inputs")),
        Some(Inputs::MainBlock) => {
            walk.main(file.main_statements);
            let given = file.calls.first().map(|call| walk.eval(call.inputs));
            (given, None)
        }
        None => (None, None),
    };
    walk.rest();
    (given, made, Some(walk))
}

impl<'a> Walk<'a> {
    /// Runs the main block.
    fn main(&mut self, statements: &'a [ruff_python_ast::Stmt]) {
        for statement in statements {
            match statement {
                ruff_python_ast::Stmt::If(guard) => {
                    self.block(&guard.body);
                }
                _ => {
                    self.block(std::slice::from_ref(statement));
                }
            }
        }
    }

    /// Takes over a value that another block made.
    fn adopt(&mut self, other: &Walk<'a>, value: Value<'a>, depth: u8) -> Value<'a> {
        let Some(depth) = depth.checked_sub(1) else { return Value::Unknown };
        match value {
            Value::Number(_) | Value::Zero => Value::Number(None),
            Value::Text(_) | Value::AnyText => Value::AnyText,
            Value::Tensor(tensor) => {
                let made = self.tensor(Memory::default(), tensor.kind, From::INPUT);
                self.store.memory[made.memory as usize].shared = false;
                Value::Tensor(Tensor { small: tensor.small, ..made })
            }
            Value::Many(at) => {
                let many = &other.store.many[at as usize];
                let items =
                    many.items.iter().map(|(_, value)| (Value::Unknown, self.adopt(other, *value, depth)));
                let items = items.collect();
                let made = self.container(items, many.open);
                if let Value::Many(at) = made {
                    self.store.many[at as usize].shared = false;
                }
                made
            }
            _ => Value::Unknown,
        }
    }

    /// Follows what the entry point was not seen to call.
    fn rest(&mut self) {
        self.when = When::Elsewhere;
        self.in_entry = false;
        self.entry_function = None;
        let mut at = 0;
        while at < self.functions.len() {
            let function = &self.functions[at];
            if function.runs == 0 && function.kernel.is_none() && !function.active {
                let place = u32::try_from(at).unwrap_or(u32::MAX);
                self.call_function(
                    place,
                    &Arguments { open: true, ..Arguments::default() },
                    TextRange::default(),
                );
            }
            at += 1;
        }
        for at in 0..self.kernel_functions.len() {
            self.inside_kernel(at);
        }
        let called: FxHashSet<&str> = self.scans.iter().flat_map(|scan| scan.calls.iter().copied()).collect();
        for kernel in &mut self.trace.kernels {
            kernel.called |= called.contains(kernel.name);
        }
    }

    /// Kernels are Triton's to compile, but Triton's interpreter runs them as Python.
    fn inside_kernel(&mut self, kernel: usize) {
        for expression in std::mem::take(&mut self.scans[kernel].foreign) {
            let Expr::Attribute(attribute) = expression else {
                self.eval(expression);
                continue;
            };
            if let Expr::Name(name) = &*attribute.value
                && let Some(Value::Path(path)) = self.name(name.id.as_str())
                && self.paths.text(path) != "triton.language"
            {
                let path = self.paths.child(path, attribute.attr.id.as_str());
                self.use_of(path, expression.range());
            }
        }
    }
}
