//! Why a pair failed: which part, at which stage, what, and where.

use serde::{Deserialize, Serialize};

/// Which part of a pair an error came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Implementation {
    /// The reference, in the PYTHON block.
    Pytorch,
    /// The candidate, in the TRITON block.
    Triton,
    /// The inputs, in the TEST block or the main block.
    Test,
    /// Fusewright itself or the machine: the pair was not judged.
    Harness,
}

/// What was being done when an error came up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Stage {
    /// Reading the pair file.
    Parse,
    /// Running a block's top level.
    Import,
    /// Making the inputs.
    Inputs,
    /// Compiling a kernel.
    Compile,
    /// Calling an implementation.
    Run,
    /// Comparing the outputs.
    Check,
    /// Timing.
    Timing,
    /// Deciding whether the pair may count.
    Trust,
    /// A time limit ran out.
    Timeout,
}

/// Why a pair failed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PairError {
    /// The part it came from.
    pub implementation: Implementation,
    /// What was being done.
    pub stage: Stage,
    /// The exception's type, or a short name of the fault.
    #[serde(rename = "type")]
    pub kind: String,
    /// One sentence or the exception's own message.
    pub message: String,
    /// The 1-based line of the pair file, where one can be named.
    pub line: Option<u32>,
    /// The traceback, cut to the pair's own frames; empty where there is none.
    #[serde(default)]
    pub traceback: String,
}
