//! Has TorchInductor write a pair's TRITON block, in the harness.

use std::path::PathBuf;
use std::sync::Arc;

use fusewright_pair::{BlockKind, PairFile};

use super::{Unasked, Verifier, VerifyRequest, error_of, name, pair};
use crate::harness::{HarnessError, InductorKernel, Unwritten};
use crate::progress::{CancellationToken, Progress};
use crate::verdict::{Implementation, PairError, Stage};

/// A pair whose TRITON block is to be written. There may be none yet, or one that is broken.
#[derive(Debug, Clone)]
pub struct InductorRequest {
    /// The file, as the user named it.
    pub file: PathBuf,
    /// Its text, which an editor may not have saved yet.
    pub text: Arc<str>,
    /// The time limit in seconds, where it is not the settings' own.
    pub timeout_s: Option<f64>,
}

impl InductorRequest {
    /// A pair whose kernel is to be written as the settings say.
    pub fn new(file: impl Into<PathBuf>, text: impl Into<Arc<str>>) -> Self {
        Self { file: file.into(), text: text.into(), timeout_s: None }
    }
}

/// Why TorchInductor wrote no kernel. Each is one sentence for the user.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum InductorError {
    /// There is no kernel for something that the reference does.
    #[error("{message}")]
    Unsupported {
        /// The operator.
        operator: String,
        /// The sentence, which names it.
        message: String,
        /// The 1-based line of the pair file that asks for it, where it is known.
        line: Option<u32>,
    },
    /// The environment's torch is not one whose kernels can be made standalone.
    #[error("{0}")]
    Version(String),
    /// The pair's own PYTHON or TEST block failed.
    #[error("{}", sentence(.0))]
    Pair(Box<PairError>),
    /// Fusewright or the machine failed.
    #[error("{}", .0.message)]
    Machine(Box<PairError>),
    /// The user stopped it.
    #[error("cancelled")]
    Cancelled,
}

impl InductorError {
    /// The 1-based line of the pair file that it is about, where there is one.
    pub fn line(&self) -> Option<u32> {
        match self {
            Self::Unsupported { line, .. } => *line,
            Self::Pair(error) | Self::Machine(error) => error.line,
            Self::Version(_) | Self::Cancelled => None,
        }
    }
}

impl Verifier {
    /// Has TorchInductor write the TRITON block of a pair, from its PYTHON and TEST blocks alone. Nothing is judged.
    pub async fn inductor(
        &self,
        request: InductorRequest,
        progress: &dyn Progress,
        cancel: &CancellationToken,
    ) -> Result<InductorKernel, InductorError> {
        let file = PairFile::parse(Arc::clone(&request.text));
        let subject = pair::subject(&name(&request.file), &file).map_err(of_pair)?;
        let mut as_verified = VerifyRequest::new(request.file, request.text);
        as_verified.timeout_s = request.timeout_s;
        let options = self.harness_options(&as_verified);
        let written = async {
            let harness = self.harness(progress, cancel).await?;
            Ok::<_, Unasked>(harness.inductor(&subject, &options, progress, cancel).await?)
        };
        match written.await {
            Ok(written) => written.map_err(of_harness),
            Err(Unasked::Harness(HarnessError::Cancelled)) => Err(InductorError::Cancelled),
            Err(error) => Err(InductorError::Machine(Box::new(error_of(&error)))),
        }
    }
}

fn of_pair(error: PairError) -> InductorError {
    InductorError::Pair(Box::new(error))
}

fn of_harness(unwritten: Unwritten) -> InductorError {
    let Unwritten { error, operator } = unwritten;
    match (operator, error.kind.as_str(), error.implementation) {
        (Some(operator), ..) => {
            InductorError::Unsupported { operator, message: error.message, line: error.line }
        }
        (None, "TorchNotCovered", _) => InductorError::Version(error.message),
        (None, _, Implementation::Harness | Implementation::Triton) => {
            InductorError::Machine(Box::new(error))
        }
        (None, _, Implementation::Pytorch | Implementation::Test) => of_pair(error),
    }
}

fn sentence(error: &PairError) -> String {
    let block = match error.implementation {
        Implementation::Pytorch => BlockKind::Python.tag(),
        Implementation::Triton => BlockKind::Triton.tag(),
        Implementation::Test => BlockKind::Test.tag(),
        Implementation::Harness => return error.message.clone(),
    };
    match error.line {
        // What the rules say of the text names its block.
        _ if error.stage == Stage::Parse => error.message.clone(),
        Some(line) => format!("{block}, line {line}: {}", error.message),
        None => format!("{block}: {}", error.message),
    }
}
