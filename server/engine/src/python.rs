//! Finds the Python that runs pairs, and says exactly what an interpreter lacks.

use std::ffi::OsString;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use fusewright_pair::Version;
use serde::Deserialize;

use crate::config::PythonSettings;
use crate::home::{Home, interpreter_of};

/// The oldest Python the harness runs on.
pub const OLDEST_PYTHON: (u32, u32) = (3, 10);

const PROBE: &str = include_str!("python/probe.py");
const PROBE_LIMIT: Duration = Duration::from_secs(20);

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

/// Where an interpreter was looked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    /// The variable `FUSEWRIGHT_PYTHON`, which wins over the settings.
    Variable,
    /// `[python] interpreter` in the settings.
    Settings,
    /// The active virtual environment.
    ActiveEnvironment,
    /// The one that `fusewright setup --python` remembered.
    Chosen,
    /// The environment that `fusewright setup` made.
    Managed,
    /// `python3` on the search path.
    SearchPath,
}

impl Origin {
    /// In the user's words.
    pub fn describe(self) -> &'static str {
        match self {
            Self::Variable => "FUSEWRIGHT_PYTHON",
            Self::Settings => "the settings",
            Self::ActiveEnvironment => "the active environment",
            Self::Chosen => "the choice made at setup",
            Self::Managed => "the managed environment",
            Self::SearchPath => "the search path",
        }
    }
}

/// An interpreter that has everything.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Interpreter {
    /// What to start.
    pub path: PathBuf,
    /// Where it was found.
    pub origin: Origin,
    /// What it is.
    pub probe: Probe,
}

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

/// The variables that Python, torch, triton and the driver need; nothing else of the user's environment, keys
/// above all, reaches a process that runs pairs.
pub(crate) fn bare_environment() -> Vec<(OsString, OsString)> {
    const NAMES: &[&str] = &[
        "CC",
        "CONDA_PREFIX",
        "HOME",
        "LD_LIBRARY_PATH",
        "LIBRARY_PATH",
        "LOGNAME",
        "PATH",
        "PATHEXT",
        "SYSTEMROOT",
        "TEMP",
        "TMP",
        "TMPDIR",
        "USER",
        "USERPROFILE",
        "XDG_CACHE_HOME",
        "XDG_RUNTIME_DIR",
    ];
    const FAMILIES: &[&str] = &["CUDA_", "NVIDIA_", "FUSEWRIGHT_", "PYENV_"];
    let kept = |name: &OsString| {
        let name = name.to_string_lossy();
        NAMES.contains(&name.as_ref()) || FAMILIES.iter().any(|family| name.starts_with(family))
    };
    let mut kept: Vec<_> = std::env::vars_os().filter(|(name, _)| kept(name)).collect();
    // One locale for every machine: messages and number formats must not depend on the user's.
    kept.push(("LC_ALL".into(), "C.UTF-8".into()));
    kept.push(("PYTHONUTF8".into(), "1".into()));
    kept
}

/// A folder nobody plants a module in: Python looks into the present folder before its own library.
fn neutral_folder() -> PathBuf {
    if cfg!(unix) { PathBuf::from("/") } else { std::env::temp_dir() }
}

/// The interpreter that `FUSEWRIGHT_PYTHON` names.
pub(crate) fn from_variable() -> Option<PathBuf> {
    std::env::var_os("FUSEWRIGHT_PYTHON").filter(|value| !value.is_empty()).map(PathBuf::from)
}

/// Finds the interpreter that runs pairs: the one in `FUSEWRIGHT_PYTHON` or else the settings and no other, else the first with torch and
/// triton of the active environment, the one chosen at setup, the managed environment, `python3`.
pub async fn find(setting: Option<&Path>, home: &Home) -> Result<Interpreter, PythonError> {
    if let Some(path) = from_variable() {
        return usable(&path, Origin::Variable).await;
    }
    if let Some(path) = setting {
        return usable(path, Origin::Settings).await;
    }
    let mut tried = Vec::new();
    for (path, origin) in candidates(home) {
        match usable(&path, origin).await {
            Ok(found) => return Ok(found),
            Err(PythonError::Incomplete { path, missing, .. }) => {
                tried.push(format!("{} has no {}", path.display(), missing.join(", no ")));
            }
            Err(other) => tried.push(other.to_string()),
        }
    }
    Err(PythonError::NotFound { tried })
}

/// The version of triton that pairs are run with, whose interface their rules go by: read from the interpreter's
/// folders, nothing is run. None where that cannot be told, as of an interpreter on another machine.
pub fn installed_triton(settings: &PythonSettings, home: &Home) -> Option<Version> {
    triton_by(from_variable().as_deref(), settings, home)
}

fn triton_by(variable: Option<&Path>, settings: &PythonSettings, home: &Home) -> Option<Version> {
    let version = match (variable, &settings.command, &settings.interpreter) {
        (Some(path), ..) => triton_of(path),
        (None, Some(_), _) => None,
        (None, None, Some(path)) => triton_of(path),
        (None, None, None) => candidates(home).iter().find_map(|(path, _)| triton_of(path)),
    };
    version?.parse().ok()
}

