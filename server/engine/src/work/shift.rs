//! Does what `next` says comes next, step by step, until an idea or a task is over.

mod attempt;
mod end;

use std::path::PathBuf;

use super::candidate::Candidate;
use super::entry::{Draft, Kind, Step, Subject};
use super::error::WorkError;
use super::journal::Notes;
use super::judgement::{Judgement, judge};
use super::ledger::Ledger;
use super::lock::WorkspaceLock;
use super::next::{Action, Disk, Recorded, next};
use super::rulings::take_away;
use super::{Finished, Tools, dataset};
use crate::config::Settings;
use crate::dataset::Waiting;
use crate::dataset::attempts::{Attempt, AttemptKind, Attempts};
use crate::progress::{CancellationToken, Event, Progress};

/// The folder of finished tasks, below the workspace's root.
pub(super) const FINISHED: &str = "data";

/// One process's turn at the work, alone in its workspace.
pub(super) struct Shift<'a> {
    pub(super) tools: Tools<'a>,
    pub(super) progress: &'a dyn Progress,
    pub(super) cancel: &'a CancellationToken,
    notes: Notes,
    attempts: Attempts,
    _lock: WorkspaceLock,
}

impl<'a> Shift<'a> {
    /// Takes the workspace, and puts away what a kill left of what is over.
    pub(super) fn begin(
        tools: Tools<'a>,
        progress: &'a dyn Progress,
        cancel: &'a CancellationToken,
    ) -> Result<Self, WorkError> {
        let lock = WorkspaceLock::take(tools.root)?;
        let (notes, attempts) = (Notes::of(tools.root), Attempts::of(tools.root));
        let shift = Self { tools, progress, cancel, notes, attempts, _lock: lock };
        if let Err(error) = Waiting::settle(tools.root) {
            tracing::warn!(%error, "what a killed process had written beside the loop is not in attempts.jsonl yet");
        }
        let ledger = shift.ledger()?;
        for file in ledger.left_over() {
            take_away(&ledger, &Candidate::at(tools.root.join(file)))?;
        }
        Ok(shift)
    }

    /// What became of everything so far.
    pub(super) fn ledger(&self) -> Result<Ledger, WorkError> {
        self.notes.read()
    }

    /// Notes a step.
    pub(super) fn note(&self, ledger: &mut Ledger, subject: &Subject, step: Step) -> Result<(), WorkError> {
        self.notes.add(ledger, subject, step)
    }

    /// The workspace's dataset.
    pub(super) fn dataset(&self) -> PathBuf {
        dataset(self.tools.root, self.tools.settings)
    }

    /// Works at one idea or task until it is over. `file` is its candidate's, relative to the root, where it is begun
    /// now; what was begun before keeps its own.
    pub(super) async fn work_at(
        &self,
        ledger: &mut Ledger,
        subject: &Subject,
        file: &str,
        brief: &str,
        number: Option<usize>,
    ) -> Result<Finished, WorkError> {
        let Tools { root, settings, writer, .. } = self.tools;
        let of = writer.attempts(settings.work.attempts);
        let mut made = self.made(ledger, subject)?;
        // Where nothing was tried yet, whoever writes now, as often as the settings say now, begins anew.
        let untried = ledger.run(subject).is_some_and(|run| {
            run.drafts.is_empty() && made.is_empty() && (run.of, &*run.writer) != (of, &*writer.label())
        });
        if untried {
            self.begun(ledger, subject, of, file, brief)?;
        }
        // What was begun by an earlier process is told of as well.
        let mut told = None;
        loop {
            if self.cancel.is_cancelled() {
                return Err(WorkError::Cancelled);
            }
            let file = ledger.run(subject).map_or(file, |run| &run.file).to_owned();
            let candidate = Candidate::at(root.join(&file));
            candidate.sweep()?;
            let recorded: Vec<_> = made.iter().map(|attempt| recorded(attempt, settings)).collect();
            let action = next(ledger, subject, &recorded, &candidate.disk()?);
            if let (Action::Write(attempt) | Action::Place(attempt) | Action::Judge(attempt), Some(run)) =
                (action, ledger.run(subject))
                && told.replace(attempt) != Some(attempt)
            {
                let about = subject.about.clone();
                let file = self.tools.root.join(&run.file);
                self.progress.report(Event::Attempt { number: attempt, of: run.of, about, file });
            }
            match action {
                Action::Begin => {
                    self.begun(ledger, subject, of, &file, brief)?;
                    made.clear();
                }
                Action::Write(attempt) => self.write(ledger, subject, attempt, &mut made).await?,
                Action::Place(attempt) => {
                    let draft = draft(ledger, subject, attempt)?;
                    candidate.place(&draft.text)?;
                    self.progress.report(Event::Candidate(candidate.path().to_owned()));
                }
                Action::Judge(attempt) => {
                    let draft = draft(ledger, subject, attempt)?.clone();
                    self.judge(ledger, subject, &candidate, attempt, &draft, &mut made).await?;
                }
                Action::Keep(attempt) => {
                    let Some(kept) = made.iter().find(|made| made.attempt == attempt) else { continue };
                    let step = self.keep(ledger, subject, &candidate, kept)?;
                    self.note(ledger, subject, step)?;
                }
                Action::GiveUp(attempts) => {
                    let reason = made.last().map(|last| failure(last, settings)).unwrap_or_default();
                    self.note(ledger, subject, Step::Abandoned { attempts, reason })?;
                }
                Action::Clear => {
                    candidate.remove()?;
                    self.progress.report(Event::Candidate(candidate.path().to_owned()));
                }
                Action::Refuse => return Err(refusal(ledger, candidate.path().to_owned(), &file)),
                Action::Rest => {
                    if candidate.disk()? != Disk::Absent {
                        let path = candidate.path().display();
                        self.progress.report(Event::Note(format!(
                            "{path} was changed meanwhile and is left where it is; delete it or move it before the next idea"
                        )));
                    }
                    return Ok(self.finished(ledger, subject, number, &made));
                }
            }
        }
    }

