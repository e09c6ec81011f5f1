//! `fusewright fix`: has a TRITON block mended by what its last verdict says.

use std::process::ExitCode;

use anyhow::bail;
use fusewright_engine::argument::as_argument;
use fusewright_engine::dataset::attempts::AttemptKind;
use fusewright_engine::progress::{CancellationToken, Event, Progress};
use fusewright_engine::prompts::Failure;
use fusewright_engine::remembered::VerdictStore;
use fusewright_engine::source;
use fusewright_engine::verdict::{Implementation, Ruling, VerdictLine};
use fusewright_pair::{BlockKind, PairFile};

use super::job::INTERRUPTED;
use super::output::{self, COULD_NOT, ERROR};
use super::writing::{self, Desk};

/// Mends the block. The statuses are those of `generate`; 0 too where there is nothing to mend.
pub(crate) fn run(args: &writing::Args) -> anyhow::Result<ExitCode> {
    writing::run(args, AttemptKind::Fix, async |desk, cancel| fix(args, desk, cancel).await)
}

async fn fix(args: &writing::Args, desk: &Desk<'_>, cancel: &CancellationToken) -> anyhow::Result<u8> {
    let (file, argument) = (args.file.display(), as_argument(&args.file));
    let pair = PairFile::parse(&*desk.text);
    let Some(block) = pair.code(BlockKind::Triton).filter(|code| !code.trim().is_empty()) else {
        if pair.block(BlockKind::Python).is_none() {
            bail!("{file} is not a pair file: {}", source::NO_MARKER);
        }
        bail!("{file} has no TRITON block to mend: run `fusewright generate {argument}`");
    };
    if desk.writer.is_inductor() {
        bail!(
            "TorchInductor writes kernels and mends none: name a model with --provider, or run `fusewright generate {argument}` to have the block replaced"
        );
    }
    let remembered = pair.hash().and_then(|hash| VerdictStore::of_user()?.recall(hash));
    let verdict = if let Some(verdict) = remembered {
        verdict
    } else {
        let note = format!("no verdict on {file} as it is now is remembered, so it is verified first");
        desk.shown.report(Event::Note(note));
        desk.judge(&desk.text, cancel).await
    };
    if cancel.is_cancelled() {
        output::note(format_args!("cancelled: {file} is as it was"));
        return Ok(INTERRUPTED);
    }
    if let Some((status, sentence)) = nothing_to_mend(&verdict, args.instructions.is_some()) {
        let sentence = format!("{file} {sentence}");
        desk.shown.suspend(|| {
            if status == 0 {
                return output::line(&sentence);
            }
            output::note(format_args!("{ERROR}error{ERROR:#}: {sentence}"));
            Ok(())
        })?;
        return Ok(status);
    }
    desk.write(&[Failure::of(&verdict, block, &desk.text)], cancel).await
}

/// What keeps a verdict from being a reason to write the kernel anew, and the status that the command ends with.
fn nothing_to_mend(verdict: &VerdictLine, instructed: bool) -> Option<(u8, String)> {
    let reason = || verdict.reason.clone().unwrap_or_default();
    match (verdict.verdict, verdict.error.as_ref().map(|error| error.implementation)) {
        (None, _) => Some((COULD_NOT, format!("could not be judged: {}", reason()))),
        (_, Some(implementation @ (Implementation::Pytorch | Implementation::Test))) => {
            let block = if implementation == Implementation::Test { "TEST" } else { "PYTHON" };
            Some((1, format!("fails in its {block} block, which only you may change: {}", reason())))
        }
        (Some(Ruling::Pass | Ruling::Untimed), _) if !instructed => {
            let word = verdict.verdict.map_or("pass", Ruling::word);
            Some((
                0,
                format!(
                    "has nothing to mend: its verdict is \"{word}\" (say with --instructions what to change)"
                ),
            ))
        }
        _ => None,
    }
}
