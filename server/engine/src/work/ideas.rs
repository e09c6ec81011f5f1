//! The ideas, one a line, and what became of each.

use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};

use serde::Serialize;

use super::entry::{Kind, Step, Subject};
use super::error::WorkError;
use super::journal::Notes;
use super::ledger::{Ledger, State};
use crate::dataset::Example;
use crate::workspace::DATA_FOLDER;

/// The file of ideas, below the workspace's root.
pub const IDEAS: &str = "triton_training_data/fusion_ideas.txt";

pub(super) fn ideas_file(root: &Path) -> PathBuf {
    root.join(IDEAS)
}

/// The line that an idea stands on in the workspace's file as it is on the disk.
pub fn line_of_idea(root: &Path, about: &str) -> Result<Option<usize>, WorkError> {
    let ideas = Ideas::read(root)?;
    Ok(ideas.all.iter().find(|idea| idea.text == tidy(about)).map(|idea| idea.number))
}

/// One idea of the file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Idea {
    /// The 1-based line where it first stands.
    pub(super) number: usize,
    /// Its text, blanks at either end left out and others made one.
    pub(super) text: String,
}

impl Idea {
    pub(super) fn subject(&self) -> Subject {
        Subject { kind: Kind::Idea, about: self.text.clone() }
    }
}

/// The ideas in a text. Empty lines and those that begin with `#` are none; what is said twice is one idea.
pub(super) fn parse(text: &str) -> Vec<Idea> {
    let mut seen = HashSet::new();
    (1..)
        .zip(text.trim_start_matches('\u{feff}').lines())
        .map(|(number, line)| Idea { number, text: tidy(line) })
        .filter(|idea| !idea.text.is_empty() && !idea.text.starts_with('#'))
        .filter(|idea| seen.insert(idea.text.clone()))
        .collect()
}

fn tidy(line: &str) -> String {
    line.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The ideas of a workspace.
pub(super) struct Ideas {
    path: PathBuf,
    text: String,
    all: Vec<Idea>,
}

impl Ideas {
    pub(super) fn read(root: &Path) -> Result<Self, WorkError> {
        let path = ideas_file(root);
        let bytes = match std::fs::read(&path) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                return Err(WorkError::NoIdeas(path));
            }
            Err(cause) => return Err(WorkError::Unreadable { path, cause }),
        };
        let text = String::from_utf8(bytes).map_err(|_| WorkError::NotText(path.clone()))?;
        let all = parse(&text);
        Ok(Self { path, text, all })
    }

    pub(super) fn all(&self) -> &[Idea] {
        &self.all
    }

    /// The idea on a 1-based line, wherever the same idea stands first.
    pub(super) fn on_line(&self, number: usize) -> Result<&Idea, WorkError> {
        let text = number.checked_sub(1).and_then(|index| self.text.lines().nth(index)).map(tidy);
        let found = text.and_then(|text| self.all.iter().find(|idea| idea.text == text));
        found.ok_or_else(|| WorkError::NoSuchIdea {
            path: self.path.clone(),
            number,
            lines: self.text.lines().count(),
        })
    }
}

/// What became of an idea.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum Became {
    /// Nothing yet.
    Open,
    /// It is being worked at, or was when the work was stopped.
    AtWork {
        /// The attempt that was last written; 0 before the first.
        attempt: u32,
        /// How many it may take.
        of: u32,
        /// Who writes.
        writer: String,
    },
    /// It is in the dataset.
    Archived {
        /// How many attempts it took.
        attempts: u32,
        /// The line there.
        line: u64,
        /// The sentence that describes it there.
        description: String,
        /// Whether the line is another idea's, whose code is the same.
        twin: bool,
    },
    /// Somebody archived it by hand: an example in the dataset is described by the idea's own words.
    ByHand {
        /// The line there.
        line: u64,
        /// The sentence that describes it there.
        description: String,
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
}

/// One idea, and what became of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct IdeaState {
    /// The line of `fusion_ideas.txt`; `None` where it stands there no more.
    pub number: Option<usize>,
    /// Its text.
    pub idea: String,
    /// What became of it.
    #[serde(flatten)]
    pub became: Became,
}

/// What became of each idea, in the file's order; those that stand there no more come last. Nothing is changed.
pub fn ideas(root: &Path, dataset: &Path) -> Result<Vec<IdeaState>, WorkError> {
    if !root.join(DATA_FOLDER).is_dir() {
        return Err(WorkError::NoWorkspace(root.to_owned()));
    }
    let ideas = Ideas::read(root)?;
    let ledger = Notes::of(root).read()?;
    let by_hand = ByHand::read(dataset, &ledger);
    Ok(states(ideas.all(), &ledger, &by_hand))
}

pub(super) fn states(ideas: &[Idea], ledger: &Ledger, by_hand: &ByHand) -> Vec<IdeaState> {
    let listed = ideas.iter().map(|idea| {
        let became = match ledger.state(&idea.subject()) {
            Some(state) => became(state),
            None => by_hand.find(&idea.text).unwrap_or(Became::Open),
        };
        IdeaState { number: Some(idea.number), idea: idea.text.clone(), became }
    });
    let gone = ledger
        .states()
        .filter(|(subject, _)| subject.kind == Kind::Idea)
        .filter(|(subject, _)| !ideas.iter().any(|idea| idea.text == subject.about))
        .map(|(subject, state)| IdeaState {
            number: None,
            idea: subject.about.clone(),
            became: became(state),
        });
    listed.chain(gone).collect()
}

