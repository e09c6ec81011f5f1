//! The file that the loop's steps are noted in: `output/ideas.jsonl`, only ever appended to.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::entry::{Entry, Step, Subject};
use super::error::WorkError;
use super::ledger::Ledger;
use crate::dataset::attempts::now;
use crate::dataset::{DatasetError, Journal, json_line};
use crate::workspace::DATA_FOLDER;

/// The steps that were noted in a workspace.
#[derive(Debug, Clone)]
pub(super) struct Notes {
    path: PathBuf,
}

impl Notes {
    /// Those of the workspace at `root`. Nothing is touched yet.
    pub(super) fn of(root: &Path) -> Self {
        Self { path: root.join(DATA_FOLDER).join("output/ideas.jsonl") }
    }

    /// The file that holds them.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// What follows from all that was noted.
    pub(super) fn read(&self) -> Result<Ledger, WorkError> {
        let content = match fs::read(&self.path) {
            Ok(content) => content,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Ledger::default()),
            Err(cause) => return Err(WorkError::Unreadable { path: self.path.clone(), cause }),
        };
        let mut ledger = Ledger::default();
        for (number, line) in (1..).zip(content.split_inclusive(|byte| *byte == b'\n')) {
            if line.trim_ascii().is_empty() {
                continue;
            }
            match serde_json::from_slice(line) {
                Ok(entry) => ledger.note(entry),
                // A line that was cut off while it was written never counted.
                Err(_) if !line.ends_with(b"\n") => {}
                // To pass over what cannot be read would be to do an idea twice.
                Err(_) => return Err(WorkError::Garbled { path: self.path.clone(), line: number }),
            }
        }
        Ok(ledger)
    }

    /// Notes a step. It is on the disk when this returns.
    pub(super) fn add(&self, ledger: &mut Ledger, subject: &Subject, step: Step) -> Result<(), WorkError> {
        let entry = Entry { time: now(), subject: subject.clone(), step };
        let added: Result<(), DatasetError> = (|| {
            let mut journal = Journal::lock(&self.path)?;
            journal.drop_torn(|tail| serde_json::from_slice::<Entry>(tail).is_ok())?;
            journal.append(&json_line(&entry))
        })();
        added.map_err(WorkError::not_noted)?;
        ledger.note(entry);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::work::entry::Kind;
    use crate::work::ledger::State;

    fn subject(about: &str) -> Subject {
        Subject { kind: Kind::Idea, about: about.to_owned() }
    }

    #[test]
    fn what_was_noted_is_read_back_and_a_torn_line_never_counted() {
        let folder = tempfile::tempdir().unwrap();
        let notes = Notes::of(folder.path());
        let mut ledger = notes.read().unwrap();
        notes.add(&mut ledger, &subject("a"), Step::Skipped).unwrap();
        let whole = fs::read_to_string(&notes.path).unwrap();
        // An editor may have taken the last line's end away.
        fs::write(&notes.path, whole.trim_end()).unwrap();
        assert_eq!(notes.read().unwrap().states().count(), 1);
        notes.add(&mut ledger, &subject("a"), Step::Skipped).unwrap();
        assert_eq!(fs::read_to_string(&notes.path).unwrap().lines().count(), 2);
        fs::write(&notes.path, format!("{whole}{}", &whole[..20])).unwrap();
        assert_eq!(notes.read().unwrap().states().count(), 1);
        let mut ledger = notes.read().unwrap();
        notes.add(&mut ledger, &subject("b"), Step::Skipped).unwrap();
        let ledger = notes.read().unwrap();
        assert_eq!(ledger.state(&subject("b")), Some(&State::Over(Step::Skipped)));
        assert_eq!(fs::read_to_string(&notes.path).unwrap().lines().count(), 2);
    }

    #[test]
    fn a_garbled_line_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let notes = Notes::of(folder.path());
        notes.add(&mut Ledger::default(), &subject("a"), Step::Skipped).unwrap();
        let whole = fs::read_to_string(&notes.path).unwrap();
        fs::write(&notes.path, format!("{whole}{{}}\n{whole}")).unwrap();
        let error = notes.read().unwrap_err().to_string();
        assert!(
            error.ends_with("ideas.jsonl, line 2, cannot be read: mend the line or delete it"),
            "{error}"
        );
    }
}
