//! Reads a workspace's `fusewright.toml`.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use toml::de::DeTable;

use super::check::{ConfigProblem, ProblemKind, check_toml, line_of};
use super::options::Options;
use super::trust::{TrustStore, drop_guarded, guarded};

/// The file's name, at the workspace's root.
pub const CONFIG_FILE: &str = "fusewright.toml";

/// More than any settings file needs: what is larger is not one.
const LARGEST: u64 = 1 << 20;

/// What a workspace's settings file says.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Loaded {
    /// The keys in force.
    pub options: Options,
    /// What is wrong with the others.
    pub problems: Vec<ConfigProblem>,
    /// The file, where there is one.
    pub file: Option<PathBuf>,
}

/// Reads the settings of the workspace at `root`. Keys that run or send something are left out, and a problem
/// says so, until the user has accepted the file with `fusewright trust`.
pub fn load(root: &Path) -> Loaded {
    load_with(root, |file, content| TrustStore::of_user().is_some_and(|store| store.accepts(file, content)))
}

/// Reads the settings of a workspace that the editor says the user trusts.
pub fn load_trusted(root: &Path) -> Loaded {
    load_with(root, |_, _| true)
}

pub(super) fn load_with(root: &Path, accepted: impl Fn(&Path, &[u8]) -> bool) -> Loaded {
    let path = root.join(CONFIG_FILE);
    let text = match read(&path) {
        Ok(Some(text)) => text,
        Ok(None) => return Loaded::default(),
        Err(reason) => {
            let message = format!("{CONFIG_FILE} {reason}");
            let problem = ConfigProblem { kind: ProblemKind::Invalid, line: 1, range: 0..0, message };
            return Loaded { options: Options::default(), problems: vec![problem], file: Some(path) };
        }
    };
    let (mut options, mut problems) = check_toml(&text);
    let waiting = guarded(&options);
    if !waiting.is_empty() && !accepted(&path, text.as_bytes()) {
        problems.extend(waiting.into_iter().map(|(section, key)| untrusted(&text, section, key)));
        problems.sort_by_key(|problem| problem.range.start);
        drop_guarded(&mut options);
        // Where the user has not said that the folder is to be trusted, a model is asked without running its code.
        options.model.inductor_hint_s = Some(0.0);
    }
    // A path is meant from the file that names it, wherever the program was started.
    if let Some(interpreter) = &mut options.python.interpreter
        && interpreter.components().count() > 1
    {
        *interpreter = root.join(&*interpreter);
    }
    Loaded { options, problems, file: Some(path) }
}

fn read(path: &Path) -> Result<Option<String>, String> {
    let metadata = match fs::metadata(path) {
        Ok(metadata) => metadata,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(format!("cannot be read: {error}")),
    };
    if !metadata.is_file() {
        return Err("is not a file".to_owned());
    }
    if metadata.len() > LARGEST {
        return Err("is larger than 1 MiB, which no settings file is".to_owned());
    }
    let bytes = fs::read(path).map_err(|error| format!("cannot be read: {error}"))?;
    String::from_utf8(bytes).map(Some).map_err(|_| "is not UTF-8 text".to_owned())
}

fn untrusted(text: &str, section: &str, key: &str) -> ConfigProblem {
    let range = DeTable::parse(text)
        .ok()
        .and_then(|table| {
            let (_, section) = table.get_ref().iter().find(|(name, _)| name.get_ref() == section)?;
            let keys = section.get_ref().as_table()?;
            keys.iter().find(|(name, _)| name.get_ref() == key).map(|(name, _)| name.span())
        })
        .unwrap_or(0..0);
    ConfigProblem {
        kind: ProblemKind::Untrusted,
        line: line_of(text, range.start),
        range,
        message: format!(
            "`{section}.{key}` is not in force: it can run or send something, so read the file and accept it with `fusewright trust`"
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "[verify]\nseeds = 2\n[python]\ninterpreter = \"env/bin/python\"\n";

    #[test]
    fn no_file_is_no_problem() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(load(folder.path()), Loaded::default());
    }

    #[test]
    fn what_runs_something_waits_for_trust() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join(CONFIG_FILE), TEXT).unwrap();
        let store = TrustStore::at(folder.path().join("trust"));
        let read = || load_with(folder.path(), |file, content| store.accepts(file, content));

        let loaded = read();
        assert_eq!(loaded.options.python.interpreter, None);
        assert_eq!(loaded.options.verify.seeds, Some(2));
        assert_eq!(
            loaded.options.model.inductor_hint_s,
            Some(0.0),
            "a model is asked without running the folder's code"
        );
        assert_eq!(loaded.problems.len(), 1);
        assert_eq!((loaded.problems[0].kind, loaded.problems[0].line), (ProblemKind::Untrusted, 4));
        insta::assert_snapshot!(loaded.problems[0].message, @"`python.interpreter` is not in force: it can run or send something, so read the file and accept it with `fusewright trust`");

        store.accept(&folder.path().join(CONFIG_FILE)).unwrap();
        let loaded = read();
        assert_eq!((loaded.problems.len(), loaded.options.model.inductor_hint_s), (0, None));
        assert_eq!(loaded.options.python.interpreter, Some(folder.path().join("env/bin/python")));

        fs::write(folder.path().join(CONFIG_FILE), format!("{TEXT}# changed\n")).unwrap();
        assert_eq!(read().options.python.interpreter, None);
    }

    #[test]
    fn a_name_on_the_path_stays_a_name() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join(CONFIG_FILE), "[python]\ninterpreter = \"python3\"\n").unwrap();
        assert_eq!(load_trusted(folder.path()).options.python.interpreter, Some("python3".into()));
    }

    #[test]
    fn what_cannot_be_read_is_one_problem() {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join(CONFIG_FILE)).unwrap();
        let loaded = load(folder.path());
        assert_eq!(loaded.problems[0].message, "fusewright.toml is not a file");

        let other = tempfile::tempdir().unwrap();
        fs::write(other.path().join(CONFIG_FILE), b"\xff\xfe").unwrap();
        assert_eq!(load(other.path()).problems[0].message, "fusewright.toml is not UTF-8 text");
    }
}
