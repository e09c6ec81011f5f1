//! What the user rules: an idea is skipped, opened again, or what is at work is given up.

use std::path::{Path, PathBuf};

use serde::Serialize;

use super::candidate::Candidate;
use super::check_workspace;
use super::entry::{Kind, Step, Subject};
use super::error::WorkError;
use super::ideas::{Idea, Ideas};
use super::journal::Notes;
use super::ledger::Ledger;
use super::lock::WorkspaceLock;
use super::next::Disk;
use crate::dataset::attempts::Attempts;

/// Leaves out the idea on a line of the file, until it is opened again. Returns its text.
pub fn skip(root: &Path, number: usize) -> Result<String, WorkError> {
    rule(root, number, Step::Skipped)
}

/// Lets the idea on a line of the file be worked at again, from its first attempt on. Returns its text.
pub fn reopen(root: &Path, number: usize) -> Result<String, WorkError> {
    rule(root, number, Step::Reopened)
}

fn rule(root: &Path, number: usize, step: Step) -> Result<String, WorkError> {
    check_workspace(root)?;
    let notes = Notes::of(root);
    let idea: Idea = Ideas::read(root)?.on_line(number)?.clone();
    // While another idea is being worked at, this one may be ruled on all the same.
    let lock = match WorkspaceLock::take(root) {
        Ok(lock) => Some(lock),
        Err(WorkError::Busy(_)) => None,
        Err(error) => return Err(error),
    };
    let mut ledger = notes.read()?;
    let run = ledger.run(&idea.subject()).cloned();
    if run.is_some() && lock.is_none() {
        return Err(WorkError::AtWork { number: idea.number, about: idea.text });
    }
    notes.add(&mut ledger, &idea.subject(), step)?;
    if let Some(run) = run {
        take_away(&ledger, &Candidate::at(root.join(run.file)))?;
    }
    Ok(idea.text)
}

/// What was given up.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Abandoned {
    /// What it was.
    pub kind: Kind,
    /// The idea or the task.
    pub about: String,
    /// How many attempts had been made.
    pub attempts: u32,
    /// The candidate's file.
    pub file: PathBuf,
    /// Whether the file was left where it is, because somebody had changed it.
    pub kept: bool,
}

/// Gives up what was last worked at, and deletes its candidate if nobody else changed it.
pub fn abandon(root: &Path) -> Result<Abandoned, WorkError> {
    check_workspace(root)?;
    let _lock = WorkspaceLock::take(root)?;
    let notes = Notes::of(root);
    let mut ledger = notes.read()?;
    let (subject, run) = ledger.latest().ok_or(WorkError::NothingAtWork)?;
    let (subject, run): (Subject, _) = (subject.clone(), run.clone());
    let judged = Attempts::of(root).of_run(&run.id).map_err(WorkError::not_noted)?;
    let judged = judged.last().map_or(0, |last| last.attempt);
    let attempts = run.drafts.keys().last().copied().unwrap_or(0).max(judged);
    let step = Step::Abandoned { attempts, reason: "given up by hand".to_owned() };
    notes.add(&mut ledger, &subject, step)?;
    let candidate = Candidate::at(root.join(&run.file));
    let kept = !take_away(&ledger, &candidate)?;
    let Subject { kind, about } = subject;
    Ok(Abandoned { kind, about, attempts, file: candidate.path().to_owned(), kept })
}

/// Deletes a candidate that is the loop's own. Returns whether nothing of somebody else's lies there.
pub(super) fn take_away(ledger: &Ledger, candidate: &Candidate) -> Result<bool, WorkError> {
    candidate.sweep()?;
    match candidate.disk()? {
        Disk::Absent => Ok(true),
        Disk::Present(digest) if ledger.wrote(&digest) => candidate.remove().map(|()| true),
        Disk::Present(_) => Ok(false),
    }
}
