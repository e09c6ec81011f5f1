//! What is chosen before a chain is written.

use crate::compose::sizes::{Choices, Cost, Kind};
use crate::compose::vocabulary::Found;

/// The choices; two of them may be found wrong while the chain is written.
#[derive(Debug, Clone)]
pub(in crate::compose) struct Options {
    pub(in crate::compose) positive: bool,
    pub(in crate::compose) float32: bool,
    /// The dimensions over which a mean is taken away or taken: the inputs are given one that can be seen.
    pub(super) centred: Option<Vec<usize>>,
    pub(super) kind: Kind,
    pub(super) cost: Cost,
    pub(super) choices: Choices,
}

/// What takes means over rows, or over channels, and what takes them over pixels.
const MEANS_OF_ROWS: [&str; 8] = [
    "mean",
    "row mean",
    "subtract mean",
    "subtract row mean",
    "row variance",
    "row standard deviation",
    "layernorm",
    "layer norm",
];
const MEANS_OF_PIXELS: [&str; 5] =
    ["global average pool", "groupnorm", "group norm", "instancenorm", "instance norm"];

impl Options {
    pub(in crate::compose) fn new(line: &str, found: &[Found], images: bool) -> Self {
        let kind = found.iter().find_map(|one| one.operation.kind);
        let kind = kind.unwrap_or(if images { Kind::Images } else { Kind::Matrix });
        let one_of = |names: &[&str]| found.iter().any(|one| names.contains(&one.name.as_str()));
        let centred = match kind {
            Kind::Images if one_of(&MEANS_OF_PIXELS) => Some(vec![2, 3]),
            Kind::Images => one_of(&MEANS_OF_ROWS).then(|| vec![1]),
            Kind::Matrix => one_of(&MEANS_OF_ROWS).then(|| vec![1]),
            Kind::Batch => one_of(&MEANS_OF_ROWS).then(|| vec![2]),
            Kind::Heads => None,
        };
        Self {
            centred,
            positive: false,
            float32: !found.iter().all(|one| one.operation.half),
            kind,
            cost: found.iter().map(|one| one.operation.cost).max().unwrap_or(Cost::Traffic),
            choices: Choices::of(line),
        }
    }
}
