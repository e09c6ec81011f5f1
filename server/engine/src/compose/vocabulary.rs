//! The words that ideas and tasks are written in.

use super::chain::Operation;
use super::operations::ALL;

/// An operation, and the word that the line has for it.
#[derive(Debug, Clone)]
pub(super) struct Found {
    pub(super) name: String,
    pub(super) operation: &'static Operation,
}

/// A line in small letters, with single blanks and without a full stop at its end.
pub(super) fn normal(line: &str) -> String {
    let line = line.split_whitespace().collect::<Vec<_>>().join(" ").to_lowercase();
    line.trim_end_matches(['.', ',', ' ']).replace('_', " ")
}

/// The operation of this name.
pub(super) fn find(name: &str) -> Option<Found> {
    let operation = ALL.iter().copied().flatten().find(|operation| operation.names.contains(&name))?;
    Some(Found { name: name.to_owned(), operation })
}

/// Every name.
pub(super) fn names() -> impl Iterator<Item = &'static str> {
    ALL.iter().copied().flatten().flat_map(|operation| operation.names.iter().copied())
}

/// How people write a name.
pub(super) fn written(name: &str) -> String {
    const WRITTEN: [(&str, &str); 13] = [
        ("leaky relu", "leaky ReLU"),
        ("relu", "ReLU"),
        ("gelu", "exact GELU"),
        ("silu", "SiLU"),
        ("elu", "ELU"),
        ("layernorm", "LayerNorm"),
        ("rmsnorm", "RMSNorm"),
        ("groupnorm", "GroupNorm"),
        ("instancenorm", "InstanceNorm"),
        ("batchnorm with given statistics", "BatchNorm with given statistics"),
        ("l2 norm of rows", "L2 norm of rows"),
        ("huber loss", "elementwise Huber loss"),
        ("kl divergence of two log probabilities", "KL divergence of two log probabilities"),
    ];
    WRITTEN.iter().find(|(known, _)| *known == name).map_or(name, |(_, written)| *written).to_owned()
}
