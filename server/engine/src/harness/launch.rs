//! How the harness is started: here, or through a command such as `ssh gpubox python3`.

use std::ffi::OsString;
use std::path::PathBuf;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;

use super::bubblewrap;
use super::package::{self, Package};
use crate::home::Home;
use crate::python::{self, PythonError};

/// A program to start and what to tell it first.
#[derive(Debug, Clone)]
pub struct Launch {
    /// The program.
    pub program: PathBuf,
    /// Its arguments.
    pub arguments: Vec<OsString>,
    /// Its whole environment.
    pub environment: Vec<(OsString, OsString)>,
    /// The folder it starts in.
    pub folder: PathBuf,
    /// What it reads before anything else; ends with a line end.
    pub preamble: Vec<u8>,
    /// What it is, in a few words, for messages: `/usr/bin/python3` or `ssh gpubox python3`.
    pub description: String,
}

/// Why the harness cannot be started.
#[derive(Debug, thiserror::Error)]
pub enum LaunchError {
    /// There is no Python to run it with.
    #[error(transparent)]
    Python(#[from] PythonError),
    /// The package could not be written to disk.
    #[error("cannot unpack the harness into {} ({cause}): make the folder writable, or set FUSEWRIGHT_HOME to another", folder.display())]
    Unpack {
        /// Fusewright's folder.
        folder: PathBuf,
        /// What the system said.
        cause: std::io::Error,
    },
    /// `[python] command` is an empty list.
    #[error("`[python] command` is empty: name a program, or leave the key out")]
    EmptyCommand,
}

/// What Python runs on the far side of a command. A shell there (`ssh` has one) takes the single quotes away and
/// leaves `f={exec(input())}`, a program that reads its first line and runs it; where there is no shell
/// (`docker exec -i`), Python sees a formatted string, which runs the same call.
const READ_AND_RUN: &str = "f'={exec(input())}'";

impl Launch {
    /// The harness as the settings want it.
    pub async fn resolve(
        interpreter: Option<&std::path::Path>,
        command: Option<&[String]>,
        home: &Home,
    ) -> Result<Self, LaunchError> {
        if let (Some(command), None) = (command, python::from_variable()) {
            return Self::through(command, &Package::embedded());
        }
        let found = python::find(interpreter, home).await?;
        Ok(bubblewrap::around(Self::local(&found.path, home)?).await)
    }

    /// The harness on this machine, run by `python`.
    pub fn local(python: &std::path::Path, home: &Home) -> Result<Self, LaunchError> {
        let folder = package::folder(home)
            .map_err(|cause| LaunchError::Unpack { folder: home.root().to_owned(), cause })?;
        let mut environment = python::bare_environment();
        environment.push(("PYTHONPATH".into(), folder.clone().into()));
        environment.push(("PYTHONUNBUFFERED".into(), "1".into()));
        Ok(Self {
            program: python.to_owned(),
            arguments: ["-m", "fusewright_harness", "serve"].map(Into::into).to_vec(),
            environment,
            folder,
            preamble: Vec::new(),
            description: python.display().to_string(),
        })
    }

    /// The harness behind a command that ends in a Python interpreter. Nothing but Python needs to be there: the
    /// package travels in the first line.
    pub fn through(command: &[String], package: &Package) -> Result<Self, LaunchError> {
        let [program, arguments @ ..] = command else { return Err(LaunchError::EmptyCommand) };
        let mut arguments: Vec<OsString> = arguments.iter().map(Into::into).collect();
        arguments.extend(["-u", "-c", READ_AND_RUN].map(Into::into));
        Ok(Self {
            program: program.into(),
            arguments,
            // The command is the user's own program (ssh and its agent, docker and its socket), not a pair's.
            environment: std::env::vars_os().collect(),
            folder: std::env::temp_dir(),
            preamble: preamble(package),
            description: command.join(" "),
        })
    }
}

/// One line of Python, plain ASCII, that holds the whole package and starts it.
fn preamble(package: &Package) -> Vec<u8> {
    let files: serde_json::Map<String, serde_json::Value> =
        package.files.iter().map(|(path, text)| (path.clone(), text.as_str().into())).collect();
    let content = serde_json::json!({
        "bootstrap": include_str!("bootstrap.py"),
        "globals": { "name": package.name, "files": files },
    });
    let encoded = BASE64.encode(content.to_string());
    format!(
        "import base64,json;d=json.loads(base64.b64decode('{encoded}'));exec(d['bootstrap'],d['globals'])\n"
    )
    .into_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_empty_command_is_refused() {
        let error = Launch::through(&[], &Package::embedded()).unwrap_err();
        insta::assert_snapshot!(error, @"`[python] command` is empty: name a program, or leave the key out");
    }

    #[test]
    fn the_preamble_is_one_line_of_ascii() {
        let files = vec![("a.py".to_owned(), "\"é\n😀'\"".to_owned())];
        let preamble = preamble(&Package { name: "harness-0".into(), files });
        assert!(preamble.is_ascii());
        assert_eq!(preamble.iter().position(|&byte| byte == b'\n'), Some(preamble.len() - 1));
    }
}
