//! The verdict line: what is known of one pair after it was judged.
//!
//! The line is a contract with every program that reads it (the editor, the dataset, `benchmark.py`), so
//! its keys and their order are fixed here and checked by a snapshot. The harness fills all of it but
//! `file`, `hash`, the version of fusewright and the static findings, which the engine adds.

use serde::{Deserialize, Serialize};

/// Whether the pair ran to the end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Status {
    /// It ran, and the outputs were compared.
    Success,
    /// It did not run, did not end in time, or may not count.
    Failed,
}

/// The ruling on one pair.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Ruling {
    /// Right, and faster than `min_speedup`.
    Pass,
    /// Right, but slower.
    Slower,
    /// Right, and no faster or slower as far as the interval tells.
    Same,
    /// Right, but there was no GPU to time it on.
    Untimed,
    /// It computes something else.
    Wrong,
    /// It may not count: a cheat, an unsound task, or right only at the declared inputs.
    Rejected,
    /// It did not run, or not in time.
    Error,
}

impl Ruling {
    /// The word that the verdict line uses.
    pub fn word(self) -> &'static str {
        match self {
            Self::Pass => "pass",
            Self::Slower => "slower",
            Self::Same => "same",
            Self::Untimed => "untimed",
            Self::Wrong => "wrong",
            Self::Rejected => "rejected",
            Self::Error => "error",
        }
    }
}

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

/// The severity of a finding.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// The pair cannot count as it is.
    Error,
    /// Likely a fault.
    Warning,
    /// Worth knowing.
    Info,
}

/// Something noticed about the pair, by rule or by running it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Finding {
    /// A stable code: `FWnnn` of a rule, or a name such as `SizeRefused` of what running the pair showed.
    pub code: String,
    /// How much it matters.
    pub severity: Severity,
    /// One sentence.
    pub message: String,
    /// The 1-based line of the pair file.
    pub line: Option<u32>,
}

/// One pair of times in milliseconds.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct HostTimes {
    /// The reference's.
    pub python: f64,
    /// The candidate's.
    pub triton: f64,
}

/// One kernel that the candidate launched.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Kernel {
    /// The jitted function's name.
    pub name: String,
    /// The 1-based line of its definition.
    pub line: Option<u32>,
    /// How often one call of the wrapper launches it.
    pub launches: u32,
    /// Device time of one call, in milliseconds.
    pub device_ms: Option<f64>,
    /// Registers a thread.
    pub registers: Option<u32>,
    /// Bytes of shared memory a block.
    pub shared_bytes: Option<u64>,
    /// Spilled registers a thread.
    pub spills: Option<u32>,
}

/// How near the candidate is to what the card can do.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Roofline {
    /// Bytes that must be moved.
    pub bytes: u64,
    /// Operations that must be done.
    pub flops: Option<u64>,
    /// The share of the card's limit reached, from 0 to 1.
    pub fraction: Option<f64>,
    /// Which limit that is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<Limit>,
}

impl Roofline {
    /// The share that was reached, for a person: `72 % of this card's bandwidth`.
    pub fn share(&self) -> Option<String> {
        let limit = match self.limit {
            Some(Limit::Bandwidth) => "this card's bandwidth",
            Some(Limit::Compute) => "this card's arithmetic",
            None => "what the card can do",
        };
        self.fraction.map(|fraction| format!("{:.0} % of {limit}", fraction * 100.0))
    }
}

/// What a card runs out of first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Limit {
    /// Bytes moved in a second.
    Bandwidth,
    /// Operations done in a second.
    Compute,
}

/// An element that differs.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Mismatch {
    /// The element's index in the output.
    pub index: Vec<u64>,
    /// The expected value, written as Python writes it (`nan` and `inf` included).
    pub expected: String,
    /// The candidate's value.
    pub got: String,
}

/// The comparison of one output.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Output {
    /// Its place in the returned structure: `""` for a single tensor, else `[0]`, `["key"]`.
    #[serde(default)]
    pub path: String,
    /// Its shape.
    pub shape: Vec<u64>,
    /// Its dtype, as torch names it without the prefix: `float32`.
    pub dtype: String,
    /// The largest absolute error, `None` where no comparison was possible.
    pub max_abs_error: Option<f64>,
    /// The largest relative error.
    pub max_rel_error: Option<f64>,
    /// How many elements lie outside the tolerance.
    pub mismatched: u64,
    /// How many elements there are.
    pub total: u64,
    /// The first element outside the tolerance, in row-major order.
    pub first_mismatch: Option<Mismatch>,
    /// `float64` or `declared`: which run of the reference the expected value came from.
    pub expected_from: String,
}

