//! The version of Triton that is installed, read from folders.

use std::path::{Path, PathBuf};

use fusewright_pair::Version;

use super::{candidates, from_variable};
use crate::config::PythonSettings;
use crate::home::Home;

/// The version of triton that pairs are run with, whose interface their rules go by: read from the interpreter's
/// folders, nothing is run. None where that cannot be told, as of an interpreter on another machine.
pub fn installed_triton(settings: &PythonSettings, home: &Home) -> Option<Version> {
    triton_by(from_variable().as_deref(), settings, home)
}

fn triton_by(variable: Option<&Path>, settings: &PythonSettings, home: &Home) -> Option<Version> {
    let version = match (variable, &settings.command, &settings.interpreter) {
        (Some(path), ..) => triton_of(path),
        (None, Some(_), _) => None,
        (None, None, Some(path)) => triton_of(path),
        (None, None, None) => candidates(home).iter().find_map(|(path, _)| triton_of(path)),
    };
    version?.parse().ok()
}

/// The version in the name of `triton-3.6.0.dist-info`, among the packages of an interpreter's environment.
fn triton_of(interpreter: &Path) -> Option<String> {
    let root = interpreter.parent()?.parent()?;
    let libraries = std::fs::read_dir(root.join("lib")).into_iter().flatten().flatten();
    let pythons = libraries
        .map(|entry| entry.path())
        .filter(|path| path.file_name().is_some_and(|name| name.to_string_lossy().starts_with("python")));
    // Windows has one folder for all versions.
    let mut folders: Vec<PathBuf> =
        pythons.chain([root.join("Lib")]).map(|path| path.join("site-packages")).collect();
    folders.sort();
    folders.iter().find_map(|folder| {
        std::fs::read_dir(folder).ok()?.flatten().find_map(|entry| {
            let name = entry.file_name();
            let version = name.to_str()?.strip_prefix("triton-")?.strip_suffix(".dist-info")?;
            Some(version.to_owned())
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_version_of_triton_is_read_from_folders() {
        let root = tempfile::tempdir().unwrap();
        let interpreter = root.path().join("bin/python");
        assert_eq!(triton_of(&interpreter), None);
        let packages = root.path().join("lib/python3.11/site-packages");
        std::fs::create_dir_all(packages.join("triton")).unwrap();
        std::fs::create_dir_all(packages.join("triton_kernels-1.0.0.dist-info")).unwrap();
        assert_eq!(triton_of(&interpreter), None);
        std::fs::create_dir_all(packages.join("triton-3.6.0+git1.dist-info")).unwrap();
        assert_eq!(triton_of(&interpreter).as_deref(), Some("3.6.0+git1"));
    }

    #[test]
    fn the_rules_go_by_the_triton_that_runs_pairs() {
        let root = tempfile::tempdir().unwrap();
        let home = Home::at(root.path().join("home"));
        let python = |version: &str| {
            let environment = root.path().join(version);
            let packages =
                environment.join(format!("lib/python3.12/site-packages/triton-{version}.dist-info"));
            std::fs::create_dir_all(packages).unwrap();
            environment.join("bin/python")
        };
        let settings = |interpreter, command| PythonSettings { interpreter, command };
        let named = settings(Some(python("3.4.0")), None);
        let elsewhere = settings(None, Some(vec!["ssh".to_owned(), "box".to_owned(), "python3".to_owned()]));
        assert_eq!(triton_by(None, &named, &home), Some(Version::new(3, 4)));
        assert_eq!(triton_by(Some(&python("3.6.0")), &named, &home), Some(Version::new(3, 6)));
        assert_eq!(triton_by(None, &elsewhere, &home), None, "it is on another machine");
        assert_eq!(triton_by(Some(&python("3.6.0")), &elsewhere, &home), Some(Version::new(3, 6)));
    }
}
