//! Kernels that were written in this session, or left behind by one that was killed, and have no verdict yet: with it
//! they become lines of `attempts.jsonl`, and without one where the session ends first.

use std::collections::VecDeque;

use fusewright_engine::dataset::Waiting;
use fusewright_pair::{BlockKind, PairFile};

/// How many kernels may wait for their verdicts.
const MOST: usize = 64;

/// The kernels that wait, the oldest first.
#[derive(Debug, Default)]
pub(crate) struct Unjudged(VecDeque<(Code, Waiting)>);

/// What makes a kernel the one that was written: an edit of it is somebody else's work.
type Code = [String; 2];

impl Unjudged {
    /// Enters a kernel, wherever it stands; gives back one that need not wait any longer.
    pub(crate) fn enter(&mut self, waiting: Waiting) -> Option<Waiting> {
        let blocks = &waiting.line().code;
        let code = [&blocks.python, &blocks.triton].map(|code| unified(code));
        // The same kernel once more is an attempt more, and the verdict will be the later one's.
        let twin = self.0.iter().position(|(other, _)| *other == code).and_then(|at| self.0.remove(at));
        self.0.push_back((code, waiting));
        let oldest = if self.0.len() > MOST { self.0.pop_front() } else { None };
        twin.or(oldest).map(|(_, waiting)| waiting)
    }

    /// Takes out all that still wait.
    pub(crate) fn drain(&mut self) -> Vec<Waiting> {
        self.0.drain(..).map(|(_, waiting)| waiting).collect()
    }

    /// Takes out the kernel that stands in `judged`, if it was written here and nobody has touched it.
    pub(crate) fn take(&mut self, judged: &PairFile) -> Option<Waiting> {
        if self.0.is_empty() {
            return None;
        }
        let code =
            [BlockKind::Python, BlockKind::Triton].map(|kind| unified(judged.code(kind).unwrap_or_default()));
        let at = self.0.iter().position(|(other, _)| *other == code)?;
        self.0.remove(at).map(|(_, waiting)| waiting)
    }
}

/// Editors may have line ends of their own.
fn unified(code: &str) -> String {
    code.replace("\r\n", "\n")
}
