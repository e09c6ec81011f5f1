//! Has candidates written, and failures analysed, by whoever writes.

use std::sync::Arc;

use super::entry::{Draft, Kind, Subject, digest};
use super::error::WorkError;
use super::ledger::Run;
use super::shift::Shift;
use crate::compose;
use crate::dataset::attempts::{Attempt, Message};
use crate::generate::{Analysis, Assignment, GenerateError, Generator, Layout, Request, Unusable, Written};
use crate::prompts::Failure;
use crate::verdict::{Implementation, PairError, Stage, VerdictLine};
use crate::verify::InductorError;

/// The fault of an answer without a pair in it, as [`Unusable::verdict`] has it.
const NO_KERNEL: &str = "NoKernel";
/// The fault of an idea that cannot be written at all.
const NOT_WRITTEN: &str = "NotWritten";

/// What came of writing.
pub(super) enum Drafted {
    /// A candidate.
    Pair(Draft),
    /// None, which is a failed attempt; `draft` holds what was asked and answered.
    Nothing {
        /// With no text.
        draft: Draft,
        /// What went wrong.
        verdict: Box<VerdictLine>,
    },
}

/// Has the candidate of an attempt written.
pub(super) async fn write(
    shift: &Shift<'_>,
    subject: &Subject,
    run: &Run,
    attempt: u32,
    made: &[Attempt],
) -> Result<Drafted, WorkError> {
    let file = shift.tools.root.join(&run.file).display().to_string();
    let not_written = |message: String| {
        let verdict = Box::new(VerdictLine::failed(&file, fault(message)));
        Ok(Drafted::Nothing { draft: empty(shift.tools.writer.label()), verdict })
    };
    let written = if shift.tools.writer.is_inductor() {
        match drafted(subject, run, attempt) {
            Ok(text) => kernel(shift, run, text).await,
            Err(unknown) => return not_written(unknown.to_string()),
        }
    } else {
        pair(shift, subject, run, made).await
    };
    match written {
        Ok(written) => Ok(Drafted::Pair(draft(subject, written, attempt))),
        Err(error) if error.is_cancelled() => Err(WorkError::Cancelled),
        Err(GenerateError::Unusable(unusable)) => {
            let verdict = Box::new(unusable.verdict(&file));
            Ok(Drafted::Nothing { draft: of_unusable(*unusable), verdict })
        }
        // A machine that cannot ask TorchInductor says nothing about the idea.
        Err(
            error @ (GenerateError::Inductor(InductorError::Unsupported { .. } | InductorError::Pair(_))
            | GenerateError::Misfit(_)
            | GenerateError::Unready { .. }),
        ) => not_written(error.to_string()),
        Err(error) => Err(error.into()),
    }
}

fn fault(message: String) -> PairError {
    PairError {
        implementation: Implementation::Triton,
        stage: Stage::Parse,
        kind: NOT_WRITTEN.to_owned(),
        message,
        line: None,
        traceback: String::new(),
    }
}

/// PYTHON and TEST of what is worked at, in its layout, without a model.
fn drafted(subject: &Subject, run: &Run, attempt: u32) -> Result<String, compose::Unknown> {
    match subject.kind {
        Kind::Idea => Ok(compose::open_file(&compose::draft(&subject.about)?, "")),
        Kind::Task => Ok(compose::task_file(&compose::draft(&run.brief)?.for_task(), "", attempt)),
    }
}

fn generator<'a>(shift: &Shift<'a>) -> Generator<'a> {
    let super::Tools { root, settings, writer, verifier } = shift.tools;
    Generator { settings, root, writer, verifier }
}

async fn kernel(shift: &Shift<'_>, run: &Run, text: String) -> Result<Written, GenerateError> {
    let file = shift.tools.root.join(&run.file);
    let request =
        Request { file: &file, text: Arc::from(text), failures: &[], fix: false, instructions: None };
    generator(shift).kernel(request, shift.progress, shift.cancel).await
}

