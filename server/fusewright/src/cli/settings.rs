//! The settings that a command runs under: the workspace's file under the command's flags.

use std::path::Path;

use fusewright_engine::config::{self, CONFIG_FILE, Options, Settings};
use fusewright_engine::home::Home;
use fusewright_engine::python::installed_triton;
use fusewright_engine::workspace::Workspace;
use fusewright_pair::Version;

use super::output::{self, WARNING};

/// The workspace that a file belongs to and the settings in force there. What is wrong with the settings
/// file is said on standard error; it stops no command.
pub(crate) fn of(file: &Path, flags: &Options) -> (Workspace, Settings) {
    let workspace = Workspace::find(file);
    let loaded = config::load(&workspace.root);
    let path = workspace.root.join(CONFIG_FILE);
    for problem in &loaded.problems {
        let (style, place) = (WARNING, path.display());
        output::note(format_args!("{style}warning{style:#}: {place}:{}: {}", problem.line, problem.message));
    }
    let settings = Settings::resolve(&[&loaded.options, flags]);
    (workspace, settings)
}

/// The version of Triton that pairs are run with, where it can be told without running anything.
pub(super) fn triton(settings: &Settings) -> Option<Version> {
    installed_triton(&settings.python, &Home::of_user())
}
