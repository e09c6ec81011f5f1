//! Why nothing was written.

use std::path::PathBuf;

use thiserror::Error;

use crate::model::{AnswerError, ModelError, Prompt, Usage};
use crate::prompts::{Failure, PromptError};
use crate::source::NO_MARKER;
use crate::verdict::{Implementation, PairError, Stage, VerdictLine};
use crate::verify::InductorError;

/// Why nothing was written. The file is then as it was.
#[derive(Debug, Error)]
pub enum GenerateError {
    /// The file holds no pair.
    #[error("{} is not a pair file: {NO_MARKER}", .0.display())]
    NotAPair(PathBuf),
    /// Something outside the TRITON block keeps a kernel from being written.
    #[error("{}:{line}: {message}", file.display())]
    Unready {
        /// The pair file.
        file: PathBuf,
        /// The 1-based line.
        line: u32,
        /// What is wrong there.
        message: String,
    },
    /// The prompt cannot be made.
    #[error(transparent)]
    Prompt(#[from] PromptError),
    /// The model gave no whole answer.
    #[error(transparent)]
    Model(#[from] ModelError),
    /// The model answered, but not with what was asked for. That is a failed attempt.
    #[error("{} did not answer with {}: {}", .0.writer, .0.wanted, .0.reason)]
    Unusable(Box<Unusable>),
    /// TorchInductor writes kernels for references, and no references.
    #[error("TorchInductor writes the kernel of a reference, not a whole pair: name a model under [model]")]
    NoReference,
    /// TorchInductor has no kernel for this reference.
    #[error("TorchInductor wrote no kernel: {0}")]
    Inductor(InductorError),
    /// What TorchInductor wrote cannot stand in the file.
    #[error("what TorchInductor wrote cannot stand in the TRITON block: {0}")]
    Misfit(String),
    /// The user ended it.
    #[error("cancelled")]
    Cancelled,
}

/// An answer that is none.
#[derive(Debug, Clone)]
pub struct Unusable {
    /// Who answered.
    pub writer: String,
    /// What was asked for: "a kernel".
    pub wanted: &'static str,
    /// What came instead.
    pub reason: AnswerError,
    /// The whole answer.
    pub answer: String,
    /// What was asked.
    pub prompt: Prompt,
    /// The tokens used, where the provider tells.
    pub usage: Option<Usage>,
    /// How long it took.
    pub seconds: f64,
}

impl Unusable {
    /// The verdict line that such an attempt has: nothing was run.
    pub fn verdict(&self, file: &str) -> VerdictLine {
        let error = PairError {
            implementation: Implementation::Triton,
            stage: Stage::Parse,
            kind: "NoKernel".to_owned(),
            message: self.reason.to_string(),
            line: None,
            traceback: String::new(),
        };
        VerdictLine::failed(file, error)
    }

    /// What the next attempt is told of it.
    pub fn failure(&self) -> Failure {
        Failure::unusable(&self.answer, self.reason.to_string())
    }
}

impl GenerateError {
    /// The answer that was of no use, which counts as a failed attempt.
    pub fn unusable(&self) -> Option<&Unusable> {
        match self {
            Self::Unusable(unusable) => Some(unusable),
            _ => None,
        }
    }

    /// Whether the user ended it.
    pub fn is_cancelled(&self) -> bool {
        matches!(
            self,
            Self::Cancelled | Self::Model(ModelError::Cancelled) | Self::Inductor(InductorError::Cancelled)
        )
    }
}
