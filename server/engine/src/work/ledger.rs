//! What became of every idea and task, told from what was noted. Pure.

use std::collections::{BTreeMap, HashSet};

use super::entry::{Draft, Entry, Kind, Step, Subject};

/// A run over an idea or a task that is not over.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Run {
    /// What tells it from others.
    pub id: String,
    /// How many attempts it may take.
    pub of: u32,
    /// Who writes.
    pub writer: String,
    /// The candidate's file, relative to the workspace's root.
    pub file: String,
    /// A task as it was drawn; empty for an idea.
    pub brief: String,
    /// What was written, by attempt.
    pub drafts: BTreeMap<u32, Draft>,
}

/// What became of an idea or a task that somebody has begun or ruled on.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum State {
    /// It is being worked at, or was when the work was stopped.
    AtWork(Run),
    /// It is over; the step says how.
    Over(Step),
}

/// What became of everything.
#[derive(Debug, Clone, Default)]
pub(super) struct Ledger {
    states: BTreeMap<Subject, State>,
    digests: HashSet<String>,
    last: Option<Subject>,
    files: BTreeMap<Kind, (Subject, String)>,
    lines: BTreeMap<u64, Subject>,
}

impl Ledger {
    /// What follows from the journal.
    #[cfg(test)]
    pub(super) fn of(entries: impl IntoIterator<Item = Entry>) -> Self {
        let mut ledger = Self::default();
        for entry in entries {
            ledger.note(entry);
        }
        ledger
    }

    /// Takes in one more line.
    pub(super) fn note(&mut self, Entry { subject, step, .. }: Entry) {
        match step {
            Step::Begun { run, of, writer, file, brief } => {
                self.files.insert(subject.kind, (subject.clone(), file.clone()));
                let run = Run { id: run, of, writer, file, brief, drafts: BTreeMap::new() };
                self.states.insert(subject.clone(), State::AtWork(run));
                self.last = Some(subject);
            }
            Step::Written { attempt, draft } => {
                self.digests.insert(draft.digest.clone());
                if let Some(State::AtWork(run)) = self.states.get_mut(&subject) {
                    run.drafts.insert(attempt, draft);
                }
                self.last = Some(subject);
            }
            Step::Reopened => {
                self.states.remove(&subject);
            }
            over => {
                if let Step::Archived { line, twin: false, .. } | Step::Moved { line: Some(line), .. } = &over
                {
                    self.lines.insert(*line, subject.clone());
                }
                self.states.insert(subject, State::Over(over));
            }
        }
    }

    /// What became of one; `None` where nobody has touched it, or it was opened again.
    pub(super) fn state(&self, subject: &Subject) -> Option<&State> {
        self.states.get(subject)
    }

    /// All that somebody has touched.
    pub(super) fn states(&self) -> impl Iterator<Item = (&Subject, &State)> {
        self.states.iter()
    }

    /// The run over it, where it is being worked at.
    pub(super) fn run(&self, subject: &Subject) -> Option<&Run> {
        match self.states.get(subject) {
            Some(State::AtWork(run)) => Some(run),
            _ => None,
        }
    }

    /// What is being worked at, of one kind; the latest first looked at.
    pub(super) fn at_work(&self, kind: Kind) -> Option<(&Subject, &Run)> {
        let latest = self.last.iter().filter(|subject| subject.kind == kind);
        let others = self.states.keys().filter(|subject| subject.kind == kind);
        latest.chain(others).find_map(|subject| Some((subject, self.run(subject)?)))
    }

    /// What was last worked at and is not over.
    pub(super) fn latest(&self) -> Option<(&Subject, &Run)> {
        let subject = self.last.as_ref()?;
        self.run(subject)
            .map(|run| (subject, run))
            .or_else(|| [Kind::Idea, Kind::Task].into_iter().find_map(|kind| self.at_work(kind)))
    }

    /// The candidates' files that were begun last and whose work is over: a kill may have left one behind.
    pub(super) fn left_over(&self) -> impl Iterator<Item = &str> {
        let over = |subject| matches!(self.states.get(subject), Some(State::Over(_)));
        self.files.values().filter(move |(subject, _)| over(subject)).map(|(_, file)| file.as_str())
    }

    /// Whether a file with this digest is the loop's own. The journal holds its text, so deleting it loses nothing.
    pub(super) fn wrote(&self, digest: &str) -> bool {
        self.digests.contains(digest)
    }

    /// Whose example is on this line of the dataset.
    pub(super) fn owner_of(&self, line: u64) -> Option<&Subject> {
        self.lines.get(&line)
    }
}
