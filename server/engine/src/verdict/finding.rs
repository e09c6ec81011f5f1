//! What was noticed about a pair beside its verdict.

use serde::{Deserialize, Serialize};

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
