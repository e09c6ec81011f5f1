//! What `generate` and `fix` share: who writes, how it is shown, and where it goes.

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::Context;
use fusewright_engine::config::{Options, Settings};
use fusewright_engine::dataset::attempts::{Attempt, AttemptKind};
use fusewright_engine::dataset::{DatasetError, Waiting};
use fusewright_engine::generate::{
    GenerateError, Generator, LoneAttempt, Placed, Request, Writer, Written, keep, place,
};
use fusewright_engine::progress::{CancellationToken, Event, Progress};
use fusewright_engine::prompts::Failure;
use fusewright_engine::source;
use fusewright_engine::verdict::VerdictLine;
use fusewright_engine::verify::{InductorError, Verifier, VerifierOptions, VerifyRequest};
use fusewright_engine::workspace::Workspace;
use fusewright_pair::{BlockKind, PairFile};
use serde_json::json;

use super::job::{self, INTERRUPTED, Shown};
use super::output::{self, COULD_NOT, ERROR, GOOD, QUIET, WARNING};
use super::writer_args::WriterArgs;
use super::{settings, verdict_report};

/// Arguments of `fusewright generate` and `fusewright fix`.
#[derive(Debug, clap::Args)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of its own")]
pub(crate) struct Args {
    /// The pair file
    #[arg(value_name = "FILE")]
    pub(super) file: PathBuf,
    #[command(flatten)]
    pub(super) writer: WriterArgs,
    /// What the kernel should keep to, in words
    #[arg(long, value_name = "TEXT")]
    pub(super) instructions: Option<String>,
    /// Judge the pair afterwards; the status is then the verdict's
    #[arg(long)]
    pub(super) verify: bool,
    /// Print the TRITON block and leave the file as it is
    #[arg(long)]
    pub(super) dry_run: bool,
    /// Print what was done as one line of JSON, and nothing else
    #[arg(long)]
    pub(super) json: bool,
    /// With --verify: end with status 0 for a pair that is right but could not be timed for want of a GPU
    #[arg(long, requires = "verify")]
    pub(super) allow_untimed: bool,
}

/// One file that a kernel is written for, and all that is needed for it.
pub(super) struct Desk<'a> {
    args: &'a Args,
    kind: AttemptKind,
    pub(super) text: Arc<str>,
    settings: Settings,
    root: PathBuf,
    pub(super) writer: Writer,
    verifier: Verifier,
    pub(super) shown: Shown,
}

/// What a command ends with: its status.
type Ended = anyhow::Result<u8>;