/// The version in the name of `triton-3.6.0.dist-info`, among the packages of an interpreter's environment.
fn triton_of(interpreter: &Path) -> Option<String> {
    let root = interpreter.parent()?.parent()?;
    let libraries = std::fs::read_dir(root.join("lib")).into_iter().flatten().flatten();
    let pythons = libraries
        .map(|entry| entry.path())
        .filter(|path| path.file_name().is_some_and(|name| name.to_string_lossy().starts_with("python")));
    // Windows has one folder for all versions.
    let mut folders: Vec<PathBuf> =
        pythons.chain([root.join("Lib")]).map(|path| path.join("site-packages")).collect();
    folders.sort();
    folders.iter().find_map(|folder| {
        std::fs::read_dir(folder).ok()?.flatten().find_map(|entry| {
            let name = entry.file_name();
            let version = name.to_str()?.strip_prefix("triton-")?.strip_suffix(".dist-info")?;
            Some(version.to_owned())
        })
    })
}

/// The interpreter, if it has everything.
async fn usable(path: &Path, origin: Origin) -> Result<Interpreter, PythonError> {
    let probe = probe(path).await?;
    let missing = probe.missing();
    if missing.is_empty() {
        Ok(Interpreter { path: path.to_owned(), origin, probe })
    } else {
        Err(PythonError::Incomplete { path: path.to_owned(), origin, missing })
    }
}

/// Every interpreter worth asking, in order, each once.
fn candidates(home: &Home) -> Vec<(PathBuf, Origin)> {
    let mut found: Vec<(PathBuf, Origin)> = Vec::new();
    for variable in ["VIRTUAL_ENV", "CONDA_PREFIX"] {
        if let Some(environment) = std::env::var_os(variable).filter(|value| !value.is_empty()) {
            found.push((interpreter_of(Path::new(&environment)), Origin::ActiveEnvironment));
        }
    }
    found.extend(home.chosen_python().map(|path| (path, Origin::Chosen)));
    found.extend(home.managed_python().map(|path| (path, Origin::Managed)));
    for name in ["python3", "python"] {
        found.extend(on_search_path(name).map(|path| (path, Origin::SearchPath)));
    }
    let mut seen = std::collections::HashSet::new();
    found.retain(|(path, _)| path.exists() && seen.insert(path.clone()));
    found
}

/// The program of this name on the search path.
pub(crate) fn on_search_path(name: &str) -> Option<PathBuf> {
    let name = format!("{name}{}", std::env::consts::EXE_SUFFIX);
    std::env::split_paths(&std::env::var_os("PATH")?)
        .filter(|folder| folder.is_absolute())
        .map(|folder| folder.join(&name))
        .find(|path| path.is_file())
}

#[cfg(test)]
mod tests {
    use super::*;

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
    fn the_version_of_triton_is_read_from_folders() {
        let root = tempfile::tempdir().unwrap();
        let interpreter = root.path().join("bin/python");
        assert_eq!(triton_of(&interpreter), None);
        let packages = root.path().join("lib/python3.11/site-packages");
        std::fs::create_dir_all(packages.join("triton")).unwrap();
        std::fs::create_dir_all(packages.join("triton_kernels-1.0.0.dist-info")).unwrap();
        assert_eq!(triton_of(&interpreter), None);
        std::fs::create_dir_all(packages.join("triton-3.6.0+git1.dist-info")).unwrap();
        assert_eq!(triton_of(&interpreter).as_deref(), Some("3.6.0+git1"));
    }

    #[test]
    fn the_rules_go_by_the_triton_that_runs_pairs() {
        let root = tempfile::tempdir().unwrap();
        let home = Home::at(root.path().join("home"));
        let python = |version: &str| {
            let environment = root.path().join(version);
            let packages =
                environment.join(format!("lib/python3.12/site-packages/triton-{version}.dist-info"));
            std::fs::create_dir_all(packages).unwrap();
            environment.join("bin/python")
        };
        let settings = |interpreter, command| PythonSettings { interpreter, command };
        let named = settings(Some(python("3.4.0")), None);
        let elsewhere = settings(None, Some(vec!["ssh".to_owned(), "box".to_owned(), "python3".to_owned()]));
        assert_eq!(triton_by(None, &named, &home), Some(Version::new(3, 4)));
        assert_eq!(triton_by(Some(&python("3.6.0")), &named, &home), Some(Version::new(3, 6)));
        assert_eq!(triton_by(None, &elsewhere, &home), None, "it is on another machine");
        assert_eq!(triton_by(Some(&python("3.6.0")), &elsewhere, &home), Some(Version::new(3, 6)));
    }

    #[test]
    fn says_what_is_missing() {
        assert!(probed(Some("2.15.0"), "3.11.7").missing().is_empty());
        assert_eq!(probed(None, "3.9.1").missing(), ["Python 3.10 or newer", "torch"]);
        assert_eq!(probed(Some("2.15.0"), "3.11.7").summary(), "Python 3.11.7, torch 2.15.0, triton 3.9.0");
    }

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
