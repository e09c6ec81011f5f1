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
    /// Stop working on a request.
    Cancel { id: u64 },
    /// Say what the machine is.
    Environment { id: u64 },
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
    /// What the machine is.
    Environment { id: u64, environment: Map<String, Value> },
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
            | Self::Environment { id, .. }
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
