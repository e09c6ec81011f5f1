//! What became of every idea and task, told from what was noted, and what comes next. Pure.
//!
//! The work may be killed at any moment, so nothing is kept in memory that counts: each step has one effect (a line
//! noted, a file written or deleted), and what comes next follows from what is on the disk. A draft is noted, whole,
//! before its file is written: so no answer is lost, and a file is known for the loop's own by its digest alone.

use std::collections::{BTreeMap, HashSet};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::dataset::attempts::Message;
use crate::model::Usage;

/// What is worked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// A line of `fusion_ideas.txt`.
    Idea,
    /// A task that `generate_fusion_task.py` drew.
    Task,
}

/// An idea or a task, known by its text: the file of ideas may be edited, and numbers move.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub(super) struct Subject {
    /// What it is.
    pub kind: Kind,
    /// Its text.
    pub about: String,
}

/// One line of the journal.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Entry {
    /// When: UTC, as RFC 3339 writes it.
    pub time: String,
    /// What was worked at.
    #[serde(flatten)]
    pub subject: Subject,
    /// What happened.
    #[serde(flatten)]
    pub step: Step,
}

/// What happened to an idea or a task.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "step", rename_all = "lowercase")]
pub(super) enum Step {
    /// Work at it began.
    Begun {
        /// What tells this run over it from the next.
        run: String,
        /// How many attempts it may take.
        of: u32,
        /// Who writes.
        writer: String,
        /// The candidate's file, relative to the workspace's root.
        file: String,
        /// A task as it was drawn, whole; its first line is its text.
        #[serde(default, skip_serializing_if = "String::is_empty")]
        brief: String,
    },
    /// A candidate was written; its file follows.
    Written {
        /// The attempt's number, from 1.
        attempt: u32,
        /// The candidate.
        #[serde(flatten)]
        draft: Draft,
    },
    /// It is in the dataset.
    Archived {
        /// How many attempts it took.
        attempts: u32,
        /// The line of the dataset.
        line: u64,
        /// The sentence that describes it there.
        description: String,
        /// Whether another idea's example is the same code, so that no line was added.
        twin: bool,
    },
    /// A task's file was moved to the finished ones.
    Moved {
        /// How many attempts it took.
        attempts: u32,
        /// Where it lies now, relative to the workspace's root.
        to: String,
        /// The line of the dataset, where the settings let it in.
        line: Option<u64>,
    },
    /// It was given up.
    Abandoned {
        /// How many attempts were made.
        attempts: u32,
        /// Why, in a sentence.
        reason: String,
    },
    /// The user does not want it.
    Skipped,
    /// The user wants it done again, or after all.
    Reopened,
}

/// A candidate, and how it came to be.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Draft {
    /// The digest of the file's text.
    pub digest: String,
    /// The file's text.
    pub text: String,
    /// Who wrote it.
    pub writer: String,
    /// What the model was asked; `None` where no model was.
    pub prompt: Option<Vec<Message>>,
    /// What it answered.
    pub answer: String,
    /// The tokens that took, where the provider tells.
    pub usage: Option<Usage>,
    /// How long that took, in seconds.
    pub seconds: f64,
}

