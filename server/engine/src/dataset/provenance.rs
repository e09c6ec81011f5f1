//! What is known of an example beside its four fields.

use std::time::SystemTime;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::verdict::{Device, Ruling, VerdictLine};

/// One line of `provenance.jsonl`. The examples are told apart by `hash`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Provenance {
    /// The pair's hash, the one that the verdict was given for.
    pub hash: String,
    /// The hash of the normalised code, which is the same for twins.
    pub code_hash: String,
    /// The example's description.
    pub description: String,
    /// The pair file, as the user named it.
    pub file: String,
    /// The ruling that let it in.
    pub verdict: Option<Ruling>,
    /// The speedup on a cold L2, and the interval that holds the true one.
    pub speedup: Option<f64>,
    /// The interval.
    pub speedup_ci: Option<[f64; 2]>,
    /// The device that it was judged on.
    pub device: Option<Device>,
    /// The versions that it was judged with.
    #[serde(default)]
    pub environment: Map<String, Value>,
    /// Who wrote the kernel, where that is known: a model's name, or `inductor`.
    pub model: Option<String>,
    /// Whether that model had TorchInductor's kernel of the reference to begin with.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub hinted: bool,
    /// How many attempts it took, where they were counted.
    pub attempts: Option<u32>,
    /// Whether the inputs were moved from the main block into TEST.
    #[serde(default)]
    pub converted: bool,
    /// When it was archived: UTC, as RFC 3339 writes it.
    pub time: String,
}

impl Provenance {
    /// What the verdict says of an example. The rest is left unknown.
    pub fn of(verdict: &VerdictLine, code_hash: String, description: String) -> Self {
        Self {
            hash: verdict.hash.clone(),
            code_hash,
            description,
            file: verdict.file.clone(),
            verdict: verdict.verdict,
            speedup: verdict.speedup,
            speedup_ci: verdict.speedup_ci,
            device: verdict.device.clone(),
            environment: verdict.environment.clone(),
            model: None,
            hinted: false,
            attempts: None,
            converted: false,
            time: humantime::format_rfc3339_seconds(SystemTime::now()).to_string(),
        }
    }
}
