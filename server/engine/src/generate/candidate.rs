//! Writes whole pairs, for ideas and tasks.

use std::path::Path;
use std::sync::Arc;

use fusewright_pair::{BlockKind, PairFile, Style};

use super::error::{GenerateError, Unusable};
use super::{Generator, Written, telling};
use crate::model::{AnswerError, find_pair};
use crate::progress::{CancellationToken, Progress};
use crate::prompts::{Commission, Failure, nearest_to_idea, whole_lines};

/// How a pair's file is laid out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Layout {
    /// Blocks end where the next one begins; the functions are called as suits the idea.
    Open,
    /// Blocks end at closing markers; the functions are `fused_kernel_pytorch` and `fused_kernel_triton_wrapper`.
    Closed,
}

/// A pair that is to be written.
#[derive(Debug, Clone, Copy)]
pub struct Assignment<'a> {
    /// What it computes: an idea, or the operations of a task.
    pub about: &'a str,
    /// What else is to be kept to, in words; may be empty.
    pub instructions: &'a str,
    /// Where it will lie.
    pub file: &'a Path,
    /// How the file is laid out.
    pub layout: Layout,
    /// How recorded answers name it.
    pub subject: &'a str,
    /// The files that were tried before, and what became of each, oldest first.
    pub failures: &'a [(String, Failure)],
}

impl Generator<'_> {
    /// Writes a whole pair: its three blocks and a docstring. Only a model can; TorchInductor needs a reference.
    pub async fn candidate(
        &self,
        assignment: Assignment<'_>,
        progress: &dyn Progress,
        cancel: &CancellationToken,
    ) -> Result<Written, GenerateError> {
        let model = self.writer.model().ok_or(GenerateError::NoReference)?;
        let commission = self.commission(&assignment).await;
        let prompts = self.prompts()?;
        let before = assignment.failures.last().map(|(text, _)| Arc::from(text.as_str()));
        let hint = match before {
            Some(before) => self.hint(&prompts, assignment.file, &before, progress, cancel).await,
            None => None,
        };
        let said = hint.as_deref().map(whole_lines);
        let prompt = prompts.candidate(&commission, assignment.failures, said.as_deref())?;
        let answered = telling::ask(model, &prompt, "writing the pair", progress, cancel).await?;
        let writer = self.writer.label();
        let (style, title) = match assignment.layout {
            Layout::Open => (Style::Open, assignment.about.to_owned()),
            Layout::Closed => (Style::Closed, format!("Fused Kernels: {}", assignment.about)),
        };
        let found = find_pair(&answered.completion.text, style, &title)
            .and_then(|text| if self.is_kept_out(&text) { Err(AnswerError::Copied) } else { Ok(text) })
            .map_err(|reason| answered.completion.blame(reason));
        let (answer, usage, seconds) =
            (answered.completion.text, answered.completion.usage, answered.seconds);
        let text = match found {
            Ok(text) => text,
            Err(reason) => {
                let unusable = Unusable { writer, wanted: "a pair", reason, answer, prompt, usage, seconds };
                return Err(GenerateError::Unusable(Box::new(unusable)));
            }
        };
        let block = PairFile::parse(&*text).code(BlockKind::Triton).unwrap_or_default().to_owned();
        self.remember(&block, assignment.failures.len(), hint.is_some(), progress);
        let prompt = Some(prompt);
        Ok(Written {
            new_text: text.clone(),
            replaced: 0..0,
            text,
            block,
            writer,
            usage,
            seconds,
            prompt,
            answer,
        })
    }

    /// Whether the kernel of a pair is one of TorchInductor's, repeated, and the dataset takes none of those.
    fn is_kept_out(&self, text: &str) -> bool {
        let pair = PairFile::parse(text);
        let block = pair.code(BlockKind::Triton).unwrap_or_default();
        let known = self.writer.authors.as_ref().and_then(|authors| authors.recall(block));
        !self.settings.dataset.allow_inductor && known.is_some_and(|author| author.is_inductor())
    }

    async fn commission(&self, assignment: &Assignment<'_>) -> Commission {
        let name = |name: &str| (assignment.layout == Layout::Closed).then(|| name.to_owned());
        let instructions = assignment.instructions.trim();
        Commission {
            about: assignment.about.trim().to_owned(),
            instructions: (!instructions.is_empty()).then(|| instructions.to_owned()),
            reference: name("fused_kernel_pytorch"),
            candidate: name("fused_kernel_triton_wrapper"),
            closed: assignment.layout == Layout::Closed,
            target: self.target(),
            triton: self.triton(),
            examples: self.examples(assignment.about, nearest_to_idea).await,
            subject: assignment.subject.to_owned(),
        }
    }
}
