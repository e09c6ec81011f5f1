//! The verdict line: what is known of one pair after it was judged.
//!
//! The line is a contract with every program that reads it (the editor, the dataset, `benchmark.py`), so
//! its keys and their order are fixed here and checked by a snapshot. The harness fills all of it but
//! `file`, `hash`, the version of fusewright and the static findings, which the engine adds.

mod error;
mod finding;
mod output;
mod times;

pub use error::{Implementation, PairError, Stage};
pub use finding::{Finding, Severity};
pub use output::{Mismatch, Output};
use serde::{Deserialize, Serialize};
pub use times::{HostTimes, Kernel, Limit, Roofline};

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
