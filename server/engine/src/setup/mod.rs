//! Gives Fusewright a Python with torch and triton: the user's own where it has them, else a managed environment
//! whose every package is locked by hash.
//!
//! The environment is built in its final place, because a virtual environment holds its own path; a file written
//! last says that it is complete. What a kill leaves behind is thrown away by the next run, which finds the
//! downloads in the installer's cache.

mod base;
mod error;
mod install;
mod lock;
mod step;

use std::ffi::OsString;
use std::path::{Path, PathBuf};

pub use error::SetupError;

use crate::files;
use crate::harness;
use crate::home::{COMPLETE, Home, interpreter_of};
use crate::progress::{CancellationToken, Event, Progress};
use crate::python::{self, Interpreter, Origin, PythonError};
use step::Step;

/// What the user asked for.
#[derive(Debug, Clone, Default)]
pub struct SetupOptions {
    /// Use this Python: as it is where it has torch and triton, else to make the managed environment with.
    pub python: Option<PathBuf>,
    /// Make the managed environment even where an interpreter with torch and triton was found.
    pub managed: bool,
    /// The interpreter that the settings name.
    pub configured: Option<PathBuf>,
}

/// A Python that can run pairs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Prepared {
    /// The interpreter.
    pub interpreter: Interpreter,
    /// Whether the environment was made now, rather than found.
    pub made: bool,
}

/// Finds a Python with torch and triton, or makes one.
pub async fn setup(
    options: &SetupOptions,
    home: &Home,
    progress: &dyn Progress,
    cancel: &CancellationToken,
) -> Result<Prepared, SetupError> {
    let prepared = prepare(options, home, progress, cancel).await?;
    compile_harness(&prepared.interpreter.path, home, cancel).await?;
    Ok(prepared)
}

async fn prepare(
    options: &SetupOptions,
    home: &Home,
    progress: &dyn Progress,
    cancel: &CancellationToken,
) -> Result<Prepared, SetupError> {
    if let Some(path) = &options.python {
        let path = std::path::absolute(path).unwrap_or_else(|_| path.clone());
        let probe = python::probe(&path).await?;
        if probe.missing().is_empty() && !options.managed {
            choose(home, Some(&path))?;
            let interpreter = Interpreter { path, origin: Origin::Chosen, probe };
            return Ok(Prepared { interpreter, made: false });
        }
        let base = base::checked(path, probe)?;
        let prepared = managed(Some(&base), home, progress, cancel).await?;
        choose(home, None)?;
        return Ok(prepared);
    }
    if options.managed {
        return managed(None, home, progress, cancel).await;
    }
    match python::find(options.configured.as_deref(), home).await {
        Ok(interpreter) => Ok(Prepared { interpreter, made: false }),
        Err(PythonError::NotFound { .. }) => managed(None, home, progress, cancel).await,
        // An interpreter that the user named is the user's to mend.
        Err(named) => Err(named.into()),
    }
}

/// Remembers an interpreter, or forgets the one remembered.
fn choose(home: &Home, path: Option<&Path>) -> Result<(), SetupError> {
    let file = home.chosen_python_file();
    let done = match path {
        Some(path) => files::create_private_dir(home.root())
            .and_then(|()| files::replace(&file, format!("{}\n", path.display()).as_bytes())),
        None => match std::fs::remove_file(&file) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        },
    };
    done.map_err(|cause| SetupError::Write { path: file, cause })
}

/// The managed environment, made where it is not complete yet.
async fn managed(
    base: Option<&Path>,
    home: &Home,
    progress: &dyn Progress,
    cancel: &CancellationToken,
) -> Result<Prepared, SetupError> {
    let environment = home.environment();
    let interpreter = interpreter_of(&environment);
    let write = |cause| SetupError::Write { path: home.root().to_owned(), cause };
    files::create_private_dir(home.root()).map_err(write)?;
    let _lock = lock::acquire(&home.root().join("setup.lock"), progress, cancel).await?;
    let made = home.managed_python().is_none();
    if made {
        base::check_platform()?;
        base::check_disk(home.root())?;
        let base = match base {
            Some(base) => base.to_owned(),
            None => base::find().await?,
        };
        let write = |cause| SetupError::Write { path: environment.clone(), cause };
        if environment.exists() {
            progress.report(Event::Note("an earlier setup did not finish; beginning anew".to_owned()));
            std::fs::remove_dir_all(&environment).map_err(write)?;
        }
        install::install(&base, &environment, home, progress, cancel).await?;
        let probe = python::probe(&interpreter).await?;
        for old in other_environments(home) {
            let note = format!("{} is of an earlier version and is no longer used: delete it", old.display());
            progress.report(Event::Note(note));
        }
        files::replace(&environment.join(COMPLETE), format!("{}\n", probe.summary()).as_bytes())
            .map_err(write)?;
    }
    let probe = python::probe(&interpreter).await?;
    let missing = probe.missing();
    if !missing.is_empty() {
        return Err(SetupError::Broken { environment, missing });
    }
    Ok(Prepared { interpreter: Interpreter { path: interpreter, origin: Origin::Managed, probe }, made })
}

/// Environments of other versions. Another binary may still use them, so deleting them is the user's to do.
fn other_environments(home: &Home) -> Vec<PathBuf> {
    let present = home.environment();
    let entries = std::fs::read_dir(home.root()).into_iter().flatten().filter_map(Result::ok);
    let is_environment = |path: &PathBuf| {
        path.file_name().is_some_and(|name| name.to_string_lossy().starts_with("env-")) && *path != present
    };
    entries.map(|entry| entry.path()).filter(is_environment).collect()
}

/// Unpacks the harness and compiles it to bytecode, so that the first verdict does not pay for it.
async fn compile_harness(python: &Path, home: &Home, cancel: &CancellationToken) -> Result<(), SetupError> {
    files::create_private_dir(home.root())
        .map_err(|cause| SetupError::Write { path: home.root().to_owned(), cause })?;
    let folder =
        harness::folder(home).map_err(|cause| SetupError::Write { path: home.root().to_owned(), cause })?;
    let compiled = folder.join("fusewright_harness/__pycache__");
    if compiled.is_dir() {
        return Ok(());
    }
    let arguments: [OsString; 4] = ["-m".into(), "compileall".into(), "-q".into(), folder.into()];
    Step::new("compiling the harness", python, arguments).run(&mut |_| (), cancel).await
}
