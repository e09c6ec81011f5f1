//! What a block does when it runs, as far as its text tells.

use ruff_text_size::TextRange;
use rustc_hash::FxHashSet;

use super::concern::Concern;
use super::paths::Path;

/// What a block does, in the order in which it is done.
#[derive(Debug, Default)]
pub(crate) struct Trace<'a> {
    pub(crate) events: Vec<Event<'a>>,
    pub(crate) arms: Vec<Arm>,
    pub(crate) kernels: Vec<Kernel<'a>>,
    /// The operators of torch that it computes with, by their last name.
    pub(crate) operators: FxHashSet<&'static str>,
    /// What the entry point gives back, where that is known for certain.
    pub(crate) outcome: Outcome,
    /// Whether the entry point calls something that cannot be followed.
    pub(crate) blind: bool,
    /// Modules that are imported and cause concern, and where.
    pub(crate) imports: Vec<(&'a str, Concern, TextRange)>,
}

/// A kernel.
#[derive(Debug)]
#[allow(clippy::struct_excessive_bools, reason = "facts that hold or not, independent of each other")]
pub(crate) struct Kernel<'a> {
    pub(crate) name: &'a str,
    pub(crate) name_range: TextRange,
    /// Launched on the way from the entry point.
    pub(crate) launched: bool,
    /// Launched from a function that the entry point is not seen to call.
    pub(crate) launched_elsewhere: bool,
    /// Part of another kernel.
    pub(crate) called: bool,
    /// Handed to something that may launch it.
    pub(crate) lost: bool,
    /// Where a grid without programs launches it.
    pub(crate) empty_grid: Option<TextRange>,
    /// Whether it reduces, or calls something that may.
    pub(crate) reduces: bool,
    /// Where its values become less precise.
    pub(crate) lowered: Vec<TextRange>,
}

/// One thing that is done.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Event<'a> {
    pub(crate) range: TextRange,
    /// The innermost branch that it is done in.
    pub(crate) arm: u32,
    pub(crate) when: When,
    pub(crate) what: What<'a>,
}

/// When something is done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum When {
    /// When the block is loaded.
    Load,
    /// When the entry point is called.
    Entry,
    /// In a function that the entry point is not seen to call.
    Elsewhere,
    /// Never.
    Never,
}

/// What is done.
#[derive(Debug, Clone, Copy)]
pub(crate) enum What<'a> {
    /// A name is used that causes concern.
    Use(Path, Concern),
    /// Values are computed outside of the kernels, certainly of the pair's own data.
    Compute { how: How<'a> },
    /// A kernel is launched.
    Launch,
    /// Something is kept for the next call.
    Keep(Kept),
    /// Part of a library is replaced.
    Patch(Path),
    /// An attribute is hung on a tensor.
    Hang(&'a str),
    /// A class is a kind of tensor, or takes part in what operators do.
    Disguise(&'a str),
    /// A method of an interpreter's object is used: `__globals__`.
    Internals(&'a str),
    /// A kernel is asked what it is, which tells whether a compiler or the interpreter runs it.
    WhoRuns(&'a str),
    /// A kernel reads memory that nobody wrote.
    ReadsUnwritten,
    /// A tensor is taken apart along its first dimension, or its rows are counted.
    Rows,
    /// A coroutine.
    Async,
    /// Something that looks like a verdict is printed.
    Print,
    /// A tensor goes to the host.
    Host(&'a str),
    /// All of a tensor's numbers go to the host.
    Trip(&'a str),
    /// The host waits for the GPU.
    Synchronize,
    /// A method is defined that runs when the object ends.
    Finalizer,
    /// Several exceptions around a launch are swallowed.
    Swallow,
    /// A function named at run time is called.
    Opaque,
    /// A tensor of a literal shape is made.
    Shape,
    /// Values of 32 bits become 16.
    Lower,
}

/// How something is computed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum How<'a> {
    /// By a function of a library, or by a module.
    Function(Path),
    /// By a method of a tensor.
    Method(&'a str),
    /// By an operator.
    Operator(&'static str),
}

/// What is kept for the next call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kept {
    /// A tensor.
    Tensor,
    /// A number of calls.
    Count,
    /// Something that is found again by the identity of an object.
    ByIdentity,
    /// Whatever a function gave, by the arguments of its calls.
    Results,
}

/// What the entry point gives back.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// Something that a kernel may have written.
    #[default]
    Open,
    /// An argument as it came.
    Input(TextRange),
    /// Memory that nobody wrote.
    Unwritten(TextRange),
    /// A tensor that was made without any input.
    Constant(TextRange),
    /// What torch computed.
    Computed(TextRange),
}

/// A branch of the code.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Arm {
    /// The branch around it.
    pub(crate) parent: u32,
    pub(crate) kind: ArmKind,
    /// The statement that it is a branch of, by its offset.
    pub(crate) statement: u32,
    /// Whether it leaves the function.
    pub(crate) leaves: bool,
    /// Whether a launch is in it.
    pub(crate) launches: bool,
}

/// What kind of branch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ArmKind {
    Root,
    If,
    Except,
    Try,
    Loop,
    Function,
}

impl Trace<'_> {
    /// The branches around an event, from the innermost.
    pub(crate) fn arms_of(&self, event: &Event<'_>) -> impl Iterator<Item = (u32, Arm)> {
        let mut at = Some(event.arm);
        std::iter::from_fn(move || {
            let here = at?;
            let arm = *self.arms.get(here as usize)?;
            at = (here != 0).then_some(arm.parent);
            Some((here, arm))
        })
    }

    /// Whether some kernel is launched on the way from the entry point, or might be.
    pub(crate) fn may_launch(&self) -> bool {
        self.kernels.iter().any(|kernel| kernel.launched || kernel.lost)
    }
}
