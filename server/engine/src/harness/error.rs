//! Why the harness gave no answer.

/// One sentence each; the log that goes with it is apart.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum HarnessError {
    /// The program could not be started.
    #[error(
        "cannot start the harness with `{what}` ({cause}): mend `interpreter` or `command` under [python], or run `fusewright doctor`"
    )]
    Start {
        /// The program.
        what: String,
        /// What the system said.
        cause: String,
    },
    /// It did not listen in time.
    #[error("the harness (`{what}`) did not start within {seconds} seconds{}", last_line(log))]
    NotReady {
        /// The program.
        what: String,
        /// The limit.
        seconds: u64,
        /// The end of its log.
        log: String,
    },
    /// It ended before it answered.
    #[error("the harness (`{what}`) ended with {status} before it answered{}", last_line(log))]
    Died {
        /// The program.
        what: String,
        /// How it ended.
        status: String,
        /// The end of its log.
        log: String,
    },
    /// It said nothing for too long and was killed.
    #[error(
        "the harness (`{what}`) said nothing for {seconds} seconds and was ended; a slow pair needs a larger `timeout_s` under [verify]"
    )]
    Hung {
        /// The program.
        what: String,
        /// How long it was silent.
        seconds: u64,
    },
    /// It broke the protocol.
    #[error("the harness broke its protocol: {0}; let nothing else print where `[python] command` runs it")]
    Protocol(String),
    /// It said that it cannot serve the request.
    #[error("{0}")]
    Refused(String),
    /// The user stopped it.
    #[error("cancelled")]
    Cancelled,
}

impl HarnessError {
    /// A short name for the verdict line's `type`.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Start { .. } | Self::NotReady { .. } => "HarnessNotStarted",
            Self::Died { .. } => "HarnessDied",
            Self::Hung { .. } => "HarnessHung",
            Self::Protocol(_) => "HarnessProtocol",
            Self::Refused(_) => "HarnessRefused",
            Self::Cancelled => "Cancelled",
        }
    }

    /// The end of the harness's log, where it may say why.
    pub fn log(&self) -> &str {
        match self {
            Self::NotReady { log, .. } | Self::Died { log, .. } => log,
            _ => "",
        }
    }
}

fn last_line(log: &str) -> String {
    let line = log.lines().rfind(|line| !line.trim().is_empty()).map(str::trim);
    line.map(|line| format!(": {line}")).unwrap_or_default()
}