    fn begun(
        &self,
        ledger: &mut Ledger,
        subject: &Subject,
        of: u32,
        file: &str,
        brief: &str,
    ) -> Result<(), WorkError> {
        let step = Step::Begun {
            run: format!("{:016x}", fastrand::u64(..)),
            of,
            writer: self.tools.writer.label(),
            file: file.to_owned(),
            brief: brief.to_owned(),
        };
        self.note(ledger, subject, step)
    }

    /// The attempts of the present run that have their lines.
    fn made(&self, ledger: &Ledger, subject: &Subject) -> Result<Vec<Attempt>, WorkError> {
        match ledger.run(subject) {
            Some(run) => self.attempts.of_run(&run.id).map_err(WorkError::not_noted),
            None => Ok(Vec::new()),
        }
    }
}

fn draft<'a>(ledger: &'a Ledger, subject: &Subject, attempt: u32) -> Result<&'a Draft, WorkError> {
    let draft = ledger.run(subject).and_then(|run| run.drafts.get(&attempt));
    // Only an edited `attempts.jsonl` tells of an attempt that the journal does not hold.
    draft.ok_or_else(|| {
        WorkError::NotNoted(format!(
            "attempt {attempt} at \"{}\" is told of in attempts.jsonl and not in ideas.jsonl: give it up with `fusewright abandon`",
            subject.about
        ))
    })
}

fn recorded(attempt: &Attempt, settings: &Settings) -> Recorded {
    let kind = if attempt.kind == AttemptKind::Task { Kind::Task } else { Kind::Idea };
    let right = judge(&attempt.verdict, kind, &settings.dataset) == Judgement::Right;
    Recorded { attempt: attempt.attempt, right }
}

/// Why an attempt failed, in a sentence.
fn failure(attempt: &Attempt, settings: &Settings) -> String {
    let kind = if attempt.kind == AttemptKind::Task { Kind::Task } else { Kind::Idea };
    match judge(&attempt.verdict, kind, &settings.dataset) {
        Judgement::Failed(reason) | Judgement::Unjudged(reason) => reason,
        Judgement::Right | Judgement::Untimed => String::new(),
    }
}

fn refusal(ledger: &Ledger, path: PathBuf, file: &str) -> WorkError {
    let written = [Kind::Idea, Kind::Task]
        .into_iter()
        .filter_map(|kind| ledger.at_work(kind))
        .find(|(_, run)| run.file == file && !run.drafts.is_empty());
    match written {
        Some((subject, run)) => WorkError::Changed {
            path,
            about: subject.about.clone(),
            attempt: run.drafts.keys().last().copied().unwrap_or(1),
        },
        None => WorkError::Foreign(path),
    }
}
