//! What an interpreter is and has: it is asked.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use serde::Deserialize;

use super::environment::bare_environment;
use super::error::PythonError;

/// The oldest Python the harness runs on.
pub const OLDEST_PYTHON: (u32, u32) = (3, 10);

const PROBE: &str = include_str!("probe.py");
pub(super) const PROBE_LIMIT: Duration = Duration::from_secs(20);

/// What an interpreter said of itself.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Probe {
    /// Its own path.
    pub executable: PathBuf,
    /// Its version, `3.11.7`.
    pub python: String,
    /// The version of torch, if it can be imported.
    pub torch: Option<String>,
    /// The version of triton, if it can be imported.
    pub triton: Option<String>,
    /// The version of numpy, which Triton's interpreter computes with.
    pub numpy: Option<String>,
    /// Whether it can make a virtual environment with pip in it.
    pub venv: bool,
    /// Whether C code can be compiled against it, as triton does for its launchers on a GPU.
    pub headers: bool,
}

impl Probe {
    /// What it lacks to run pairs; empty where it lacks nothing.
    pub fn missing(&self) -> Vec<&'static str> {
        let mut missing = Vec::new();
        if !self.is_recent() {
            missing.push("Python 3.10 or newer");
        }
        for (name, version) in [("torch", &self.torch), ("triton", &self.triton), ("numpy", &self.numpy)] {
            if version.is_none() {
                missing.push(name);
            }
        }
        missing
    }

    /// Whether the harness runs on this version of Python.
    pub fn is_recent(&self) -> bool {
        self.version() >= OLDEST_PYTHON
    }

    /// Major and minor version.
    pub fn version(&self) -> (u32, u32) {
        let mut parts = self.python.split('.').map(|part| part.parse().unwrap_or(0));
        (parts.next().unwrap_or(0), parts.next().unwrap_or(0))
    }

    /// "Python 3.11.7, torch 2.15.0, triton 3.9.0".
    pub fn summary(&self) -> String {
        let mut text = format!("Python {}", self.python);
        for (name, version) in [("torch", &self.torch), ("triton", &self.triton)] {
            if let Some(version) = version {
                let _ = write!(text, ", {name} {version}");
            }
        }
        text
    }
}

/// Asks an interpreter what it is.
pub async fn probe(path: &Path) -> Result<Probe, PythonError> {
    let mut command = tokio::process::Command::new(path);
    command.args(["-c", PROBE]).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    // A module lying in the folder the user happens to be in must not be imported.
    command.env_clear().envs(bare_environment()).current_dir(neutral_folder()).kill_on_drop(true);
    let start = |cause| PythonError::Start { path: path.to_owned(), cause };
    let child = command.spawn().map_err(start)?;
    let output = tokio::time::timeout(PROBE_LIMIT, child.wait_with_output())
        .await
        .map_err(|_| PythonError::Silent { path: path.to_owned() })?
        .map_err(start)?;
    // A site customisation may print before the probe does, so only the last line counts.
    let answer =
        output.stdout.split(|&byte| byte == b'\n').rfind(|line| !line.is_empty()).unwrap_or_default();
    serde_json::from_slice(answer).map_err(|_| {
        let said = String::from_utf8_lossy(&output.stderr);
        let said = said.lines().rfind(|line| !line.trim().is_empty()).unwrap_or_default();
        PythonError::Strange { path: path.to_owned(), said: said.chars().take(300).collect() }
    })
}

/// A folder nobody plants a module in: Python looks into the present folder before its own library.
fn neutral_folder() -> PathBuf {
    if cfg!(unix) { PathBuf::from("/") } else { std::env::temp_dir() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::python::on_search_path;

    fn probed(torch: Option<&str>, python: &str) -> Probe {
        Probe {
            executable: "/usr/bin/python3".into(),
            python: python.into(),
            torch: torch.map(Into::into),
            triton: Some("3.9.0".into()),
            numpy: Some("2.4.6".into()),
            venv: true,
            headers: true,
        }
    }

    #[test]
    fn says_what_is_missing() {
        assert!(probed(Some("2.15.0"), "3.11.7").missing().is_empty());
        assert_eq!(probed(None, "3.9.1").missing(), ["Python 3.10 or newer", "torch"]);
        assert_eq!(probed(Some("2.15.0"), "3.11.7").summary(), "Python 3.11.7, torch 2.15.0, triton 3.9.0");
    }

    #[tokio::test]
    async fn a_program_that_is_no_python_is_named() {
        let error = probe(Path::new("/bin/ls")).await.unwrap_err().to_string();
        assert!(error.starts_with("/bin/ls does not answer as a Python interpreter does"), "{error}");
        let error = probe(Path::new("/no/such/python")).await.unwrap_err().to_string();
        assert!(error.starts_with("cannot start /no/such/python: "), "{error}");
    }

    #[tokio::test]
    async fn probes_the_python_on_the_search_path() {
        let python = on_search_path("python3").expect("the tests need python3");
        let probe = probe(&python).await.unwrap();
        assert!(probe.version() >= (3, 0));
        assert!(probe.executable.is_absolute());
    }
}
