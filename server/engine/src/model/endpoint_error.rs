//! Why an endpoint cannot be used.

use thiserror::Error;

/// Why an endpoint cannot be used. No message holds the key.
#[derive(Debug, Error)]
pub enum EndpointError {
    /// `base_url` is none.
    #[error("`base_url = \"{url}\"` is no http or https address: {reason}")]
    BadUrl {
        /// What stands there.
        url: String,
        /// What is wrong with it.
        reason: String,
    },
    /// The variable holds something that no header can.
    #[error("${variable} holds line breaks or control characters, which no key has")]
    BadKey {
        /// The environment variable.
        variable: String,
    },
    /// Nobody answered.
    #[error("{host} cannot be reached: {reason}")]
    Unreachable {
        /// Who was asked.
        host: String,
        /// What the network said.
        reason: String,
    },
    /// The endpoint wants a key, or another one.
    #[error("{host} refuses the key in ${variable} ({status}){said}")]
    Refused {
        /// Who was asked.
        host: String,
        /// Where the key came from.
        variable: String,
        /// The HTTP status.
        status: u16,
        /// What it said, after a colon; empty where it said nothing.
        said: String,
    },
    /// There is no key, and the endpoint wants one.
    #[error("{host} wants a key, and ${variable} is not set")]
    NoKey {
        /// Who was asked.
        host: String,
        /// Where the key should be.
        variable: String,
    },
    /// It answered, but not with its models.
    #[error("{host} answers with status {status} instead of its models{said}")]
    NotServed {
        /// Who was asked.
        host: String,
        /// The HTTP status.
        status: u16,
        /// What it said, after a colon; empty where it said nothing.
        said: String,
    },
}
