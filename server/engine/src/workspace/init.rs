//! Lays out a workspace: every file and folder that its users name.

use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use serde::Serialize;

use super::DATA_FOLDER;
use crate::files;

const IDEAS: &str = include_str!("assets/fusion_ideas.txt");
const TASK_GENERATOR: &str = include_str!("assets/generate_fusion_task.py");
const BENCHMARK: &str = include_str!("assets/benchmark.py");
const README: &str = include_str!("assets/README.md");

/// The line of `benchmark.py` that `init` writes the binary's path into.
const RECORDED: &str = "FUSEWRIGHT = \"fusewright\"";

/// What `init` is told.
#[derive(Debug, Clone)]
pub struct InitOptions {
    /// The binary that `benchmark.py` hands over to.
    pub binary: PathBuf,
}

/// One file or folder of the workspace, after `init`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Created {
    /// Its path, relative to the workspace's root, with `/` between the parts.
    pub path: String,
    /// What became of it.
    pub state: State,
}

/// What became of one file or folder.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum State {
    /// It was not there before.
    Created,
    /// It was there and was left as it is.
    Kept,
    /// It was there, unchanged since an earlier `init`, and now names the present binary.
    Updated,
}

/// Why a workspace could not be laid out.
#[derive(Debug, thiserror::Error)]
pub enum InitError {
    /// Something of another kind has the name.
    #[error("{} is in the way: it must be a {wanted}, so move it and run `fusewright init` again", path.display())]
    InTheWay {
        /// The name.
        path: PathBuf,
        /// `file` or `directory`.
        wanted: &'static str,
    },
    /// The system refused.
    #[error("{} cannot be created: {source}", path.display())]
    NotCreated {
        /// The file or folder.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
}

/// Lays out a workspace in `dir`. What is there already is never overwritten, so a second call changes nothing.
pub fn init(dir: &Path, options: &InitOptions) -> Result<Vec<Created>, InitError> {
    let benchmark = benchmark(&options.binary);
    let mut created = Vec::new();
    if !dir.is_dir() {
        fs::create_dir_all(dir).map_err(|source| InitError::NotCreated { path: dir.to_owned(), source })?;
    }
    for (path, content) in [
        (format!("{DATA_FOLDER}/"), None),
        (format!("{DATA_FOLDER}/README.md"), Some(README)),
        (format!("{DATA_FOLDER}/fusion_ideas.txt"), Some(IDEAS)),
        (format!("{DATA_FOLDER}/examples/"), None),
        (format!("{DATA_FOLDER}/scripts/"), None),
        (format!("{DATA_FOLDER}/scripts/benchmark.py"), Some(benchmark.as_str())),
        (format!("{DATA_FOLDER}/output/"), None),
        (format!("{DATA_FOLDER}/output/training_data.jsonl"), Some("")),
        ("data/".to_owned(), None),
        ("generate_fusion_task.py".to_owned(), Some(TASK_GENERATOR)),
    ] {
        let state = match content {
            None => folder(&dir.join(&path))?,
            Some(content) => file(&dir.join(&path), content)?,
        };
        created.push(Created { path, state });
    }
    Ok(created)
}

fn folder(path: &Path) -> Result<State, InitError> {
    match fs::create_dir(path) {
        Ok(()) => Ok(State::Created),
        Err(_) if path.is_dir() => Ok(State::Kept),
        Err(source) => Err(refused(path, "directory", source)),
    }
}

fn file(path: &Path, content: &str) -> Result<State, InitError> {
    let written = OpenOptions::new().write(true).create_new(true).open(path).and_then(|mut file| {
        file.write_all(content.as_bytes())?;
        file.sync_all()
    });
    match written {
        Ok(()) => Ok(State::Created),
        Err(source) if source.kind() != io::ErrorKind::AlreadyExists || !path.is_file() => {
            Err(refused(path, "file", source))
        }
        Err(_) if fs::read_to_string(path).is_ok_and(|present| is_older_benchmark(&present, content)) => {
            files::replace(path, content.as_bytes()).map_err(|source| refused(path, "file", source))?;
            Ok(State::Updated)
        }
        Err(_) => Ok(State::Kept),
    }
}

fn refused(path: &Path, wanted: &'static str, source: io::Error) -> InitError {
    let path = path.to_owned();
    if source.kind() == io::ErrorKind::AlreadyExists {
        InitError::InTheWay { path, wanted }
    } else {
        InitError::NotCreated { path, source }
    }
}

/// The script with the binary's path in it.
fn benchmark(binary: &Path) -> String {
    BENCHMARK.replace(RECORDED, &recorded(binary))
}

/// The recording line. A JSON string is a Python string with the same meaning.
fn recorded(binary: &Path) -> String {
    format!("FUSEWRIGHT = {}", serde_json::Value::from(binary.to_string_lossy()))
}

/// Whether `present` is the script as `init` wrote it for another binary, and nobody changed it since.
fn is_older_benchmark(present: &str, wanted: &str) -> bool {
    let plain = |text: &str| -> Option<String> {
        let line = text.lines().find(|line| line.starts_with("FUSEWRIGHT = "))?;
        Some(text.replacen(line, RECORDED, 1))
    };
    present != wanted && plain(present).is_some_and(|text| text == BENCHMARK)
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    fn options(binary: &str) -> InitOptions {
        InitOptions { binary: binary.into() }
    }

    fn states(created: &[Created]) -> HashSet<State> {
        created.iter().map(|entry| entry.state).collect()
    }

    #[test]
    fn everything_that_the_prompts_name_is_there() {
        let folder = tempfile::tempdir().unwrap();
        let created = init(&folder.path().join("new/deep"), &options("/opt/fusewright")).unwrap();
        let lines: Vec<_> = created.iter().map(|entry| format!("{:?} {}", entry.state, entry.path)).collect();
        insta::assert_snapshot!(lines.join("\n"), @r"
        Created triton_training_data/
        Created triton_training_data/README.md
        Created triton_training_data/fusion_ideas.txt
        Created triton_training_data/examples/
        Created triton_training_data/scripts/
        Created triton_training_data/scripts/benchmark.py
        Created triton_training_data/output/
        Created triton_training_data/output/training_data.jsonl
        Created data/
        Created generate_fusion_task.py
        ");
    }

    #[test]
    fn a_second_time_nothing_changes() {
        let folder = tempfile::tempdir().unwrap();
        init(folder.path(), &options("/opt/fusewright")).unwrap();
        let ideas = folder.path().join("triton_training_data/fusion_ideas.txt");
        let dataset = folder.path().join("triton_training_data/output/training_data.jsonl");
        fs::write(&ideas, "mine\n").unwrap();
        fs::write(&dataset, "{}\n").unwrap();
        let again = init(folder.path(), &options("/opt/fusewright")).unwrap();
        assert_eq!(states(&again), HashSet::from([State::Kept]));
        assert_eq!(fs::read_to_string(&ideas).unwrap(), "mine\n");
        assert_eq!(fs::read_to_string(&dataset).unwrap(), "{}\n");
    }

    #[test]
    fn a_moved_binary_is_recorded_anew_unless_the_script_was_edited() {
        let folder = tempfile::tempdir().unwrap();
        let script = folder.path().join("triton_training_data/scripts/benchmark.py");
        init(folder.path(), &options("/old/fuse \"wright\"")).unwrap();
        assert!(fs::read_to_string(&script).unwrap().contains(r#"FUSEWRIGHT = "/old/fuse \"wright\"""#));

        let moved = init(folder.path(), &options("/new/fusewright")).unwrap();
        assert_eq!(states(&moved), HashSet::from([State::Kept, State::Updated]));
        let text = fs::read_to_string(&script).unwrap();
        assert!(text.contains("FUSEWRIGHT = \"/new/fusewright\""));

        fs::write(&script, text + "# mine\n").unwrap();
        let edited = init(folder.path(), &options("/third/fusewright")).unwrap();
        assert_eq!(states(&edited), HashSet::from([State::Kept]));
    }

    #[test]
    fn what_is_in_the_way_is_named() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("data"), "").unwrap();
        let error = init(folder.path(), &options("x")).unwrap_err().to_string();
        assert!(error.ends_with(
            "data/ is in the way: it must be a directory, so move it and run `fusewright init` again"
        ));

        let other = tempfile::tempdir().unwrap();
        fs::create_dir(other.path().join("generate_fusion_task.py")).unwrap();
        let error = init(other.path(), &options("x")).unwrap_err().to_string();
        assert!(error.contains("generate_fusion_task.py is in the way: it must be a file"));
    }

    #[test]
    fn the_ideas_are_many_and_each_is_one_line() {
        let ideas: Vec<_> = IDEAS.lines().collect();
        assert!(ideas.len() >= 60);
        assert_eq!(ideas.iter().collect::<HashSet<_>>().len(), ideas.len());
        assert!(ideas.iter().all(|idea| !idea.is_empty() && *idea == idea.trim()));
    }
}