/// The device that the pair was judged on.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Device {
    /// Its name: `NVIDIA H200`.
    pub name: String,
    /// `cuda` or `interpreter`.
    pub mode: String,
    /// What else is known of it.
    #[serde(flatten)]
    pub more: serde_json::Map<String, serde_json::Value>,
}

/// One line of `fusewright verify --json`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct VerdictLine {
    /// Whether it ran to the end.
    pub status: Status,
    /// Whether its outputs are right.
    pub correct: bool,
    /// The ruling; `None` where the pair could not be judged.
    pub verdict: Option<Ruling>,
    /// One line for a person; `None` only where the verdict is "pass".
    pub reason: Option<String>,
    /// The reference's device time over the candidate's, on a cold L2.
    pub speedup: Option<f64>,
    /// The interval that holds the true speedup, `[low, high]`.
    pub speedup_ci: Option<[f64; 2]>,
    /// The reference's device time in milliseconds.
    pub python_ms: Option<f64>,
    /// The candidate's device time in milliseconds.
    pub triton_ms: Option<f64>,
    /// Times as the host sees them, launch included.
    pub host_ms: Option<HostTimes>,
    /// The compiled reference's device time, once measured.
    pub torch_compile_ms: Option<f64>,
    /// The speedup over the compiled reference.
    pub speedup_vs_compile: Option<f64>,
    /// The kernels that one call of the wrapper launches.
    #[serde(default)]
    pub kernels: Vec<Kernel>,
    /// How near the candidate is to the card's limits.
    pub roofline: Option<Roofline>,
    /// The share of the candidate's device time that its own kernels did not take, once the profiler has told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub foreign_fraction: Option<f64>,
    /// The comparison of each output.
    #[serde(default)]
    pub outputs: Vec<Output>,
    /// Why it failed.
    pub error: Option<PairError>,
    /// What was noticed, by rule or by running it.
    #[serde(default)]
    pub findings: Vec<Finding>,
    /// Phases still to come; empty in a final line.
    #[serde(default)]
    pub pending: Vec<String>,
    /// The device it was judged on.
    pub device: Option<Device>,
    /// Versions of torch, triton, the driver and fusewright, and the layers of containment.
    #[serde(default)]
    pub environment: serde_json::Map<String, serde_json::Value>,
    /// Where the verdict's own time went, by phase, and `total`.
    #[serde(default)]
    pub duration_ms: serde_json::Map<String, serde_json::Value>,
    /// The pair file, as the user named it.
    #[serde(default)]
    pub file: String,
    /// The pair's hash; empty where the file could not be read as a pair.
    #[serde(default)]
    pub hash: String,
}

impl VerdictLine {
    /// A line that says why a pair failed before the harness was asked, or why it could not be judged.
    pub fn failed(file: &str, error: PairError) -> Self {
        let judged = error.implementation != Implementation::Harness;
        let ruling = if error.stage == Stage::Trust { Ruling::Rejected } else { Ruling::Error };
        Self {
            status: Status::Failed,
            correct: false,
            verdict: judged.then_some(ruling),
            reason: Some(error.message.lines().next().unwrap_or_default().to_owned()),
            speedup: None,
            speedup_ci: None,
            python_ms: None,
            triton_ms: None,
            host_ms: None,
            torch_compile_ms: None,
            speedup_vs_compile: None,
            kernels: Vec::new(),
            roofline: None,
            foreign_fraction: None,
            outputs: Vec::new(),
            error: Some(error),
            findings: Vec::new(),
            pending: Vec::new(),
            device: None,
            environment: serde_json::Map::new(),
            duration_ms: serde_json::Map::new(),
            file: file.to_owned(),
            hash: String::new(),
        }
    }

    /// The exit status that the command line ends with for this verdict.
    pub fn exit_status(&self, allow_untimed: bool) -> u8 {
        match self.verdict {
            Some(Ruling::Pass) => 0,
            Some(Ruling::Untimed) if allow_untimed => 0,
            Some(_) => 1,
            None => 2,
        }
    }
}
