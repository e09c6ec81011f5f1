//! The commands, one file for each. A lens, a code action and the palette all end here.

pub(crate) mod abandon;
pub(crate) mod archive;
pub(crate) mod cancel;
pub(crate) mod convert;
pub(crate) mod doctor;
pub(crate) mod fix;
pub(crate) mod generate;
pub(crate) mod init;
pub(crate) mod next_idea;
pub(crate) mod recall;
pub(crate) mod run_idea;
pub(crate) mod run_task;
pub(crate) mod verify;

use std::path::PathBuf;

use serde_json::Value;
use tower_lsp::jsonrpc::{Error, ErrorCode, Result};
use tower_lsp::ls_types::Uri;

use super::jobs::JobError;
use super::session::{Session, file_path};

/// A command of the server's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Command {
    /// Write a kernel.
    Generate,
    /// Mend a kernel.
    Fix,
    /// Judge a pair.
    Verify,
    /// Append a pair to the dataset.
    Archive,
    /// Stop what runs on a document.
    Cancel,
    /// Lay out a workspace.
    Init,
    /// Say what is missing on this machine.
    Doctor,
    /// Put a pair into the other style.
    Convert,
    /// Work at the next idea.
    NextIdea,
    /// Work at an idea, or at all of them.
    RunIdea,
    /// Work at a task.
    RunTask,
    /// Give up what is being worked at.
    Abandon,
}

impl Command {
    /// All that the server advertises.
    pub(crate) const ALL: [Self; 12] = [
        Self::Generate,
        Self::Fix,
        Self::Verify,
        Self::Archive,
        Self::Cancel,
        Self::Init,
        Self::Doctor,
        Self::Convert,
        Self::NextIdea,
        Self::RunIdea,
        Self::RunTask,
        Self::Abandon,
    ];

    /// The name that clients call it by.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Generate => "fusewright.generate",
            Self::Fix => "fusewright.fix",
            Self::Verify => "fusewright.verify",
            Self::Archive => "fusewright.archive",
            Self::Cancel => "fusewright.cancel",
            Self::Init => "fusewright.init",
            Self::Doctor => "fusewright.doctor",
            Self::Convert => "fusewright.convert",
            Self::NextIdea => "fusewright.nextIdea",
            Self::RunIdea => "fusewright.runIdea",
            Self::RunTask => "fusewright.runTask",
            Self::Abandon => "fusewright.abandon",
        }
    }

    /// The command that clients call by `name`.
    pub(crate) fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|command| command.name() == name)
    }
}

/// The document that a command is about: its first argument.
fn document(command: Command, arguments: &[Value]) -> Result<Uri> {
    let named = arguments.first().and_then(Value::as_str).and_then(|uri| uri.parse().ok());
    named.ok_or_else(|| invalid(format!("{} wants the document's address as its argument", command.name())))
}

/// The folder or the document that a command may name first; `null` or nothing stands for the folder that is open.
fn place(command: Command, arguments: &[Value]) -> Result<Option<PathBuf>> {
    let Some(argument) = arguments.first().filter(|argument| !argument.is_null()) else { return Ok(None) };
    let uri = argument.as_str().and_then(|uri| uri.parse::<Uri>().ok());
    uri.as_ref().and_then(file_path).map(Some).ok_or_else(|| {
        invalid(format!(
            "{} wants a folder's or a document's address as its first argument, or none",
            command.name()
        ))
    })
}

/// Refuses what runs or writes something in a folder that the user does not trust.
fn refuse_untrusted(session: &Session) -> Result<()> {
    if session.state().options.is_restricted() {
        return Err(refused(
            "this folder is not trusted, so nothing in it is run or written: trust it first",
        ));
    }
    Ok(())
}

/// A call that makes no sense.
pub(crate) fn invalid(message: impl Into<String>) -> Error {
    Error::invalid_params(message.into())
}

/// Something that was asked for and cannot be done; the editor shows the sentence.
#[allow(clippy::needless_pass_by_value, reason = "it ends chains of `map_err`, which hand the error over")]
pub(crate) fn refused(message: impl ToString) -> Error {
    Error { code: ErrorCode::ServerError(REQUEST_FAILED), message: message.to_string().into(), data: None }
}

/// The protocol's code of a request that was right but failed.
const REQUEST_FAILED: i64 = -32803;

impl From<JobError> for Error {
    fn from(error: JobError) -> Self {
        let message = error.to_string();
        Self { code: ErrorCode::InternalError, message: message.into(), data: None }
    }
}
