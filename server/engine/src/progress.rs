//! What long work tells its caller while it runs.
//!
//! Every long operation takes a `&dyn Progress` and a [`CancellationToken`]. The front ends implement the
//! trait once each: the command line draws a line, the language server sends `$/progress`.

use std::path::PathBuf;

pub use tokio_util::sync::CancellationToken;

use crate::verdict::VerdictLine;

/// One event of a long operation.
#[derive(Debug, Clone)]
pub enum Event {
    /// A phase began, named in the user's words: "compiling the kernel", "downloading torch".
    Phase {
        /// What is being done now.
        message: String,
        /// How much of the whole is done, where it can be told, from 0 to 100.
        percent: Option<u8>,
    },
    /// The verdict is known but for the phases it lists as pending.
    First(Box<VerdictLine>),
    /// Something the user should read, which does not end the operation.
    Note(String),
    /// A piece of the model's answer, as it comes.
    Answer(String),
    /// An attempt begins.
    Attempt {
        /// Its number, from 1.
        number: u32,
        /// How many there may be.
        of: u32,
        /// What is attempted, in a line.
        about: String,
        /// The candidate's file, which may not be there yet.
        file: PathBuf,
    },
    /// The candidate's file was written or deleted.
    Candidate(PathBuf),
    /// The final verdict on an attempt.
    Verdict(Box<VerdictLine>),
    /// An idea or a task came to its end.
    Finished(Box<crate::work::Finished>),
    /// Why an attempt failed and what the next one will change, as it is shown to people.
    Analysis(String),
}

/// Receives the events of a long operation. Calls must return at once: they are made from async code.
pub trait Progress: Send + Sync {
    /// Takes one event.
    fn report(&self, event: Event);
}

/// Throws every event away.
#[derive(Debug, Clone, Copy, Default)]
pub struct Silent;

impl Progress for Silent {
    fn report(&self, _event: Event) {}
}
