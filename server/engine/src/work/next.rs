//! What comes next for an idea or a task, told from what was noted and what lies on the disk. Pure.
//!
//! The work may be killed at any moment, so nothing is kept in memory that counts: each step has one effect (a line
//! noted, a file written or deleted), and what comes next follows from what is on the disk.

use super::entry::Subject;
use super::ledger::{Ledger, State};

/// An attempt that has its line in `attempts.jsonl`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Recorded {
    /// Its number.
    pub attempt: u32,
    /// Whether it was what is wanted.
    pub right: bool,
}

/// What lies where the candidate belongs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Disk {
    /// Nothing.
    Absent,
    /// A file of this digest.
    Present(String),
}

/// What comes next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Action {
    /// Note that it is begun.
    Begin,
    /// Have this attempt's candidate written, and note it.
    Write(u32),
    /// Put the file of this attempt's candidate into its place.
    Place(u32),
    /// Judge this attempt's candidate, and record it.
    Judge(u32),
    /// Take it to where finished ones go, and note that.
    Keep(u32),
    /// Note that it is given up after so many attempts.
    GiveUp(u32),
    /// Delete the candidate's file.
    Clear,
    /// Stop: a file that somebody else wrote is in the candidate's place.
    Refuse,
    /// Nothing is left to do.
    Rest,
}

/// What comes next for `subject`, given the attempts of its run that are recorded.
pub(super) fn next(ledger: &Ledger, subject: &Subject, recorded: &[Recorded], disk: &Disk) -> Action {
    let own = match disk {
        Disk::Absent => None,
        Disk::Present(digest) if ledger.wrote(digest) => Some(digest),
        // Somebody else's file hinders only who still needs the place.
        Disk::Present(_) if matches!(ledger.state(subject), Some(State::Over(_))) => return Action::Rest,
        Disk::Present(_) => {
            let kept = recorded.last().filter(|last| last.right);
            return kept.map_or(Action::Refuse, |last| Action::Keep(last.attempt));
        }
    };
    match ledger.state(subject) {
        // What lies there is left from this idea, or from another that can be taken up again from the journal.
        Some(State::Over(_)) | None if own.is_some() => Action::Clear,
        Some(State::Over(_)) => Action::Rest,
        None => Action::Begin,
        Some(State::AtWork(run)) => {
            let last = recorded.last();
            if let Some(Recorded { attempt, right: true }) = last {
                return Action::Keep(*attempt);
            }
            let made = last.map_or(0, |last| last.attempt);
            match run.drafts.last_key_value() {
                Some((attempt, draft)) if *attempt > made => {
                    if own == Some(&draft.digest) {
                        Action::Judge(*attempt)
                    } else {
                        Action::Place(*attempt)
                    }
                }
                _ if made >= run.of => Action::GiveUp(made),
                _ => Action::Write(made + 1),
            }
        }
    }
}

#[cfg(test)]
mod tests;
