//! Why a model gave no whole answer.

use std::time::Duration;

use thiserror::Error;

use super::endpoint_error::EndpointError;

/// Why there is no answer. No message holds a key.
#[derive(Debug, Error)]
pub enum ModelError {
    /// The endpoint cannot be used.
    #[error(transparent)]
    Endpoint(#[from] EndpointError),
    /// The settings do not say enough.
    #[error("no {what} is named: set `[model] {key}`")]
    Unset {
        /// What is missing, in the user's words.
        what: &'static str,
        /// The key that names it.
        key: &'static str,
    },
    /// A header cannot be sent.
    #[error("the header `{name}` of [model] cannot be sent: {reason}")]
    BadHeader {
        /// Its name.
        name: String,
        /// Why not.
        reason: String,
    },
    /// The endpoint was busy or ill, and stayed so.
    #[error("{host} is busy (status {status}){said}{advice}")]
    Busy {
        /// Who was asked.
        host: String,
        /// The HTTP status, of the response or as the stream told it.
        status: u16,
        /// What it said, after a colon; empty where it said nothing.
        said: String,
        /// When to come back, after a semicolon; empty while it is asked again anyway.
        advice: String,
    },
    /// The endpoint does not take the request.
    #[error("{host} does not take the request (status {status}){said}")]
    Rejected {
        /// Who was asked.
        host: String,
        /// The HTTP status.
        status: u16,
        /// What it said, after a colon; empty where it said nothing.
        said: String,
    },
    /// The endpoint does not serve this model.
    #[error("{host} has no model `{model}`{known}")]
    NoSuchModel {
        /// Who was asked.
        host: String,
        /// The name that was asked for.
        model: String,
        /// What it serves, after a semicolon; empty where it serves nothing.
        known: String,
    },
    /// The stream ended before the answer did.
    #[error("{host} ended the stream after {characters} characters, before the answer was whole")]
    Cut {
        /// Who answered.
        host: String,
        /// How much had come.
        characters: usize,
    },
    /// The answer stopped at the token limit.
    #[error("the answer stopped at the token limit: raise `[model] max_tokens`, or ask for less")]
    Truncated,
    /// The model would not answer.
    #[error("the model declines to answer{said}")]
    Declined {
        /// What it said, after a colon; empty where it said nothing.
        said: String,
    },
    /// Nothing came for too long.
    #[error("{host} sent {what} for {} s", limit.as_secs_f64())]
    Silent {
        /// Who was asked.
        host: String,
        /// "no answer", or "nothing more".
        what: &'static str,
        /// How long was waited.
        limit: Duration,
    },
    /// What came does not follow the protocol.
    #[error("{host} sent an answer that does not follow its protocol: {detail}")]
    Malformed {
        /// Who answered.
        host: String,
        /// What is wrong with it.
        detail: String,
    },
    /// More came than any kernel takes.
    #[error("{who} sent far more text than a kernel takes: the answer was dropped")]
    TooLong {
        /// Who answered.
        who: String,
    },
    /// The program cannot be started, or failed.
    #[error("`{program}` {how}")]
    Program {
        /// Its name.
        program: String,
        /// What became of it.
        how: String,
    },
    /// There is no recorded answer.
    #[error("no answer is recorded for this: {} has none of {}", folder.display(), wanted.join(", "))]
    NotRecorded {
        /// Where it was looked for.
        folder: std::path::PathBuf,
        /// The names that would do.
        wanted: Vec<String>,
    },
    /// The editor's own model gave no answer; the sentence is the editor's, or about it.
    #[error("{0}")]
    Editor(String),
    /// The settings name the editor's model, and there is no editor, or it has none.
    #[error(
        "`provider = \"editor\"` asks the editor's own model, and there is none here: run this from the editor, or name another provider under [model]"
    )]
    NoEditor,
    /// The user ended it.
    #[error("cancelled")]
    Cancelled,
}
