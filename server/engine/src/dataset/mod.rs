//! The dataset: one example a line, only ever appended to, each of them once. Nothing else writes it.

pub mod attempts;
mod example;
mod journal;
mod provenance;
mod review;
mod waiting;

use std::io;
use std::path::{Path, PathBuf};

use serde::Serialize;

pub use example::Example;
pub use journal::Mended;
pub use provenance::Provenance;
pub use review::{LineProblem, Stats};
pub use waiting::Waiting;

pub(crate) use example::{code_digest, json_line};
pub(crate) use journal::Journal;

/// Why an example was not added. The dataset is then as it was before.
#[derive(Debug, thiserror::Error)]
pub enum DatasetError {
    /// The same code is there already.
    #[error("{} has this example already: line {line}, {description:?}", path.display())]
    Twin {
        /// The dataset.
        path: PathBuf,
        /// The 1-based line of the twin.
        line: u64,
        /// The twin's description.
        description: String,
    },
    /// The file holds something else.
    #[error("{} is not a dataset of pairs (line {line} is not an example), so nothing was added: check `dataset.path`", path.display())]
    NotADataset {
        /// The file.
        path: PathBuf,
        /// The 1-based line.
        line: u64,
    },
    /// The path names a folder.
    #[error("{} is a directory: `dataset.path` must name a file", .0.display())]
    Directory(PathBuf),
    /// The path names a device, a socket or a pipe.
    #[error("{} is not a regular file: `dataset.path` must name one", .0.display())]
    Special(PathBuf),
    /// The file may not be written.
    #[error("{} is read-only, so nothing was added: make it writable or set `dataset.path`", .0.display())]
    ReadOnly(PathBuf),
    /// The disk is full.
    #[error("there is no room for {}, so nothing was added: make room and archive again", .0.display())]
    DiskFull(PathBuf),
    /// Another process holds the file.
    #[error("another process is writing {}, so nothing was added: try again when it is done", .0.display())]
    Busy(PathBuf),
    /// There is no dataset to read.
    #[error("{} does not exist yet: `fusewright archive` creates it", .0.display())]
    Missing(PathBuf),
    /// The system would not let it be read.
    #[error("{} cannot be read: {source}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The system refused.
    #[error("{} cannot be written, so nothing was added: {source}", path.display())]
    Failed {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
}

impl DatasetError {
    fn of(path: &Path, source: io::Error) -> Self {
        let path = path.to_owned();
        match source.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded | io::ErrorKind::FileTooLarge => {
                Self::DiskFull(path)
            }
            io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => Self::ReadOnly(path),
            _ => Self::Failed { path, source },
        }
    }
}

/// What became of an example that was added.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Appended {
    /// The dataset.
    pub path: PathBuf,
    /// The example's 1-based line.
    pub line: u64,
    /// What was put right at the file's end before.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mended: Option<Mended>,
}

/// The dataset and the provenance of its examples, side by side.
#[derive(Debug, Clone)]
pub struct Dataset {
    path: PathBuf,
}

impl Dataset {
    /// The dataset at a path. Nothing is touched yet.
    pub fn open(path: impl Into<PathBuf>) -> Self {
        Self { path: path.into() }
    }

    /// The file that holds what else is known of the examples.
    pub fn provenance(&self) -> PathBuf {
        self.path.with_file_name("provenance.jsonl")
    }

    /// Whether the provenance of a pair with this hash was ever noted; where that cannot be read, it was not.
    pub fn has_provenance(&self, hash: &str) -> bool {
        let known = std::fs::read_to_string(self.provenance()).unwrap_or_default();
        known
            .lines()
            .filter_map(|line| serde_json::from_str::<Provenance>(line).ok())
            .any(|provenance| provenance.hash == hash)
    }

    /// Adds an example, with what else is known of it. It is on the disk when this returns; where it fails,
    /// nothing was added.
    pub fn append(&self, example: &Example, provenance: &Provenance) -> Result<Appended, DatasetError> {
        let mut journal = Journal::lock(&self.path)?;
        let mut content = journal.read()?;
        // Before anything is mended: another file's end is none of ours.
        self.refuse_other_files(&content)?;
        let line = example.to_line();
        // A kill within this very append, made again now: nothing of it needs to be kept.
        journal.drop_beginning_of(&mut content, line.as_bytes())?;
        let mended = journal.mend(&mut content, |tail| Example::from_line(tail).is_some())?;
        self.refuse_twin(&content, &example.code_hash())?;

        // The provenance comes first. A crash between the two leaves provenance of an example that is not there,
        // which is harmless; the other way round an example would stay without any, for good.
        let mut origins = Journal::lock(&self.provenance())?;
        // A torn line is of an example that never came after it.
        origins.drop_torn(|tail| serde_json::from_slice::<Provenance>(tail).is_ok())?;
        let before = origins.len();
        origins.append(&json_line(provenance))?;
        if let Err(error) = journal.append(&line) {
            origins.take_back(before)?;
            return Err(error);
        }
        Ok(Appended { path: self.path.clone(), line: count_lines(&content) + 1, mended })
    }

    /// A path set by mistake must not have lines added to it that do not belong there.
    fn refuse_other_files(&self, content: &[u8]) -> Result<(), DatasetError> {
        let not_a_dataset = |line| DatasetError::NotADataset { path: self.path.clone(), line };
        match lines(content).find(|(_, line)| !line.trim_ascii().is_empty()) {
            Some((number, line)) if content.len() > line.len() && Example::from_line(line).is_none() => {
                Err(not_a_dataset(number))
            }
            // A dataset's first line may be torn, but then it begins like one.
            Some((number, line)) if !line.starts_with(b"{") => Err(not_a_dataset(number)),
            _ => Ok(()),
        }
    }

    fn refuse_twin(&self, content: &[u8], code_hash: &str) -> Result<(), DatasetError> {
        for (line, text) in lines(content) {
            if let Some(twin) = Example::from_line(text)
                && twin.code_hash() == code_hash
            {
                let description = twin.description;
                return Err(DatasetError::Twin { path: self.path.clone(), line, description });
            }
        }
        Ok(())
    }
}

/// The lines with their 1-based numbers.
fn lines(content: &[u8]) -> impl Iterator<Item = (u64, &[u8])> {
    (1..).zip(content.split_inclusive(|byte| *byte == b'\n').map(<[u8]>::trim_ascii_end))
}

fn count_lines(content: &[u8]) -> u64 {
    lines(content).last().map_or(0, |(number, _)| number)
}

#[cfg(test)]
mod tests;
