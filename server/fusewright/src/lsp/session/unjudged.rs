//! Kernels that were written in this session and have no verdict yet: with it they become lines of `attempts.jsonl`,
//! and without one where the session ends first.

use std::collections::VecDeque;
use std::path::PathBuf;

use fusewright_engine::dataset::attempts::{self, Attempt};
use fusewright_engine::generate::{LoneAttempt, Written};
use fusewright_engine::verdict::VerdictLine;
use fusewright_pair::{BlockKind, PairFile};

/// How many kernels may wait for their verdicts.
const MOST: usize = 64;

/// A kernel without a verdict.
#[derive(Debug)]
pub(crate) struct Draft {
    /// The workspace that it was written in.
    pub(crate) root: PathBuf,
    /// What it was written for.
    pub(crate) attempt: LoneAttempt,
    /// The kernel.
    pub(crate) written: Written,
}

impl Draft {
    /// Its line of `attempts.jsonl`.
    pub(crate) fn judged(&self, judged: &PairFile, verdict: VerdictLine) -> Attempt {
        self.attempt.judged(&self.written, judged, verdict)
    }

    /// Its line where it gets no verdict.
    pub(crate) fn unjudged(&self) -> attempts::Unjudged {
        self.attempt.unjudged(&self.written)
    }
}

/// The kernels that wait, the oldest first.
#[derive(Debug, Default)]
pub(crate) struct Unjudged(VecDeque<(Code, Draft)>);

/// What makes a kernel the one that was written: an edit of it is somebody else's work.
type Code = [String; 2];

impl Unjudged {
    /// Enters a kernel, wherever it stands; gives back one that need not wait any longer.
    pub(crate) fn enter(&mut self, draft: Draft) -> Option<Draft> {
        let code = code(&PairFile::parse(draft.written.text.as_str()));
        // The same kernel once more is an attempt more, and the verdict will be the later one's.
        let twin = self.0.iter().position(|(other, _)| *other == code).and_then(|at| self.0.remove(at));
        self.0.push_back((code, draft));
        let oldest = if self.0.len() > MOST { self.0.pop_front() } else { None };
        twin.or(oldest).map(|(_, draft)| draft)
    }

    /// Takes out all that still wait.
    pub(crate) fn drain(&mut self) -> Vec<Draft> {
        self.0.drain(..).map(|(_, draft)| draft).collect()
    }

    /// Takes out the kernel that stands in `judged`, if it was written here and nobody has touched it.
    pub(crate) fn take(&mut self, judged: &PairFile) -> Option<Draft> {
        if self.0.is_empty() {
            return None;
        }
        let code = code(judged);
        let at = self.0.iter().position(|(other, _)| *other == code)?;
        self.0.remove(at).map(|(_, draft)| draft)
    }
}

fn code(pair: &PairFile) -> Code {
    // Editors may have line ends of their own.
    let code = |kind| pair.code(kind).unwrap_or_default().replace("\r\n", "\n");
    [code(BlockKind::Python), code(BlockKind::Triton)]
}