/// The digest that a candidate's file is known by.
pub(super) fn digest(text: &[u8]) -> String {
    format!("{:x}", Sha256::digest(text))
}

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
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn idea(about: &str) -> Subject {
        Subject { kind: Kind::Idea, about: about.to_owned() }
    }

    fn draft(text: &str) -> Draft {
        Draft {
            digest: digest(text.as_bytes()),
            text: text.to_owned(),
            writer: String::new(),
            prompt: None,
            answer: String::new(),
            usage: None,
            seconds: 0.0,
        }
    }

    /// What a kill leaves behind: only what is on the disk.
    #[derive(Debug, Clone)]
    struct World {
        journal: Vec<Entry>,
        attempts: Vec<(String, Recorded)>,
        dataset: Vec<Subject>,
        disk: Option<String>,
        runs: u32,
    }

    /// What the user or the model does next.
    #[derive(Debug, Clone, Copy)]
    struct Chance {
        /// Whether the candidate of this step turns out right.
        right: bool,
        /// Whether the answer holds no code.
        empty: bool,
        /// Whether the process is killed in the middle of a step that has two effects.
        killed: bool,
        /// What somebody does to the candidate's file before the step.
        meddling: Meddling,
    }

    #[derive(Debug, Clone, Copy, PartialEq)]
    enum Meddling {
        None,
        Delete,
        Edit,
        Undo,
    }

    fn chance() -> impl Strategy<Value = Chance> {
        let meddling = prop_oneof![
            20 => Just(Meddling::None),
            1 => Just(Meddling::Delete),
            1 => Just(Meddling::Edit),
            6 => Just(Meddling::Undo),
        ];
        (any::<bool>(), prop::bool::weighted(0.1), any::<bool>(), meddling)
            .prop_map(|(right, empty, killed, meddling)| Chance { right, empty, killed, meddling })
    }

    impl World {
        fn note(&mut self, subject: &Subject, step: Step) {
            self.journal.push(Entry { time: String::new(), subject: subject.clone(), step });
        }

        /// One step, from nothing but the world: every step may be the first after a kill.
        fn step(&mut self, subject: &Subject, chance: Chance) -> Action {
            match chance.meddling {
                Meddling::Delete => self.disk = None,
                Meddling::Edit if self.disk.is_some() => self.disk = Some("edited".to_owned()),
                Meddling::Undo if self.disk.as_deref() == Some("edited") => self.disk = None,
                _ => {}
            }
            let ledger = Ledger::of(self.journal.clone());
            let id = ledger.run(subject).map(|run| run.id.clone());
            let recorded: Vec<_> = self
                .attempts
                .iter()
                .filter(|(run, _)| Some(run) == id.as_ref())
                .map(|(_, recorded)| *recorded)
                .collect();
            let disk = match &self.disk {
                None => Disk::Absent,
                Some(text) => Disk::Present(digest(text.as_bytes())),
            };
            let action = next(&ledger, subject, &recorded, &disk);
            let record = |world: &mut Self, attempt, right| {
                world.attempts.push((id.clone().unwrap(), Recorded { attempt, right }));
            };
            match action {
                Action::Begin => {
                    self.runs += 1;
                    let step = Step::Begun {
                        run: format!("run {}", self.runs),
                        of: 3,
                        writer: "model".to_owned(),
                        file: "f.py".to_owned(),
                        brief: String::new(),
                    };
                    self.note(subject, step);
                }
                Action::Write(attempt) if chance.empty => record(self, attempt, false),
                Action::Write(attempt) => {
                    let draft = draft(&format!("{} {} {attempt}", subject.about, self.runs));
                    self.note(subject, Step::Written { attempt, draft });
                }
                Action::Place(attempt) => {
                    assert_ne!(self.disk.as_deref(), Some("edited"), "somebody's work was overwritten");
                    self.disk = Some(ledger.run(subject).unwrap().drafts[&attempt].text.clone());
                }
                Action::Judge(attempt) => {
                    let text = &ledger.run(subject).unwrap().drafts[&attempt].text;
                    assert_eq!(self.disk.as_ref(), Some(text), "what is judged is not what lies there");
                    record(self, attempt, chance.right);
                }
                Action::Keep(attempts) => {
                    if !self.dataset.contains(subject) {
                        self.dataset.push(subject.clone());
                    }
                    if !chance.killed {
                        let (line, description) = (1, String::new());
                        self.note(subject, Step::Archived { attempts, line, description, twin: false });
                    }
                }
                Action::GiveUp(attempts) => {
                    self.note(subject, Step::Abandoned { attempts, reason: String::new() });
                }
                Action::Clear => {
                    assert_ne!(self.disk.as_deref(), Some("edited"), "somebody's work was deleted");
                    self.disk = None;
                }
                Action::Refuse | Action::Rest => {}
            }
            action
        }
    }

    proptest! {
        #[test]
        fn every_idea_comes_to_one_end_whatever_happens(chances in prop::collection::vec(chance(), 0..60)) {
            let mut world =
                World { journal: vec![], attempts: vec![], dataset: vec![], disk: None, runs: 0 };
            let quiet = Chance { right: false, empty: false, killed: false, meddling: Meddling::Undo };
            let mut chances = chances.into_iter();
            let ideas: Vec<_> = ["a", "b", "c"].map(idea).into();
            for subject in &ideas {
                for _ in 0..200 {
                    let chance = chances.next().unwrap_or(quiet);
                    if world.step(subject, chance) == Action::Rest && world.disk.is_none() {
                        break;
                    }
                }
            }
            prop_assert_eq!(&world.disk, &None);
            let ledger = Ledger::of(world.journal.clone());
            for subject in &ideas {
                let ends = world.journal.iter().filter(|entry| {
                    entry.subject == *subject && matches!(entry.step, Step::Archived { .. } | Step::Abandoned { .. })
                });
                prop_assert_eq!(ends.count(), 1);
                let Some(State::Over(step)) = ledger.state(subject) else { panic!("not over") };
                let archived = matches!(step, Step::Archived { .. });
                prop_assert_eq!(world.dataset.iter().filter(|held| *held == subject).count(), usize::from(archived));
            }
            // Each began once, and no attempt was counted twice or beyond the third.
            prop_assert_eq!(world.runs, 3);
            for run in 1..=3 {
                let numbers: Vec<_> = world
                    .attempts
                    .iter()
                    .filter(|(id, _)| *id == format!("run {run}"))
                    .map(|(_, recorded)| recorded.attempt)
                    .collect();
                let expected: Vec<u32> = (1..=u32::try_from(numbers.len()).unwrap()).collect();
                prop_assert!(numbers == expected && (1..=3).contains(&numbers.len()), "{:?}", numbers);
            }
        }
    }

    #[test]
    fn a_file_that_the_loop_did_not_write_is_never_touched() {
        let foreign = Disk::Present(digest(b"mine"));
        let mut ledger = Ledger::default();
        assert_eq!(next(&ledger, &idea("a"), &[], &foreign), Action::Refuse);
        let step = Step::Begun {
            run: "r".into(),
            of: 3,
            writer: "m".into(),
            file: "f".into(),
            brief: String::new(),
        };
        ledger.note(Entry { time: String::new(), subject: idea("a"), step });
        ledger.note(Entry {
            time: String::new(),
            subject: idea("a"),
            step: Step::Written { attempt: 1, draft: draft("x") },
        });
        assert_eq!(next(&ledger, &idea("a"), &[], &foreign), Action::Refuse);
        assert_eq!(next(&ledger, &idea("a"), &[], &Disk::Absent), Action::Place(1));
        assert_eq!(next(&ledger, &idea("a"), &[], &Disk::Present(digest(b"x"))), Action::Judge(1));
        // Another idea takes the place: what lies there can be put back from the journal.
        assert_eq!(next(&ledger, &idea("b"), &[], &Disk::Present(digest(b"x"))), Action::Clear);
        assert_eq!(ledger.at_work(Kind::Idea).unwrap().0, &idea("a"));
        assert_eq!(ledger.at_work(Kind::Task), None);
    }

    #[test]
    fn an_entry_is_one_flat_object() {
        let step = Step::Abandoned { attempts: 3, reason: "wrong".to_owned() };
        let entry = Entry { time: "t".to_owned(), subject: idea("add, relu"), step };
        let line = serde_json::to_string(&entry).unwrap();
        assert_eq!(
            line,
            r#"{"time":"t","kind":"idea","about":"add, relu","step":"abandoned","attempts":3,"reason":"wrong"}"#
        );
        assert_eq!(serde_json::from_str::<Entry>(&line).unwrap(), entry);
        let step = Step::Written { attempt: 1, draft: draft("x") };
        let entry = Entry { time: "t".to_owned(), subject: idea("a"), step };
        let line = serde_json::to_string(&entry).unwrap();
        assert_eq!(serde_json::from_str::<Entry>(&line).unwrap(), entry);
    }
}
