//! Which workspaces' settings the user has accepted.
//!
//! A stranger's folder must run nothing and send nothing by being opened, so the keys that could do so count
//! only once the user has seen the file. What is accepted is the file's content in its place: the same
//! words in another folder may name another program.

use std::fs;
use std::io;
use std::path::{Component, Path, PathBuf};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::options::{Options, Provider};
use crate::files;

/// Why the acceptance of a workspace could not be kept.
#[derive(Debug, thiserror::Error)]
pub enum TrustError {
    /// There is no file to accept.
    #[error("{} cannot be read: {source}", path.display())]
    Unreadable {
        /// The settings file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The acceptance could not be written.
    #[error("the acceptance cannot be kept in {}: {source}", path.display())]
    NotKept {
        /// Where it would have gone.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The environment names no home.
    #[error("there is no place to keep the acceptance in: set HOME or FUSEWRIGHT_HOME")]
    NoHome,
}

/// Remembers the accepted settings files, one small file for each workspace.
#[derive(Debug, Clone)]
pub struct TrustStore {
    folder: PathBuf,
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Accepted {
    file: PathBuf,
    sha256: String,
}

impl TrustStore {
    /// The store in the user's home; `None` where the environment names none.
    pub fn of_user() -> Option<Self> {
        crate::places::home().map(|home| Self::at(home.join("trust")))
    }

    /// A store in a folder of the caller's choice.
    pub fn at(folder: impl Into<PathBuf>) -> Self {
        Self { folder: folder.into() }
    }

    /// Whether this content of this settings file was accepted.
    pub fn accepts(&self, file: &Path, content: &[u8]) -> bool {
        let Ok(wanted) = accepted(file, content) else { return false };
        fs::read(self.entry(&wanted.file))
            .ok()
            .and_then(|entry| serde_json::from_slice::<Accepted>(&entry).ok())
            .is_some_and(|known| known == wanted)
    }

    /// Accepts a settings file as it is now.
    pub fn accept(&self, file: &Path) -> Result<(), TrustError> {
        let unreadable = |source| TrustError::Unreadable { path: file.to_owned(), source };
        let content = fs::read(file).map_err(unreadable)?;
        let entry = accepted(file, &content).map_err(unreadable)?;
        let path = self.entry(&entry.file);
        let not_kept = |source| TrustError::NotKept { path: path.clone(), source };
        let text = serde_json::to_vec(&entry).map_err(|error| not_kept(error.into()))?;
        files::create_private_dir(&self.folder).map_err(not_kept)?;
        files::replace(&path, &text).map_err(not_kept)
    }

    /// Takes an acceptance back; says whether there was one.
    pub fn revoke(&self, file: &Path) -> Result<bool, TrustError> {
        let unreadable = |source| TrustError::Unreadable { path: file.to_owned(), source };
        let path = self.entry(&file.canonicalize().map_err(unreadable)?);
        match fs::remove_file(&path) {
            Ok(()) => Ok(true),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
            Err(source) => Err(TrustError::NotKept { path, source }),
        }
    }

    fn entry(&self, file: &Path) -> PathBuf {
        let name = Sha256::digest(file.as_os_str().as_encoded_bytes());
        self.folder.join(format!("{name:x}.json"))
    }
}

fn accepted(file: &Path, content: &[u8]) -> io::Result<Accepted> {
    Ok(Accepted { file: file.canonicalize()?, sha256: format!("{:x}", Sha256::digest(content)) })
}

/// The keys of a layer that run or send something, or write outside the workspace, as (section, key).
pub fn guarded(options: &Options) -> Vec<(&'static str, &'static str)> {
    let mut keys = Vec::new();
    let mut add = |present: bool, section, key| {
        if present {
            keys.push((section, key));
        }
    };
    add(options.python.interpreter.is_some(), "python", "interpreter");
    add(options.python.command.is_some(), "python", "command");
    add(options.verify.compile_on_save == Some(true), "verify", "compile_on_save");
    // The shipped provider and the recorded answers reach neither a program nor the network.
    let reaches_out = !matches!(options.model.provider, None | Some(Provider::Inductor | Provider::Recorded));
    add(reaches_out, "model", "provider");
    add(options.model.base_url.is_some(), "model", "base_url");
    add(options.model.headers.is_some(), "model", "headers");
    add(options.model.command.is_some(), "model", "command");
    add(options.model.api_key_env.is_some(), "model", "api_key_env");
    add(options.model.inductor_hint_s.is_some_and(|seconds| seconds > 0.0), "model", "inductor_hint_s");
    add(options.dataset.path.as_deref().is_some_and(leaves_the_workspace), "dataset", "path");
    keys
}

/// The guarded keys with their values, for the user to read before accepting them.
pub fn settings_of_guarded(options: &Options) -> Vec<(String, String)> {
    let layer = serde_json::to_value(options).unwrap_or_default();
    let pairs = guarded(options).into_iter().map(|(section, key)| {
        let value = layer.get(section).and_then(|keys| keys.get(key)).cloned().unwrap_or_default();
        (format!("{section}.{key}"), value.to_string())
    });
    pairs.collect()
}

/// Takes the guarded keys out of a layer.
pub(super) fn drop_guarded(options: &mut Options) {
    for key in guarded(options) {
        match key {
            ("python", "interpreter") => options.python.interpreter = None,
            ("python", "command") => options.python.command = None,
            ("verify", "compile_on_save") => options.verify.compile_on_save = None,
            ("model", "provider") => options.model.provider = None,
            ("model", "base_url") => options.model.base_url = None,
            ("model", "headers") => options.model.headers = None,
            ("model", "command") => options.model.command = None,
            ("model", "api_key_env") => options.model.api_key_env = None,
            ("model", "inductor_hint_s") => options.model.inductor_hint_s = None,
            _ => options.dataset.path = None,
        }
    }
}

fn leaves_the_workspace(path: &Path) -> bool {
    !path.components().all(|part| matches!(part, Component::Normal(_) | Component::CurDir))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::check_toml;

    #[test]
    fn an_acceptance_holds_for_one_content_in_one_place() {
        let folder = tempfile::tempdir().unwrap();
        let store = TrustStore::at(folder.path().join("trust"));
        let file = folder.path().join("fusewright.toml");
        fs::write(&file, "a").unwrap();
        assert!(!store.accepts(&file, b"a"));
        store.accept(&file).unwrap();
        assert!(store.accepts(&file, b"a"));
        assert!(!store.accepts(&file, b"b"));

        let elsewhere = folder.path().join("copy.toml");
        fs::write(&elsewhere, "a").unwrap();
        assert!(!store.accepts(&elsewhere, b"a"));

        assert!(store.revoke(&file).unwrap());
        assert!(!store.accepts(&file, b"a"));
        assert!(!store.revoke(&file).unwrap());
    }

    #[test]
    fn every_guarded_key_is_dropped_and_no_other() {
        let (mut options, problems) = check_toml(
            r#"
            python = { interpreter = "./run-me", command = ["./run-me"] }
            model = { provider = "command", base_url = "http://x", api_key_env = "KEY", model = "m" }
            dataset = { path = "../../.profile", allow_untimed = true }
            verify = { seeds = 2 }
            "#,
        );
        assert_eq!(problems, []);
        assert_eq!(guarded(&options).len(), 6);
        drop_guarded(&mut options);
        assert_eq!(guarded(&options), []);
        assert_eq!(options.model.model.as_deref(), Some("m"));
        assert_eq!(options.dataset.allow_untimed, Some(true));
        assert_eq!(options.verify.seeds, Some(2));
    }

    #[test]
    fn a_dataset_within_the_workspace_needs_no_trust() {
        assert!(!leaves_the_workspace(Path::new("data/./pairs.jsonl")));
        assert!(leaves_the_workspace(Path::new("/etc/pairs.jsonl")));
        assert!(leaves_the_workspace(Path::new("data/../../pairs.jsonl")));
    }
}
