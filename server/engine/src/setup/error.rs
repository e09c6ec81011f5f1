//! Why there is no Python to run pairs with, and what to do about it.

use std::io;
use std::path::PathBuf;

use crate::python::PythonError;

/// Why setup did not come to its end.
#[derive(Debug, thiserror::Error)]
pub enum SetupError {
    /// The interpreter that was named cannot be used.
    #[error(transparent)]
    Python(#[from] PythonError),
    /// There is no Python to make the environment with.
    #[error(
        "no Python from 3.10 to 3.15 that can make virtual environments was found{}: install one (`sudo apt install python3 python3-venv` on Debian and Ubuntu), or name one with `fusewright setup --python PATH`",
        listed(tried)
    )]
    NoBase {
        /// What was looked at, and what was wrong with it.
        tried: Vec<String>,
    },
    /// The interpreter that was named cannot make the environment.
    #[error("{} ({version}) {wrong}: {remedy}", path.display())]
    UnfitBase {
        /// The interpreter.
        path: PathBuf,
        /// Its version.
        version: String,
        /// What is wrong.
        wrong: &'static str,
        /// What to do.
        remedy: String,
    },
    /// There are no packages for this system.
    #[error(
        "Triton has no packages for {0}: judge pairs on a Linux machine instead, with `[python] command = [\"ssh\", \"HOST\", \"python3\"]` in fusewright.toml"
    )]
    Platform(String),
    /// There is not enough room.
    #[error("{} has {free_gb:.1} GB free and the environment needs {needed_gb}: make room, or set FUSEWRIGHT_HOME to a folder on another disk", path.display())]
    Disk {
        /// Fusewright's folder.
        path: PathBuf,
        /// What is free there.
        free_gb: f64,
        /// What is needed.
        needed_gb: u32,
    },
    /// A program could not be started.
    #[error("{what} failed: cannot start {program}: {cause}")]
    Start {
        /// What was being done.
        what: &'static str,
        /// The program.
        program: String,
        /// What the system said.
        cause: io::Error,
    },
    /// A program failed.
    #[error("{what} failed ({status}): {}", explained(said))]
    Step {
        /// What was being done.
        what: &'static str,
        /// How the program ended.
        status: String,
        /// The end of what it printed.
        said: String,
    },
    /// A file could not be written.
    #[error("cannot write {}: {cause}", path.display())]
    Write {
        /// The file or folder.
        path: PathBuf,
        /// What the system said.
        cause: io::Error,
    },
    /// The environment is there but was changed since.
    #[error("the managed environment has no {}: delete {} and run `fusewright setup` again", missing.join(", no "), environment.display())]
    Broken {
        /// The environment.
        environment: PathBuf,
        /// What it lacks.
        missing: Vec<&'static str>,
    },
    /// The user stopped it.
    #[error("cancelled; run `fusewright setup` again to go on")]
    Cancelled,
}

fn listed(tried: &[String]) -> String {
    if tried.is_empty() { String::new() } else { format!(" ({})", tried.join("; ")) }
}

/// What a failed program printed last, with the cause in front where it is a well-known one.
fn explained(said: &str) -> String {
    const NETWORK: &[&str] = &[
        "dns error",
        "error resolving",
        "failed to resolve",
        "name resolution",
        "connection refused",
        "network is unreachable",
        "timed out",
        "error sending request",
        "max retries exceeded",
        "proxyerror",
        "connecttimeout",
        "newconnectionerror",
        "could not fetch url",
    ];
    const DISK: &[&str] = &["no space left", "disk quota exceeded"];
    let lower = said.to_lowercase();
    let is_any = |signs: &[&str]| signs.iter().any(|sign| lower.contains(sign));
    let hint = if is_any(DISK) {
        "the disk is full: make room, or set FUSEWRIGHT_HOME to a folder on another disk; "
    } else if is_any(NETWORK) {
        "the package index cannot be reached: check the network and the proxy settings, then run `fusewright setup` again; "
    } else {
        ""
    };
    let last: Vec<&str> = said.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    format!("{hint}{}", last[last.len().saturating_sub(6)..].join(" | "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn well_known_causes_are_named() {
        let step = |said: &str| SetupError::Step {
            what: "installing torch and triton",
            status: "exit status: 1".into(),
            said: said.into(),
        };
        insta::assert_snapshot!(step("error: Failed to fetch\n  Caused by: dns error"), @"installing torch and triton failed (exit status: 1): the package index cannot be reached: check the network and the proxy settings, then run `fusewright setup` again; error: Failed to fetch | Caused by: dns error");
        insta::assert_snapshot!(step("No space left on device (os error 28)"), @"installing torch and triton failed (exit status: 1): the disk is full: make room, or set FUSEWRIGHT_HOME to a folder on another disk; No space left on device (os error 28)");
        insta::assert_snapshot!(step("Hash mismatch"), @"installing torch and triton failed (exit status: 1): Hash mismatch");
    }

    #[test]
    fn each_error_says_what_to_do() {
        let disk =
            SetupError::Disk { path: "/home/u/.local/share/fusewright".into(), free_gb: 1.25, needed_gb: 9 };
        insta::assert_snapshot!(disk, @"/home/u/.local/share/fusewright has 1.2 GB free and the environment needs 9: make room, or set FUSEWRIGHT_HOME to a folder on another disk");
        let none = SetupError::NoBase { tried: vec!["/usr/bin/python3 is Python 3.9.2".into()] };
        insta::assert_snapshot!(none, @"no Python from 3.10 to 3.15 that can make virtual environments was found (/usr/bin/python3 is Python 3.9.2): install one (`sudo apt install python3 python3-venv` on Debian and Ubuntu), or name one with `fusewright setup --python PATH`");
    }
}
