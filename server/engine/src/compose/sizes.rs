//! The sizes and the dtype of a draft's inputs, which follow from its line alone, so that a dataset has many of them
//! and the same line gives the same file.
//!
//! They are large enough for a launch to be more than its overhead, and small enough for an interpreter on the CPU.

use sha2::{Digest, Sha256};

/// What kind of tensor a chain begins with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// (rows, columns)
    Matrix,
    /// (batch, rows, columns)
    Batch,
    /// (batch, channels, height, width)
    Images,
    /// (batch, heads, sequence, width)
    Heads,
}

/// What the work costs most.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Cost {
    /// Elements are read and written.
    Traffic,
    /// Images are flattened into long rows.
    Flattened,
    /// A matrix product or a convolution.
    Product,
}

/// A source of choices: the digest of a line.
#[derive(Debug, Clone)]
pub(super) struct Choices(u64);

impl Choices {
    pub(super) fn of(line: &str) -> Self {
        let digest = Sha256::digest(line.as_bytes());
        Self(digest.iter().take(8).fold(0, |number, byte| (number << 8) | u64::from(*byte)))
    }

    /// One of several things; another `purpose` is another choice.
    pub(super) fn pick<'a, T>(&self, purpose: u64, of: &'a [T]) -> Option<&'a T> {
        // The multiplier is the golden ratio's, which spreads neighbouring numbers.
        let mixed = (self.0 ^ purpose.wrapping_mul(0x9e37_79b9_7f4a_7c15)).rotate_left(23);
        let index = mixed.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 33;
        of.get(usize::try_from(index).unwrap_or(0) % of.len().max(1))
    }
}

const MATRICES: [[usize; 2]; 10] = [
    [512, 2048],
    [1024, 1024],
    [768, 1536],
    [256, 4096],
    [384, 3072],
    [640, 1280],
    [896, 1152],
    [1000, 1000],
    [320, 2560],
    [480, 1920],
];
const FACTORS: [[usize; 2]; 6] = [[512, 512], [256, 1024], [384, 768], [1024, 256], [320, 640], [448, 384]];
const BATCHES: [[usize; 3]; 4] = [[8, 128, 256], [4, 192, 320], [16, 64, 256], [6, 160, 192]];
const IMAGES: [[usize; 4]; 6] =
    [[8, 64, 32, 32], [4, 96, 40, 40], [16, 32, 32, 32], [4, 32, 64, 64], [8, 48, 36, 36], [12, 64, 28, 28]];
const SMALL_IMAGES: [[usize; 4]; 4] = [[4, 32, 28, 28], [2, 64, 32, 32], [8, 16, 32, 32], [4, 48, 24, 24]];
const FLATTENED: [[usize; 4]; 4] = [[128, 16, 16, 16], [256, 8, 16, 16], [64, 32, 8, 8], [128, 32, 8, 8]];
const HEADS: [[usize; 4]; 3] = [[2, 16, 512, 64], [4, 8, 384, 64], [2, 12, 256, 128]];
const WIDTHS: [usize; 6] = [512, 768, 384, 640, 1024, 256];
const CHANNELS: [usize; 4] = [32, 64, 48, 40];

impl Choices {
    /// The shape that a chain begins with.
    pub(super) fn shape(&self, kind: Kind, cost: Cost) -> Vec<usize> {
        let found = match (kind, cost) {
            (Kind::Matrix, Cost::Product) => self.pick(1, &FACTORS).map(|shape| shape.to_vec()),
            (Kind::Matrix, _) => self.pick(1, &MATRICES).map(|shape| shape.to_vec()),
            (Kind::Batch, _) => self.pick(1, &BATCHES).map(|shape| shape.to_vec()),
            (Kind::Images, Cost::Product) => self.pick(1, &SMALL_IMAGES).map(|shape| shape.to_vec()),
            (Kind::Images, Cost::Flattened) => self.pick(1, &FLATTENED).map(|shape| shape.to_vec()),
            (Kind::Images, Cost::Traffic) => self.pick(1, &IMAGES).map(|shape| shape.to_vec()),
            (Kind::Heads, _) => self.pick(1, &HEADS).map(|shape| shape.to_vec()),
        };
        found.unwrap_or_default()
    }

    /// How many columns a product gives.
    pub(super) fn width(&self) -> usize {
        self.pick(2, &WIDTHS).copied().unwrap_or(512)
    }

    /// How many channels a convolution gives.
    pub(super) fn channels(&self) -> usize {
        self.pick(3, &CHANNELS).copied().unwrap_or(32)
    }
}
