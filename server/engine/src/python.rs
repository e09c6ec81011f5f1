//! Finds the Python that runs pairs, and says exactly what an interpreter lacks.

mod environment;
mod error;
mod installed;
mod probe;

pub(crate) use environment::bare_environment;
pub use error::{PythonError, remedy};
pub use installed::installed_triton;
pub use probe::{OLDEST_PYTHON, Probe, probe};

use std::path::{Path, PathBuf};

use crate::home::{Home, interpreter_of};

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
