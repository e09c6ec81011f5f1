//! Where Fusewright keeps what it makes for itself: the managed environment, the unpacked harness.

use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

/// What the managed environment holds, locked by hash.
pub const REQUIREMENTS: &str = include_str!("../../../harness/requirements.lock");
/// What installs it, locked by hash.
pub const INSTALLER: &str = include_str!("../../../harness/installer.lock");

/// Fusewright's own folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Home {
    root: PathBuf,
}

impl Home {
    /// The user's own: see [`crate::places::home`].
    pub fn of_user() -> Self {
        Self { root: crate::places::home().unwrap_or_else(|| std::env::temp_dir().join("fusewright")) }
    }

    /// A folder of the caller's choice.
    pub fn at(root: impl Into<PathBuf>) -> Self {
        Self { root: root.into() }
    }

    /// The folder itself.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// The managed environment for the requirements of this version.
    pub fn environment(&self) -> PathBuf {
        let hash = format!("{:x}", Sha256::digest(REQUIREMENTS.as_bytes()));
        self.root.join(format!("env-{}", &hash[..12]))
    }

    /// The Python of the managed environment, there only once `setup` has finished.
    pub fn managed_python(&self) -> Option<PathBuf> {
        let environment = self.environment();
        environment.join(COMPLETE).is_file().then(|| interpreter_of(&environment))
    }

    /// The file that names an interpreter the user gave to `setup`.
    pub fn chosen_python_file(&self) -> PathBuf {
        self.root.join("python.txt")
    }

    /// The interpreter the user gave to `setup`, if any.
    pub fn chosen_python(&self) -> Option<PathBuf> {
        let text = std::fs::read_to_string(self.chosen_python_file()).ok()?;
        let path = text.trim_end_matches(['\r', '\n']);
        (!path.is_empty()).then(|| PathBuf::from(path))
    }
}

/// The file in an environment that says it is complete; written last.
pub(crate) const COMPLETE: &str = "fusewright-complete";

/// The interpreter of a virtual environment.
pub fn interpreter_of(environment: &Path) -> PathBuf {
    if cfg!(windows) { environment.join("Scripts/python.exe") } else { environment.join("bin/python") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_environment_counts_only_once_it_is_complete() {
        let folder = tempfile::tempdir().unwrap();
        let home = Home::at(folder.path());
        std::fs::create_dir_all(home.environment()).unwrap();
        assert_eq!(home.managed_python(), None);
        std::fs::write(home.environment().join(COMPLETE), "").unwrap();
        assert_eq!(home.managed_python(), Some(interpreter_of(&home.environment())));
    }

    #[test]
    fn locks_hold_hashes_and_no_address() {
        for lock in [REQUIREMENTS, INSTALLER] {
            assert!(lock.contains("--hash=sha256:"));
            assert!(!lock.contains("://"), "a lock names an address");
        }
    }
}
