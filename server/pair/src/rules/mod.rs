//! The rules: what each looks for, and one table of what is said about them.

use crate::analysis::File;
use crate::diagnostic::{Diagnostic, Severity};

/// A rule that pair files are checked by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Rule {
    /// FW101: a block is missing.
    MissingBlock,
    /// FW102: a block is there twice.
    DuplicateBlock,
    /// FW103: the blocks stand in another order.
    BlockOutOfOrder,
    /// FW104: a block lacks its closing marker.
    UnclosedBlock,
    /// FW105: a closing marker closes nothing, or something else.
    UnmatchedMarker,
    /// FW106: a comment that was meant to be a marker.
    MalformedMarker,
    /// FW107: a block without code.
    EmptyBlock,
    /// FW108: code that belongs to no block.
    CodeOutsideBlocks,
    /// FW109: code that Python cannot read.
    SyntaxError,
    /// FW201: no function to compare.
    NoEntryPoint,
    /// FW202: several functions to compare.
    AmbiguousEntryPoint,
    /// FW203: the two functions take different arguments.
    SignaturesDisagree,
    /// FW204: no Triton kernel.
    NoKernel,
    /// FW205: no test inputs.
    NoTestInputs,
    /// FW206: inputs that are not made on the GPU.
    InputsNotOnCuda,
    /// FW207: a block that needs names from elsewhere.
    UndefinedName,
    /// FW208: no description.
    NoDescription,
}

impl Rule {
    /// All rules, by code.
    pub const ALL: &'static [Self] = &[
        Self::MissingBlock,
        Self::DuplicateBlock,
        Self::BlockOutOfOrder,
        Self::UnclosedBlock,
        Self::UnmatchedMarker,
        Self::MalformedMarker,
        Self::EmptyBlock,
        Self::CodeOutsideBlocks,
        Self::SyntaxError,
        Self::NoEntryPoint,
        Self::AmbiguousEntryPoint,
        Self::SignaturesDisagree,
        Self::NoKernel,
        Self::NoTestInputs,
        Self::InputsNotOnCuda,
        Self::UndefinedName,
        Self::NoDescription,
    ];

    /// The stable code, `FW101`.
    pub const fn code(self) -> &'static str {
        self.entry().0
    }

    /// The stable name, `missing-block`.
    pub const fn name(self) -> &'static str {
        self.entry().1
    }

    /// How bad its diagnostics are.
    pub const fn severity(self) -> Severity {
        self.entry().2
    }

    /// What it looks for, in one sentence.
    pub const fn summary(self) -> &'static str {
        self.entry().3
    }

    /// Its documentation, in Markdown.
    pub fn page(self) -> String {
        format!("# {} {}\n\n{}\n", self.code(), self.name(), self.summary())
    }

    /// The rule of a code.
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|rule| rule.code() == code)
    }

    /// Whether it is about the file's structure: a pair with such an error cannot be run.
    pub const fn is_structural(self) -> bool {
        (self as u8) <= Self::SyntaxError as u8
    }

    const fn entry(self) -> (&'static str, &'static str, Severity, &'static str) {
        use Severity::{Error, Info, Warning};
        match self {
            Self::MissingBlock => ("FW101", "missing-block", Error, "One of the three blocks is not there."),
            Self::DuplicateBlock => ("FW102", "duplicate-block", Error, "A block is there more than once."),
            Self::BlockOutOfOrder => (
                "FW103",
                "block-out-of-order",
                Error,
                "The blocks do not stand in the order PYTHON, TRITON, TEST.",
            ),
            Self::UnclosedBlock => (
                "FW104",
                "unclosed-block",
                Error,
                "A block has no closing marker although others have theirs.",
            ),
            Self::UnmatchedMarker => (
                "FW105",
                "unmatched-marker",
                Error,
                "A closing marker closes no block, or one of another name.",
            ),
            Self::MalformedMarker => ("FW106", "malformed-marker", Error, "A comment is nearly a marker."),
            Self::EmptyBlock => ("FW107", "empty-block", Error, "A block has no code."),
            Self::CodeOutsideBlocks => (
                "FW108",
                "code-outside-blocks",
                Warning,
                "Code stands outside of the blocks, where nothing runs or archives it.",
            ),
            Self::SyntaxError => ("FW109", "syntax-error", Error, "The code is not valid Python."),
            Self::NoEntryPoint => ("FW201", "no-entry-point", Error, "A block has no function to compare."),
            Self::AmbiguousEntryPoint => {
                ("FW202", "ambiguous-entry-point", Error, "Several pairs of functions could be meant.")
            }
            Self::SignaturesDisagree => (
                "FW203",
                "signatures-disagree",
                Error,
                "Reference and candidate cannot be called with the same inputs.",
            ),
            Self::NoKernel => ("FW204", "no-kernel", Error, "TRITON has no function under `@triton.jit`."),
            Self::NoTestInputs => ("FW205", "no-test-inputs", Error, "Nothing gives the inputs."),
            Self::InputsNotOnCuda => ("FW206", "inputs-not-on-cuda", Warning, "An input is made on the CPU."),
            Self::UndefinedName => {
                ("FW207", "undefined-name", Error, "A block uses a name that it neither imports nor defines.")
            }
            Self::NoDescription => ("FW208", "no-description", Info, "Nothing says what the pair does."),
        }
    }
}

/// Runs all rules.
pub(crate) fn check(_file: &File<'_>) -> Vec<Diagnostic> {
    Vec::new()
}
