//! The lines that the engine and the harness exchange: one JSON object each.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::verdict::{Kernel, PairError, VerdictLine};

/// One request.
#[derive(Debug, Serialize)]
#[serde(tag = "verb", rename_all = "lowercase")]
pub(super) enum Request<'a> {
    /// Judge a pair.
    Verify { id: u64, pair: &'a Pair, options: &'a Options },
    /// Compile a pair's kernels and run nothing.
    Compile { id: u64, pair: &'a Pair, options: &'a Options },
    /// Have TorchInductor write a pair's TRITON block.
    Inductor { id: u64, pair: &'a Subject, options: &'a Options },
    /// Stop working on a request.
    Cancel { id: u64 },
    /// Say what the machine is.
    Environment { id: u64 },
    /// Make ready what a verdict needs, and run no pair.
    Prewarm { id: u64, options: &'a Options },
}

/// A pair, taken apart.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Pair {
    /// The file's name, for tracebacks.
    pub file: String,
    /// The pair's hash.
    pub hash: String,
    /// The PYTHON block.
    pub python: Code,
    /// The TRITON block.
    pub triton: Code,
    /// The TEST block.
    pub test: Code,
    /// The main block, where the inputs come from it.
    pub main: Option<Code>,
    /// What is called.
    pub entry: Entry,
    /// Where the inputs come from: `get_test_inputs`, `main` or `get_inputs`.
    pub inputs: &'static str,
}

/// A pair whose TRITON block is to be written: there may be none yet.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Subject {
    /// The file's name, for tracebacks.
    pub file: String,
    /// The PYTHON block.
    pub python: Code,
    /// The TEST block.
    pub test: Code,
    /// The main block, where the inputs come from it.
    pub main: Option<Code>,
    /// What is called, and what the wrapper is to be called.
    pub entry: Entry,
    /// Where the inputs come from: `get_test_inputs`, `main` or `get_inputs`.
    pub inputs: &'static str,
}

/// A block's text and where it stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Code {
    /// The text between the markers.
    pub code: String,
    /// The 1-based line, in the file, of the text's first line.
    pub first_line: u32,
}

/// What is called.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Entry {
    /// `functions` or `modules`.
    pub convention: &'static str,
    /// The name in the PYTHON block.
    pub reference: String,
    /// The name in the TRITON block.
    pub candidate: String,
}

/// How a pair is to be judged.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Options {
    /// `auto`, `cuda` or `interpreter`.
    pub device: String,
    /// How many secret seeds.
    pub seeds: u32,
    /// The limit for the whole pair, in seconds.
    pub timeout_s: f64,
    /// The speedup that a pass needs.
    pub min_speedup: f64,
    /// The architecture that is compiled for where there is no GPU.
    pub target: String,
    /// Whether the reference is compared with what torch.compile makes of it.
    pub torch_compile: bool,
    /// `best` or `required`: whether a missing layer of containment ends the verdict.
    pub containment: &'static str,
}

/// One line from the harness.
#[derive(Debug, Deserialize)]
#[serde(tag = "event", rename_all = "lowercase")]
pub(super) enum Message {
    /// It listens.
    Ready,
    /// A phase of a request began.
    Phase { id: u64, message: String },
    /// The verdict but for what is pending.
    First { id: u64, verdict: Box<VerdictLine> },
    /// The final verdict.
    Verdict { id: u64, verdict: Box<VerdictLine> },
    /// The kernels were compiled.
    Compiled { id: u64, kernels: Vec<Kernel>, error: Option<PairError> },
    /// TorchInductor wrote a TRITON block, or why it did not.
    Written { id: u64, kernel: Option<InductorKernel>, error: Option<Unwritten> },
    /// What the machine is.
    Environment { id: u64, environment: Map<String, Value> },
    /// What a verdict needs is ready.
    Warm { id: u64 },
    /// The request could not be served.
    Failed { id: u64, message: String },
}

impl Message {
    /// The request it answers.
    pub(super) fn id(&self) -> Option<u64> {
        match self {
            Self::Ready => None,
            Self::Phase { id, .. }
            | Self::First { id, .. }
            | Self::Verdict { id, .. }
            | Self::Compiled { id, .. }
            | Self::Written { id, .. }
            | Self::Environment { id, .. }
            | Self::Warm { id }
            | Self::Failed { id, .. } => Some(*id),
        }
    }
}

/// What came of compiling a pair's kernels.
#[derive(Debug, Clone, PartialEq)]
pub struct Compiled {
    /// The kernels, with registers, shared memory and spills.
    pub kernels: Vec<Kernel>,
    /// The first error, on its line.
    pub error: Option<PairError>,
}

/// A TRITON block that TorchInductor wrote.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct InductorKernel {
    /// The block's whole text.
    pub triton: String,
    /// The names of its kernels, in the order in which they are launched.
    pub kernels: Vec<String>,
    /// How many launches one call of the wrapper makes.
    pub launches: u32,
    /// The version of torch that wrote it.
    pub torch: String,
}

/// Why TorchInductor wrote nothing.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct Unwritten {
    /// What stood in the way, on its line where one can be named.
    #[serde(flatten)]
    pub error: PairError,
    /// The operator for which there is no kernel.
    #[serde(default)]
    pub operator: Option<String>,
}
