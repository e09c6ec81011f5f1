//! What comes next, whatever the model, the user and a kill do in between.

use proptest::prelude::*;

use super::*;
use crate::work::entry::{Draft, Entry, Kind, Step, digest};

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
    let step =
        Step::Begun { run: "r".into(), of: 3, writer: "m".into(), file: "f".into(), brief: String::new() };
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