async fn pair(
    shift: &Shift<'_>,
    subject: &Subject,
    run: &Run,
    made: &[Attempt],
) -> Result<Written, GenerateError> {
    let slug = slug(&subject.about);
    let failures: Vec<_> = made.iter().map(|attempt| failure(run, attempt)).collect();
    // What a task says beyond its first line: what each operation means, and what it is applied to.
    let instructions = run.brief.split_once('\n').map_or("", |(_, rest)| rest.trim());
    let file = shift.tools.root.join(&run.file);
    let assignment = Assignment {
        about: &subject.about,
        instructions,
        file: &file,
        layout: match subject.kind {
            Kind::Idea => Layout::Open,
            Kind::Task => Layout::Closed,
        },
        subject: &slug,
        failures: &failures,
    };
    generator(shift).candidate(assignment, shift.progress, shift.cancel).await
}

/// How recorded answers name an idea: `add, relu` is `add-relu`.
fn slug(about: &str) -> String {
    let words = about.split(|character: char| !character.is_alphanumeric()).filter(|word| !word.is_empty());
    let slug = words.collect::<Vec<_>>().join("-").to_lowercase();
    slug.chars().take(80).collect()
}

fn draft(subject: &Subject, written: Written, attempt: u32) -> Draft {
    // A model writes the blocks; measurement and main block are the loop's own.
    let laid_out = (subject.kind == Kind::Task && written.prompt.is_some())
        .then(|| compose::Parts::of(&written.text, &subject.about))
        .flatten()
        .map(|parts| compose::task_file(&parts.draft, &parts.triton, attempt));
    let text = laid_out.unwrap_or(written.text);
    Draft {
        digest: digest(text.as_bytes()),
        text,
        writer: written.writer,
        prompt: written.prompt.as_ref().map(Message::conversation),
        answer: written.answer,
        usage: written.usage,
        seconds: written.seconds,
    }
}

fn of_unusable(unusable: Unusable) -> Draft {
    Draft {
        writer: unusable.writer,
        prompt: Some(Message::conversation(&unusable.prompt)),
        answer: unusable.answer,
        usage: unusable.usage,
        seconds: unusable.seconds,
        ..empty(String::new())
    }
}

fn empty(writer: String) -> Draft {
    Draft {
        digest: String::new(),
        text: String::new(),
        writer,
        prompt: None,
        answer: String::new(),
        usage: None,
        seconds: 0.0,
    }
}

/// A failed attempt, as prompts tell of it: the file that was judged, and what became of it.
fn failure(run: &Run, attempt: &Attempt) -> (String, Failure) {
    let text = run.drafts.get(&attempt.attempt).map(|draft| draft.text.clone()).unwrap_or_default();
    let nothing = attempt.verdict.error.as_ref().is_some_and(|error| error.kind == NO_KERNEL);
    let mut failure = if nothing {
        Failure::unusable(&attempt.answer, attempt.verdict.reason.clone().unwrap_or_default())
    } else {
        Failure::of(&attempt.verdict, &attempt.code.triton, &text)
    };
    failure.analysis = attempt.analysis.as_ref().map(|analysis| {
        let (cause, fix) = (analysis.root_cause.trim(), analysis.planned_fix.trim());
        // Where no model analysed it, the cause is the verdict's own sentence, which is told anyway.
        let cause = if cause == failure.reason.trim() { String::new() } else { format!("{cause}\n\n") };
        format!("{cause}Planned fix: {fix}")
    });
    (text, failure)
}

/// Why an attempt failed, and what the next one will change.
pub(super) async fn analyse(
    shift: &Shift<'_>,
    run: &Run,
    draft: &Draft,
    attempt: &Attempt,
    made: &[Attempt],
) -> Result<Analysis, WorkError> {
    let failures: Vec<_> = made.iter().chain([attempt]).map(|attempt| failure(run, attempt).1).collect();
    let file = shift.tools.root.join(&run.file);
    let text = Arc::from(draft.text.as_str());
    let request = Request { file: &file, text, failures: &failures, fix: false, instructions: None };
    match generator(shift).analysis(request, shift.progress, shift.cancel).await {
        Ok(analysis) => Ok(analysis),
        Err(error) if error.is_cancelled() => Err(WorkError::Cancelled),
        Err(error) => Err(error.into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slug_names_an_idea() {
        assert_eq!(slug("add,  Leaky ReLU (0.1)"), "add-leaky-relu-0-1");
        assert_eq!(slug(&"é ".repeat(200)).chars().count(), 80);
    }
}
