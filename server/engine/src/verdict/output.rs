//! How one output compares with what is expected of it.

use serde::{Deserialize, Serialize};

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
