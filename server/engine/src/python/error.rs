//! Why no interpreter can be used, and what mends that.

use std::path::{Path, PathBuf};

use super::Origin;
use super::probe::PROBE_LIMIT;

/// Why no interpreter can be used.
#[derive(Debug, thiserror::Error)]
pub enum PythonError {
    /// The interpreter could not be started at all.
    #[error("cannot start {}: {cause}", path.display())]
    Start {
        /// The interpreter.
        path: PathBuf,
        /// What the system said.
        cause: std::io::Error,
    },
    /// It started but did not answer as a Python does.
    #[error("{} does not answer as a Python interpreter does{}", path.display(), quoted(said))]
    Strange {
        /// The interpreter.
        path: PathBuf,
        /// The end of what it printed.
        said: String,
    },
    /// It did not answer in time.
    #[error("{} did not answer within {} seconds", path.display(), PROBE_LIMIT.as_secs())]
    Silent {
        /// The interpreter.
        path: PathBuf,
    },
    /// The interpreter that was asked for lacks something.
    #[error("{} ({}) has no {}: run `{}`", path.display(), origin.describe(), missing.join(", no "), remedy(path, missing))]
    Incomplete {
        /// The interpreter.
        path: PathBuf,
        /// Where it was named.
        origin: Origin,
        /// What it lacks.
        missing: Vec<&'static str>,
    },
    /// Nothing was found anywhere.
    #[error("no Python with torch and triton was found{}: run `fusewright setup`", looked_at(tried))]
    NotFound {
        /// What was looked at, and what was wrong with it.
        tried: Vec<String>,
    },
}

/// The command that gives an interpreter what it lacks.
pub fn remedy(path: &Path, missing: &[&str]) -> String {
    if missing.iter().any(|name| name.starts_with("Python")) {
        return "fusewright setup".to_owned();
    }
    format!("{} -m pip install {}", path.display(), missing.join(" "))
}

fn quoted(said: &str) -> String {
    if said.is_empty() { String::new() } else { format!(": {said}") }
}

fn looked_at(tried: &[String]) -> String {
    if tried.is_empty() { String::new() } else { format!(" ({})", tried.join("; ")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_error_names_the_command_that_mends_it() {
        let incomplete = PythonError::Incomplete {
            path: "/opt/py/bin/python".into(),
            origin: Origin::Settings,
            missing: vec!["torch", "triton"],
        };
        insta::assert_snapshot!(incomplete, @"/opt/py/bin/python (the settings) has no torch, no triton: run `/opt/py/bin/python -m pip install torch triton`");
        let none = PythonError::NotFound { tried: vec!["/usr/bin/python3 has no torch".into()] };
        insta::assert_snapshot!(none, @"no Python with torch and triton was found (/usr/bin/python3 has no torch): run `fusewright setup`");
    }
}