fn became(state: &State) -> Became {
    match state {
        State::AtWork(run) => Became::AtWork {
            attempt: run.drafts.keys().last().copied().unwrap_or(0),
            of: run.of,
            writer: run.writer.clone(),
        },
        State::Over(Step::Archived { attempts, line, description, twin }) => Became::Archived {
            attempts: *attempts,
            line: *line,
            description: description.clone(),
            twin: *twin,
        },
        State::Over(Step::Abandoned { attempts, reason }) => {
            Became::Abandoned { attempts: *attempts, reason: reason.clone() }
        }
        // No other step ends an idea.
        State::Over(_) => Became::Skipped,
    }
}

/// The examples of the dataset that the loop did not archive, by the words that describe them.
#[derive(Debug, Default)]
pub(super) struct ByHand {
    lines: HashMap<Vec<String>, (u64, String)>,
}

impl ByHand {
    /// Reads the dataset; where it cannot be read, nothing is known of it.
    pub(super) fn read(dataset: &Path, ledger: &Ledger) -> Self {
        let content = std::fs::read(dataset).unwrap_or_default();
        let mut found = Self::default();
        for (number, line) in (1_u64..).zip(content.split(|byte| *byte == b'\n')) {
            if ledger.owner_of(number).is_none()
                && let Some(example) = Example::from_line(line)
            {
                found.add(number, example.description);
            }
        }
        found
    }

    fn add(&mut self, line: u64, description: String) {
        let words = words(&description);
        if !words.is_empty() {
            self.lines.entry(words).or_insert((line, description));
        }
    }

    /// Whether an idea's own words describe an example.
    pub(super) fn find(&self, idea: &str) -> Option<Became> {
        let (line, description) = self.lines.get(&words(idea))?;
        Some(Became::ByHand { line: *line, description: description.clone() })
    }
}

/// The words of an idea or a description that say what is computed, in order: `Fused Linear, ReLU, and Dropout layers.`
/// is `linear, relu, dropout`.
fn words(text: &str) -> Vec<String> {
    const FILLERS: [&str; 16] = [
        "a",
        "and",
        "by",
        "followed",
        "fused",
        "into",
        "kernel",
        "kernels",
        "layer",
        "layers",
        "of",
        "op",
        "operation",
        "operations",
        "the",
        "then",
    ];
    text.split(|character: char| !character.is_alphanumeric())
        .map(str::to_lowercase)
        .filter(|word| !word.is_empty() && !FILLERS.contains(&word.as_str()))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_file_may_hold_blanks_comments_and_repetitions() {
        let text = "\u{feff}add,  relu \r\n\n# later:\nbias, gelu\nadd, relu\n";
        let ideas = parse(text);
        let found: Vec<_> = ideas.iter().map(|idea| (idea.number, idea.text.as_str())).collect();
        assert_eq!(found, [(1, "add, relu"), (4, "bias, gelu")]);
        let file =
            Ideas { path: "f.txt".into(), text: text.trim_start_matches('\u{feff}').to_owned(), all: ideas };
        assert_eq!(file.on_line(5).unwrap().number, 1);
        for (number, said) in [
            (3, "f.txt has no idea on line 3"),
            (9, "f.txt has 5 lines, so there is no idea 9"),
            (0, "f.txt has 5 lines, so there is no idea 0"),
        ] {
            assert_eq!(file.on_line(number).unwrap_err().to_string(), said);
        }
    }

    #[test]
    fn what_was_archived_by_hand_is_known_by_its_words() {
        let mut by_hand = ByHand::default();
        by_hand.add(3, "Fused Linear, ReLU, and Dropout layers.".to_owned());
        by_hand.add(4, "Fused kernel.".to_owned());
        let found = by_hand.find("linear, relu, dropout");
        assert!(matches!(found, Some(Became::ByHand { line: 3, .. })));
        for other in ["linear, relu", "relu, linear, dropout", "kernel"] {
            assert_eq!(by_hand.find(other), None, "{other}");
        }
    }

    #[test]
    fn an_idea_that_left_the_file_is_still_told_of() {
        let mut ledger = Ledger::default();
        for (about, step) in [
            ("gone", Step::Abandoned { attempts: 3, reason: "wrong".to_owned() }),
            ("add, relu", Step::Skipped),
        ] {
            let subject = Subject { kind: Kind::Idea, about: about.to_owned() };
            ledger.note(super::super::entry::Entry { time: String::new(), subject, step });
        }
        let states = states(&parse("bias\nadd, relu\n"), &ledger, &ByHand::default());
        let said: Vec<_> = states.iter().map(|state| serde_json::to_string(state).unwrap()).collect();
        assert_eq!(
            said,
            [
                r#"{"number":1,"idea":"bias","state":"open"}"#,
                r#"{"number":2,"idea":"add, relu","state":"skipped"}"#,
                r#"{"number":null,"idea":"gone","state":"abandoned","attempts":3,"reason":"wrong"}"#,
            ]
        );
    }
}
