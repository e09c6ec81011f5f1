//! Why the loop stopped. What was done until then stands, and the next run goes on from there.

use std::io;
use std::path::PathBuf;

use crate::archive::ArchiveError;
use crate::argument::as_argument;
use crate::dataset::DatasetError;
use crate::generate::GenerateError;

/// Why the loop stopped.
#[derive(Debug, thiserror::Error)]
pub enum WorkError {
    /// The folder is no workspace.
    #[error("{} is no workspace: run `fusewright init` there first", .0.display())]
    NoWorkspace(PathBuf),
    /// Another loop is at work.
    #[error("another fusewright is at work in {}: wait until it is done, or end it", .0.display())]
    Busy(PathBuf),
    /// There is no file of ideas.
    #[error("{} does not exist: write it, one idea a line, or run `fusewright init`", .0.display())]
    NoIdeas(PathBuf),
    /// A file is not text.
    #[error("{} is not UTF-8 text: save it as UTF-8", .0.display())]
    NotText(PathBuf),
    /// There is no idea of this number.
    #[error("{}", no_such_idea(path, *number, *lines))]
    NoSuchIdea {
        /// The file of ideas.
        path: PathBuf,
        /// The line that was named.
        number: usize,
        /// How many lines there are.
        lines: usize,
    },
    /// The idea is over.
    #[error("idea {number} ({about}) {became}: to work at it again, `fusewright run --redo {number}`")]
    Over {
        /// Its line.
        number: usize,
        /// Its text.
        about: String,
        /// What became of it: "is archived as line 3 of the dataset".
        became: String,
    },
    /// No idea is left.
    #[error("no idea is left in {}: add lines to it, or see `fusewright ideas` for what became of each", .0.display())]
    NothingLeft(PathBuf),
    /// Nothing is being worked at.
    #[error("no idea and no task is being worked at, so there is nothing to abandon")]
    NothingAtWork,
    /// The idea is being worked at by another process.
    #[error("another fusewright is working at idea {number} ({about}) right now: end it first")]
    AtWork {
        /// Its line.
        number: usize,
        /// Its text.
        about: String,
    },
    /// A task is not over, and another was asked for.
    #[error(
        "the task \"{about}\" is not over ({file}): finish it with `fusewright run --task`, or give it up with `fusewright abandon`"
    )]
    TaskAtWork {
        /// Its text.
        about: String,
        /// Its file.
        file: String,
    },
    /// The seed gives a task that is done.
    #[error("the task \"{about}\" is done already ({file}): choose another seed, or none")]
    TaskDone {
        /// Its text.
        about: String,
        /// Where its file lies.
        file: String,
    },
    /// No task could be drawn.
    #[error("{} {how}", script.display())]
    NoTask {
        /// The script that draws tasks.
        script: PathBuf,
        /// What is wrong, and what to do.
        how: String,
    },
    /// Somebody else's file is in the candidate's place.
    #[error(
        "{file} was not written by this loop, so it is left alone: archive it (`fusewright archive {argument}`) if it is \
         worth it, then delete it or move it away, and run this again", file = .0.display(), argument = as_argument(.0)
    )]
    Foreign(PathBuf),
    /// The candidate was changed since the loop wrote it.
    #[error(
        "{file} was changed since attempt {attempt} at \"{about}\" wrote it, so it is left alone: delete it and the \
         loop goes on with its own, or give the idea up with `fusewright abandon`, which keeps your file", file = path.display()
    )]
    Changed {
        /// The candidate's file.
        path: PathBuf,
        /// What is worked at.
        about: String,
        /// The attempt that wrote the file.
        attempt: u32,
    },
    /// A finished file cannot be moved to where it belongs.
    #[error("{} is in the way of the finished file of the same name: move it away and run this again", .0.display())]
    InTheWay(PathBuf),
    /// The writer may not write for the dataset.
    #[error(
        "TorchInductor would write the kernels, and the dataset takes none of its: name a model under [model], or let \
         them in with `allow_inductor = true` under [dataset] or --allow-inductor"
    )]
    InductorKeptOut,
    /// The kernel is right, and there is no GPU to time it on.
    #[error(
        "{file} is right, but there is no GPU to time it on, and the dataset takes no untimed pairs: run this on a \
         machine with a GPU, or let them in with `allow_untimed = true` under [dataset] or --allow-untimed; the work \
         goes on from here", file = .0.display()
    )]
    Untimed(PathBuf),
    /// A candidate could not be judged.
    #[error("{} could not be judged: {reason}", path.display())]
    Unjudged {
        /// The candidate's file.
        path: PathBuf,
        /// Why not.
        reason: String,
    },
    /// Nothing was written, for a reason that another attempt would not mend.
    #[error(transparent)]
    Generate(#[from] GenerateError),
    /// The example would not enter the dataset.
    #[error(transparent)]
    Archive(#[from] ArchiveError),
    /// A line of the journal is none.
    #[error("{}, line {line}, cannot be read: mend the line or delete it", path.display())]
    Garbled {
        /// The journal.
        path: PathBuf,
        /// The 1-based line.
        line: usize,
    },
    /// A step could not be noted.
    #[error("{0}")]
    NotNoted(String),
    /// A file cannot be read.
    #[error("{} cannot be read: {cause}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the system said.
        cause: io::Error,
    },
    /// A file cannot be written or deleted.
    #[error("{}", unwritable(path, cause))]
    Unwritable {
        /// The file.
        path: PathBuf,
        /// What the system said.
        cause: io::Error,
    },
    /// The user ended it.
    #[error("cancelled")]
    Cancelled,
}

impl WorkError {
    /// Why the loop's own notes could not be written: their place is not the settings' to choose.
    pub(super) fn not_noted(error: DatasetError) -> Self {
        Self::NotNoted(match error {
            DatasetError::Directory(path) | DatasetError::Special(path) => {
                format!(
                    "{} is in the way of the loop's notes: it must be a file, so move it away",
                    path.display()
                )
            }
            DatasetError::ReadOnly(path) => {
                format!(
                    "{} is read-only, so the loop cannot note what it does: make it writable",
                    path.display()
                )
            }
            DatasetError::DiskFull(path) => {
                format!("there is no room for {}: make room and run this again", path.display())
            }
            error => error.to_string(),
        })
    }
}

fn unwritable(path: &std::path::Path, cause: &io::Error) -> String {
    let path = path.display();
    match cause.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
            format!("there is no room for {path}: make room and run this again")
        }
        io::ErrorKind::ReadOnlyFilesystem | io::ErrorKind::PermissionDenied => {
            format!("{path} may not be written here: make its folder writable and run this again")
        }
        _ => format!("{path} cannot be written: {cause}"),
    }
}

fn no_such_idea(path: &std::path::Path, number: usize, lines: usize) -> String {
    let path = path.display();
    if (1..=lines).contains(&number) {
        format!("{path} has no idea on line {number}")
    } else {
        format!("{path} has {lines} lines, so there is no idea {number}")
    }
}