/// Runs a command's work on its file, and cleans up behind it.
pub(super) fn run(
    args: &Args,
    kind: AttemptKind,
    work: impl AsyncFnOnce(&Desk<'_>, &CancellationToken) -> Ended,
) -> anyhow::Result<ExitCode> {
    let text = source::read(&args.file)?;
    let flags = Options { model: args.writer.options(), ..Options::default() };
    let (Workspace { root }, settings) = settings::of(&args.file, &flags);
    let writer = args.writer.writer(&settings, &root)?;
    let verifier = Verifier::new(VerifierOptions::new(settings.clone()));
    let shown = if args.json { Shown::notes_only() } else { Shown::with_answers() };
    let desk = Desk { args, kind, text, settings, root, writer, verifier, shown };
    job::run(async |cancel| {
        let ended = work(&desk, cancel).await;
        desk.verifier.shut_down().await;
        ended.map(ExitCode::from)
    })?
}

impl Desk<'_> {
    /// Judges the file as it is.
    pub(super) async fn judge(&self, text: &Arc<str>, cancel: &CancellationToken) -> VerdictLine {
        let request = VerifyRequest::new(&self.args.file, Arc::clone(text));
        self.verifier.verify(request, &self.shown, cancel).await
    }

    /// Has the kernel written, puts it into the file, judges it where that was asked for, and says what was done. Where a
    /// verdict is asked for, Python starts while the model writes.
    pub(super) async fn write(&self, failures: &[Failure], cancel: &CancellationToken) -> Ended {
        let warm = async {
            if self.args.verify {
                self.verifier.warm_up(cancel).await;
            }
            std::future::pending().await
        };
        tokio::select! {
            biased;
            ended = self.write_cold(failures, cancel) => ended,
            never = warm => never,
        }
    }

    async fn write_cold(&self, failures: &[Failure], cancel: &CancellationToken) -> Ended {
        let request = Request {
            file: &self.args.file,
            text: Arc::clone(&self.text),
            failures,
            fix: self.kind == AttemptKind::Fix,
            instructions: self.args.instructions.as_deref(),
        };
        let generator = Generator {
            settings: &self.settings,
            root: &self.root,
            writer: &self.writer,
            verifier: &self.verifier,
        };
        let written = generator.kernel(request, &self.shown, cancel).await;
        self.shown.finish_answer();
        let written = match written {
            Ok(written) => written,
            Err(error) => {
                if let Some(unusable) = error.unusable() {
                    let pair = PairFile::parse(&*self.text);
                    self.keep(&self.attempt(failures.len()).unusable(unusable, &pair));
                }
                return Ok(self.refuse(&error));
            }
        };
        // The verdict does not wait for the disk.
        let judging = async {
            if !self.args.verify {
                return None;
            }
            Some(self.judge(&Arc::from(written.text.as_str()), cancel).await)
        };
        let (verdict, waiting, placed) =
            tokio::join!(biased; judging, self.hold(&written, failures.len()), self.place(&written));
        let blocks = waiting.line().code.clone();
        self.told(match &verdict {
            Some(verdict) => waiting.judged(blocks, verdict.clone()),
            None => waiting.unjudged(),
        });
        let placed = placed?;
        self.report(&written, placed.as_ref(), verdict.as_ref())?;
        let beside = u8::from(matches!(placed, Some(Placed::Beside(_))));
        Ok(verdict.map_or(0, |verdict| verdict.exit_status(self.args.allow_untimed)).max(beside))
    }

    async fn place(&self, written: &Written) -> anyhow::Result<Option<Placed>> {
        if self.args.dry_run {
            return Ok(None);
        }
        let (file, before, text) = (self.args.file.clone(), Arc::clone(&self.text), written.text.clone());
        let placed = tokio::task::spawn_blocking(move || place(&file, &before, &text)).await?;
        if placed.is_err() {
            // What was paid for is not lost with the disk.
            self.shown.suspend(|| output::note(&written.block));
        }
        let file = self.args.file.display();
        Ok(Some(placed.with_context(|| format!("{file} cannot be written: the block is above"))?))
    }

    fn report(
        &self,
        written: &Written,
        placed: Option<&Placed>,
        verdict: Option<&VerdictLine>,
    ) -> anyhow::Result<()> {
        let file = self.args.file.display();
        if self.args.json {
            let (written_to, beside) = match placed {
                Some(Placed::InPlace) => (Some(file.to_string()), false),
                Some(Placed::Beside(path)) => (Some(path.display().to_string()), true),
                None => (None, false),
            };
            let hash = PairFile::parse(written.text.as_str()).hash().map(str::to_owned);
            return output::json(&json!({
                "file": file.to_string(), "written_to": written_to, "beside": beside, "writer": written.writer,
                "seconds": written.seconds, "usage": written.usage, "hash": hash, "triton_code": written.block,
                "verdict": verdict,
            }));
        }
        self.shown.suspend(|| {
            if placed.is_none() {
                output::bytes(written.block.as_bytes())?;
            }
            output::note(done(written));
            match placed {
                Some(Placed::InPlace) => {
                    output::line(format_args!("{GOOD}written{GOOD:#} {file}: {}", what(written)))?;
                }
                Some(Placed::Beside(path)) => output::note(format_args!(
                    "{WARNING}note{WARNING:#}: {file} was changed while the kernel was written, and was left alone: the new text is in {}",
                    path.display()
                )),
                None => {}
            }
            if let Some(verdict) = verdict {
                output::line(verdict_report::of(verdict, Some(&written.text)))?;
            }
            Ok(())
        })
    }

    /// Says why nothing was written; 1 where the fault is the pair's or the answer's, 2 where the work could not be done.
    fn refuse(&self, error: &GenerateError) -> u8 {
        let file = self.args.file.display();
        if error.is_cancelled() {
            self.shown.suspend(|| output::note(format_args!("cancelled: {file} is as it was")));
            return INTERRUPTED;
        }
        let status = match error {
            GenerateError::Unusable(_)
            | GenerateError::Misfit(_)
            | GenerateError::Unready { .. }
            | GenerateError::Inductor(InductorError::Unsupported { .. } | InductorError::Pair(_)) => 1,
            _ => COULD_NOT,
        };
        if self.args.json {
            // A closed pipe ends the command a line later anyway.
            let _ = output::json(
                &json!({"file": file.to_string(), "written_to": null, "error": error.to_string()}),
            );
        }
        self.shown.suspend(|| output::note(format_args!("{ERROR}error{ERROR:#}: {error}")));
        status
    }

    fn attempt(&self, failures: usize) -> LoneAttempt {
        LoneAttempt { kind: self.kind, file: self.args.file.display().to_string(), failures }
    }

    /// Has an attempt on the disk until its line is there: a kill meanwhile does not lose what was paid for.
    async fn hold(&self, written: &Written, failures: usize) -> Waiting {
        let new = |root: &Path, attempt: &LoneAttempt, written: &Written| {
            Waiting::new(root, attempt.unjudged(written))
        };
        let attempt = self.attempt(failures);
        let (root, held_attempt, held_written) = (self.root.clone(), attempt.clone(), written.clone());
        let held = tokio::task::spawn_blocking(move || {
            let mut waiting = new(&root, &held_attempt, &held_written);
            // What a process that was killed left behind gets its line now.
            if let Err(error) = Waiting::settle(&root).and_then(|()| waiting.hold()) {
                // Should the line fail as well, the user is told then.
                tracing::warn!(%error, "an attempt is not on the disk while it is judged");
            }
            waiting
        });
        held.await.unwrap_or_else(|_| new(&self.root, &attempt, written))
    }

    fn keep(&self, attempt: &Attempt) {
        self.told(keep(&self.root, attempt));
    }

    fn told(&self, kept: Result<(), DatasetError>) {
        if let Err(error) = kept {
            self.shown.report(Event::Note(format!("the attempt is not in attempts.jsonl: {error}")));
        }
    }
}

/// Who wrote it, and what it took.
fn done(written: &Written) -> String {
    let usage = written.usage.map(|usage| format!(" ({usage})")).unwrap_or_default();
    format!("{QUIET}{} took {:.1} s{usage}{QUIET:#}", written.writer, written.seconds)
}

/// What stands in the block now.
fn what(written: &Written) -> String {
    let pair = PairFile::parse(written.text.as_str());
    let kernels: Vec<&str> = pair.kernels().iter().map(|kernel| kernel.name.as_str()).collect();
    let lines = pair.code(BlockKind::Triton).unwrap_or_default().trim().lines().count();
    let wrapper = pair.candidate_name().unwrap_or_default();
    format!("`{wrapper}` with {}, {lines} lines", kernels.join(", "))
}
