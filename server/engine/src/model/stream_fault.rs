//! What goes wrong in an answer: faults that the service reports in it, and answers that are none. Pure.

use reqwest::StatusCode;
use serde_json::Value;

use super::error::ModelError;
use super::{refusal, retry};

/// Why a stream brings no answer; the caller knows who sent it.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum StreamFault {
    /// An event that is none.
    Malformed(String),
    /// The service reports a fault of its own: its status, as far as it is known, and its words.
    Reported { status: u16, said: String },
    /// The answer stopped at the token limit.
    Truncated,
    /// The model declines.
    Declined(String),
}

impl StreamFault {
    /// The error for the user; `said` puts the service's own words after a colon.
    pub(super) fn into_error(self, host: String, said: impl Fn(&str) -> String) -> ModelError {
        match self {
            Self::Malformed(detail) => ModelError::Malformed { host, detail },
            Self::Truncated => ModelError::Truncated,
            Self::Declined(words) => ModelError::Declined { said: said(&words) },
            Self::Reported { status, said: words } => {
                let said = said(&words);
                if StatusCode::from_u16(status).is_ok_and(retry::passes) {
                    let advice = "; it broke off in the middle of its answer: ask again later".to_owned();
                    return ModelError::Busy { host, status, said, advice };
                }
                ModelError::Rejected { host, status, said }
            }
        }
    }
}

/// The fault that an event or an answer is, if it is one: under `error`, or the whole object.
pub(super) fn error_in(event: &Value) -> Option<&Value> {
    let whole = event.get("object").and_then(Value::as_str) == Some("error");
    let empty = |error: &Value| {
        error.is_null()
            || error == &Value::Bool(false)
            || error.as_str() == Some("")
            || error.as_object().is_some_and(serde_json::Map::is_empty)
    };
    // A gateway may wrap even the object.
    let event = event.get(0).unwrap_or(event);
    event.get("error").filter(|error| !empty(error)).or(whole.then_some(event))
}

/// A fault that the service reports in the stream, once the status of its response was sent.
pub(super) fn reported(error: &Value) -> StreamFault {
    let status = refusal::status(error).or_else(|| status_of_kind(error)).unwrap_or(500);
    StreamFault::Reported { status, said: refusal::words(error) }
}

/// The same where it is all that came, although the status said that all is well.
pub(super) fn reported_whole(error: &Value) -> StreamFault {
    let status = refusal::status(error).or_else(|| status_of_kind(error)).unwrap_or(200);
    StreamFault::Reported { status, said: refusal::words(error) }
}

fn status_of_kind(error: &Value) -> Option<u16> {
    Some(match error.get("type").and_then(Value::as_str)? {
        "overloaded_error" => retry::OVERLOADED,
        "rate_limit_error" | "rate_limit_exceeded" => 429,
        "invalid_request_error" => 400,
        "authentication_error" => 401,
        "billing_error" | "insufficient_quota" => 402,
        "permission_error" => 403,
        "not_found_error" => 404,
        "request_too_large" => 413,
        "timeout_error" => 504,
        "api_error" | "server_error" => 500,
        _ => return None,
    })
}
