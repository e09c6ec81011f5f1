//! The settings that hold for a file: its workspace's `fusewright.toml` under the editor's settings.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use fusewright_engine::config::{self, Loaded, Settings};
use fusewright_engine::home::Home;
use fusewright_engine::python::installed_triton;
use fusewright_engine::workspace::Workspace;
use fusewright_pair::Version;

use super::options::ClientOptions;

/// A workspace and what holds in it.
#[derive(Debug)]
pub(crate) struct Folder {
    /// The workspace.
    pub(crate) workspace: Workspace,
    /// The settings in force.
    pub(crate) settings: Settings,
    /// What its settings file said.
    pub(crate) loaded: Loaded,
    /// The version of Triton that its pairs are run with, where it can be told without running anything.
    pub(crate) triton: Option<Version>,
}

/// Folders whose settings were read; forgotten when a settings file or the editor's settings change.
#[derive(Debug, Default)]
pub(crate) struct Folders {
    by_parent: HashMap<PathBuf, Arc<Folder>>,
}

impl Folders {
    /// The workspace of a file.
    pub(crate) fn of(&mut self, file: &Path, options: &ClientOptions) -> Arc<Folder> {
        let parent = file.parent().unwrap_or(file);
        if let Some(folder) = self.by_parent.get(parent) {
            return folder.clone();
        }
        let workspace = Workspace::find(file);
        let known = self.by_parent.values().find(|folder| folder.workspace == workspace).cloned();
        let folder = known.unwrap_or_else(|| Arc::new(Folder::load(workspace, options)));
        self.by_parent.insert(parent.to_owned(), folder.clone());
        folder
    }

    /// Has everything read again when it is next asked for.
    pub(crate) fn forget(&mut self) {
        self.by_parent.clear();
    }
}

impl Folder {
    fn load(workspace: Workspace, options: &ClientOptions) -> Self {
        let trusted_by_editor = options.trusted == Some(true);
        let load = if trusted_by_editor { config::load_trusted } else { config::load };
        let loaded = load(&workspace.root);
        let settings = Settings::resolve(&[&options.defaults, &loaded.options, &options.settings]);
        let triton = installed_triton(&settings.python, &Home::of_user());
        Self { workspace, settings, loaded, triton }
    }
}
