//! A workspace: the folder that one dataset is built in.

mod init;

use std::path::{Path, PathBuf};

pub use init::{Created, InitError, InitOptions, State, init};

use crate::config::{CONFIG_FILE, Settings};

/// The folder that seeds, tools and dataset live in, below the workspace's root.
pub const DATA_FOLDER: &str = "triton_training_data";

/// The folder that one dataset is built in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Workspace {
    /// Its root.
    pub root: PathBuf,
}

impl Workspace {
    /// The workspace that a file or folder belongs to: the nearest folder, upwards, that holds a
    /// `fusewright.toml` or a `triton_training_data/`, else the file's own folder.
    pub fn find(path: &Path) -> Self {
        let path = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
        let start = if path.is_dir() { path.as_path() } else { path.parent().unwrap_or(&path) };
        let root = start
            .ancestors()
            .find(|folder| folder.join(CONFIG_FILE).is_file() || folder.join(DATA_FOLDER).is_dir())
            .unwrap_or(start);
        Self { root: root.to_owned() }
    }

    /// The dataset's file.
    pub fn dataset(&self, settings: &Settings) -> PathBuf {
        self.root.join(&settings.dataset.path)
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn the_nearest_marked_folder_is_the_root() {
        let folder = tempfile::tempdir().unwrap();
        let inner = folder.path().join("a/b");
        fs::create_dir_all(&inner).unwrap();
        let file = inner.join("pair.py");
        assert_eq!(Workspace::find(&file).root, inner);
        assert_eq!(Workspace::find(&inner).root, inner);

        fs::create_dir(folder.path().join(DATA_FOLDER)).unwrap();
        assert_eq!(Workspace::find(&file).root, folder.path());

        fs::write(folder.path().join("a").join(CONFIG_FILE), "").unwrap();
        assert_eq!(Workspace::find(&file).root, folder.path().join("a"));
    }

    #[test]
    fn the_dataset_lies_below_the_root_unless_it_is_elsewhere() {
        let workspace = Workspace { root: "/w".into() };
        let mut settings = Settings::default();
        assert_eq!(
            workspace.dataset(&settings),
            Path::new("/w/triton_training_data/output/training_data.jsonl")
        );
        settings.dataset.path = "/elsewhere/pairs.jsonl".into();
        assert_eq!(workspace.dataset(&settings), Path::new("/elsewhere/pairs.jsonl"));
    }
}
