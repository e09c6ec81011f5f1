//! What was measured: kernels, the host's times, and how near the candidate is to what the card can do.

use serde::{Deserialize, Serialize};

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
