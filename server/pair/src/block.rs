//! The blocks of a pair file.

use ruff_text_size::TextRange;

/// What a block holds. The order is the order in which the blocks stand in a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum BlockKind {
    /// The reference: plain PyTorch.
    Python,
    /// The candidate: kernel and wrapper.
    Triton,
    /// The inputs.
    Test,
}

impl BlockKind {
    /// All kinds, in the order of the file.
    pub const ALL: [Self; 3] = [Self::Python, Self::Triton, Self::Test];

    /// The word in the block's markers.
    pub const fn tag(self) -> &'static str {
        match self {
            Self::Python => "PYTHON",
            Self::Triton => "TRITON",
            Self::Test => "TEST",
        }
    }

    /// The comment that opens the block.
    pub const fn opening_marker(self) -> &'static str {
        match self {
            Self::Python => "# <PYTHON>",
            Self::Triton => "# <TRITON>",
            Self::Test => "# <TEST>",
        }
    }

    /// The comment that closes the block in the closed style.
    pub const fn closing_marker(self) -> &'static str {
        match self {
            Self::Python => "# </PYTHON>",
            Self::Triton => "# </TRITON>",
            Self::Test => "# </TEST>",
        }
    }

    pub(crate) const fn index(self) -> usize {
        self as usize
    }
}

/// How the blocks of a file end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Style {
    /// A block ends where the next one opens, at the main block or at the end of the file.
    Open,
    /// Each block ends at its closing marker.
    Closed,
}

/// One block of a pair file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Block {
    /// What it holds.
    pub kind: BlockKind,
    /// The opening marker, without its line end.
    pub opening: TextRange,
    /// The text between the markers: from the line after the opening one to the line of the closing one.
    pub content: TextRange,
    /// The closing marker, without its line end.
    pub closing: Option<TextRange>,
}

impl Block {
    /// The block with its markers.
    pub fn range(&self) -> TextRange {
        let end = self.closing.map_or(self.content.end(), TextRange::end);
        TextRange::new(self.opening.start(), end)
    }
}
