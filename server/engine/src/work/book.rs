//! What became of each idea, for whoever asks at every keystroke: the disk is read again only once it changed.

use std::path::{Path, PathBuf};
use std::time::SystemTime;

use super::error::WorkError;
use super::ideas::{ByHand, IdeaState, parse, states};
use super::journal::Notes;
use super::ledger::Ledger;

/// What was noted of a workspace's ideas, and what its dataset says of them.
#[derive(Debug)]
pub struct IdeaBook {
    ledger: Ledger,
    by_hand: ByHand,
    seen: [Seen; 2],
}

/// A file as it was when it was read: nobody writes a line of it without changing these.
#[derive(Debug, PartialEq, Eq)]
struct Seen {
    path: PathBuf,
    stamp: Option<(u64, SystemTime)>,
}

impl Seen {
    fn now(path: &Path) -> Self {
        let stamp = std::fs::metadata(path).and_then(|data| Ok((data.len(), data.modified()?))).ok();
        Self { path: path.to_owned(), stamp }
    }
}

impl IdeaBook {
    /// Reads it. Nothing is changed.
    pub fn read(root: &Path, dataset: &Path) -> Result<Self, WorkError> {
        let notes = Notes::of(root);
        // A line that is written meanwhile is then read at the next look.
        let seen = [Seen::now(notes.path()), Seen::now(dataset)];
        let ledger = notes.read()?;
        let by_hand = ByHand::read(dataset, &ledger);
        Ok(Self { ledger, by_hand, seen })
    }

    /// Whether the disk still says the same.
    pub fn is_current(&self) -> bool {
        self.seen.iter().all(|seen| *seen == Seen::now(&seen.path))
    }

    /// What became of each idea of a text, which may not be saved yet, in its order.
    pub fn states(&self, text: &str) -> Vec<IdeaState> {
        let mut states = states(&parse(text), &self.ledger, &self.by_hand);
        states.retain(|idea| idea.number.is_some());
        states
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::work::Became;
    use crate::work::entry::{Kind, Step, Subject};

    #[test]
    fn it_tells_of_unsaved_ideas_and_notices_what_is_written() {
        let folder = tempfile::tempdir().unwrap();
        let (root, dataset) = (folder.path(), folder.path().join("data.jsonl"));
        let book = IdeaBook::read(root, &dataset).unwrap();
        assert!(book.is_current());
        let subject = Subject { kind: Kind::Idea, about: "add, relu".to_owned() };
        Notes::of(root).add(&mut Ledger::default(), &subject, Step::Skipped).unwrap();
        assert!(!book.is_current());
        let book = IdeaBook::read(root, &dataset).unwrap();
        let states = book.states("softmax\n\nadd,  relu\n");
        let said: Vec<_> = states.iter().map(|idea| (idea.number, &idea.became)).collect();
        assert_eq!(said, [(Some(1), &Became::Open), (Some(3), &Became::Skipped)]);
        std::fs::write(&dataset, "{}\n").unwrap();
        assert!(!book.is_current());
    }
}
