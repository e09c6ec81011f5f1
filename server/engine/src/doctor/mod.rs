//! Looks at everything that judging and archiving need, and names the command that mends what is missing.

mod machine;
mod model;
mod place;
mod runner;

use std::fmt;
use std::path::PathBuf;

use serde::Serialize;

use crate::config::{ConfigProblem, Settings};
use crate::home::Home;
use crate::progress::{CancellationToken, Progress};

/// What is examined.
#[derive(Debug, Clone)]
pub struct DoctorOptions {
    /// The workspace's root.
    pub root: PathBuf,
    /// The settings in force there.
    pub settings: Settings,
    /// What is wrong with its settings file.
    pub problems: Vec<ConfigProblem>,
    /// Fusewright's own folder.
    pub home: Home,
}

/// How one thing stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum State {
    /// As it should be.
    Good,
    /// Work goes on without it, but less well.
    Warning,
    /// Nothing can be judged, or nothing archived, until it is mended.
    Fault,
}

/// One thing that was looked at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Check {
    /// What it is, in a word or two.
    pub subject: &'static str,
    /// How it stands.
    pub state: State,
    /// What was found.
    pub message: String,
    /// The command or the change that mends it.
    pub remedy: Option<String>,
}

impl Check {
    fn good(subject: &'static str, message: impl Into<String>) -> Self {
        Self { subject, state: State::Good, message: message.into(), remedy: None }
    }

    fn warning(subject: &'static str, message: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self { subject, state: State::Warning, message: message.into(), remedy: Some(remedy.into()) }
    }

    fn fault(subject: &'static str, message: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self { subject, state: State::Fault, message: message.into(), remedy: Some(remedy.into()) }
    }
}

/// Everything that was looked at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Report {
    /// Whether pairs can be judged and archived.
    pub sound: bool,
    /// One entry for each thing.
    pub checks: Vec<Check>,
}

/// Examines the machine and the workspace. A harness is started and ended again.
pub async fn examine(options: &DoctorOptions, progress: &dyn Progress, cancel: &CancellationToken) -> Report {
    let mut checks = place::examine(options);
    let found = runner::examine(options, &mut checks, progress, cancel).await;
    machine::examine(&found, &mut checks).await;
    checks.extend(model::examine(options, cancel).await);
    Report { sound: checks.iter().all(|check| check.state != State::Fault), checks }
}

impl fmt::Display for Report {
    /// One line for each thing, the remedy below it; no colours.
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        for Check { subject, state, message, remedy } in &self.checks {
            let sign = match state {
                State::Good => "ok",
                State::Warning => "!!",
                State::Fault => "XX",
            };
            writeln!(out, "{sign} {subject:<12} {message}")?;
            if let Some(remedy) = remedy {
                writeln!(out, "   {:<12} -> {remedy}", "")?;
            }
        }
        let end = if self.sound { "pairs can be judged and archived here" } else { "mend what is marked XX" };
        write!(out, "{end}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_report_names_each_remedy() {
        let checks = vec![
            Check::good("python", "Python 3.11.7"),
            Check::warning("bubblewrap", "not found", "sudo apt install bubblewrap"),
            Check::fault("dataset", "read-only", "chmod u+w data.jsonl"),
        ];
        insta::assert_snapshot!(Report { sound: false, checks }, @r"
        ok python       Python 3.11.7
        !! bubblewrap   not found
                        -> sudo apt install bubblewrap
        XX dataset      read-only
                        -> chmod u+w data.jsonl
        mend what is marked XX
        ");
    }
}
