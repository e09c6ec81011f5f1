//! Runs one program of the setup, line by line, so that it ends with us and can be stopped.

use std::collections::VecDeque;
use std::ffi::OsString;
use std::path::Path;

use tokio::io::BufReader;
use tokio::sync::mpsc;

use super::SetupError;
use crate::harness::Launch;
use crate::harness::lines::{self, Line};
use crate::harness::spawn;
use crate::progress::CancellationToken;

/// How many of the last lines an error shows.
const KEPT: usize = 12;
/// Variables that would send packages elsewhere than into the environment.
const MISLEADING: &[&str] = &[
    "PYTHONPATH",
    "PYTHONHOME",
    "VIRTUAL_ENV",
    "PIP_TARGET",
    "PIP_PREFIX",
    "PIP_USER",
    "__PYVENV_LAUNCHER__",
];

/// One program to run.
pub(super) struct Step {
    what: &'static str,
    launch: Launch,
}

impl Step {
    /// A program with the user's environment: proxies, certificates and the choice of a package index are there.
    pub(super) fn new<A: Into<OsString>>(
        what: &'static str,
        program: &Path,
        arguments: impl IntoIterator<Item = A>,
    ) -> Self {
        let environment =
            std::env::vars_os().filter(|(name, _)| !MISLEADING.iter().any(|misleading| name == misleading));
        Self {
            what,
            launch: Launch {
                program: program.to_owned(),
                arguments: arguments.into_iter().map(Into::into).collect(),
                environment: environment.collect(),
                folder: if cfg!(unix) { "/".into() } else { std::env::temp_dir() },
                preamble: Vec::new(),
                description: program.display().to_string(),
            },
        }
    }

    /// Sets a variable for it.
    pub(super) fn variable(mut self, name: &str, value: impl Into<OsString>) -> Self {
        self.launch.environment.retain(|(set, _)| set != name);
        self.launch.environment.push((name.into(), value.into()));
        self
    }

    /// Runs it to its end and hands on every line it prints.
    pub(super) async fn run(
        self,
        on_line: &mut (dyn FnMut(&str) + Send),
        cancel: &CancellationToken,
    ) -> Result<(), SetupError> {
        let what = self.what;
        let start = |cause| SetupError::Start { what, program: self.launch.description.clone(), cause };
        let mut child = spawn::spawn(&self.launch).await.map_err(start)?;
        drop(child.stdin().take());
        let (sender, mut printed) = mpsc::unbounded_channel();
        if let Some(stdout) = child.stdout().take() {
            tokio::spawn(forward(stdout, sender.clone()));
        }
        if let Some(stderr) = child.stderr().take() {
            tokio::spawn(forward(stderr, sender));
        }
        let mut last = VecDeque::new();
        loop {
            tokio::select! {
                line = printed.recv() => match line {
                    Some(line) => {
                        tracing::debug!(target: "setup", "{line}");
                        on_line(&line);
                        if last.len() == KEPT {
                            last.pop_front();
                        }
                        last.push_back(line);
                    }
                    None => break,
                },
                () = cancel.cancelled() => {
                    child.id().into_iter().for_each(spawn::kill_tree);
                    let _ = child.wait().await;
                    return Err(SetupError::Cancelled);
                }
            }
        }
        let status = child.wait().await.map_err(start)?;
        if status.success() {
            return Ok(());
        }
        let said = Vec::from(last).join("\n");
        Err(SetupError::Step { what, status: status.to_string(), said })
    }
}

async fn forward(stream: impl tokio::io::AsyncRead + Unpin, sender: mpsc::UnboundedSender<String>) {
    let mut reader = BufReader::new(stream);
    while let Ok(Line::Whole(line)) = lines::next(&mut reader, 1 << 16).await {
        let _ = sender.send(String::from_utf8_lossy(&line).trim_end().to_owned());
    }
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    async fn shell(script: &str, cancel: &CancellationToken) -> (Vec<String>, Result<(), SetupError>) {
        let mut lines = Vec::new();
        let step = Step::new("trying", Path::new("/bin/sh"), ["-c", script]).variable("TRIED", "yes");
        let result = step.run(&mut |line| lines.push(line.to_owned()), cancel).await;
        (lines, result)
    }

    #[tokio::test]
    async fn hands_on_every_line_and_reports_a_failure() {
        let cancel = CancellationToken::new();
        let (lines, result) = shell("echo one; echo $TRIED", &cancel).await;
        assert_eq!(lines, ["one", "yes"]);
        result.unwrap();
        let (_, result) = shell("echo broken >&2; exit 3", &cancel).await;
        insta::assert_snapshot!(result.unwrap_err(), @"trying failed (exit status: 3): broken");
    }

    #[tokio::test]
    async fn cancelling_ends_it() {
        let cancel = CancellationToken::new();
        cancel.cancel();
        let (_, result) = shell("sleep 600", &cancel).await;
        assert!(matches!(result, Err(SetupError::Cancelled)));
    }
}
