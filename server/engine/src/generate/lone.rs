//! Attempts outside the loop: what `generate` and `fix` leave in `attempts.jsonl`, from the command line or an editor.

use std::path::Path;

use fusewright_pair::PairFile;
use serde::Serialize;

use super::{Unusable, Written};
use crate::dataset::DatasetError;
use crate::dataset::attempts::{Attempt, AttemptKind, Attempts, Blocks, Message, Unjudged, now};
use crate::workspace::DATA_FOLDER;

/// An attempt that stands alone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LoneAttempt {
    /// Whether a kernel is written or mended.
    pub kind: AttemptKind,
    /// The file, as its user names it.
    pub file: String,
    /// How many attempts the writer was told of.
    pub failures: usize,
}

impl LoneAttempt {
    /// Its line, where a kernel was written and has no verdict yet.
    pub fn unjudged(&self, written: &Written) -> Unjudged {
        let pair = PairFile::parse(written.text.as_str());
        let Written { writer, prompt, answer, usage, seconds, .. } = written.clone();
        Attempt {
            writer,
            prompt: prompt.as_ref().map(Message::conversation),
            answer,
            usage,
            seconds,
            ..self.line(Blocks::of(&pair), ())
        }
    }

    /// Its line, where the answer was none; `pair` is the text that it was asked for.
    pub fn unusable(&self, unusable: &Unusable, pair: &PairFile) -> Attempt {
        let Unusable { writer, prompt, answer, usage, seconds, .. } = unusable.clone();
        Attempt {
            writer,
            prompt: Some(Message::conversation(&prompt)),
            answer,
            usage,
            seconds,
            ..self.line(Blocks::of(pair), unusable.verdict(&self.file))
        }
    }

    fn line<V>(&self, code: Blocks, verdict: V) -> Attempt<V> {
        let number = u32::try_from(self.failures).unwrap_or(u32::MAX).saturating_add(1);
        Attempt {
            time: now(),
            kind: self.kind,
            about: self.file.clone(),
            run: None,
            attempt: number,
            of: number,
            writer: String::new(),
            prompt: None,
            answer: String::new(),
            code,
            verdict,
            analysis: None,
            usage: None,
            seconds: 0.0,
        }
    }
}

/// Keeps an attempt in the workspace at `root`: how a kernel failed and was mended is worth as much as the kernel.
/// Where the folder is no workspace, nothing is written.
pub fn keep<V: Serialize>(root: &Path, attempt: &Attempt<V>) -> Result<(), DatasetError> {
    if root.join(DATA_FOLDER).is_dir() { Attempts::of(root).append(attempt) } else { Ok(()) }
}
