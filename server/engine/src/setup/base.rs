//! Finds the Python that the managed environment is made with, and checks that there is room for it.

use std::path::{Path, PathBuf};

use super::SetupError;
use crate::python::{self, OLDEST_PYTHON, Probe};

/// The newest Python that the locked packages are built for.
const NEWEST_PYTHON: (u32, u32) = (3, 15);
/// The environment has 5.2 GB; where pip installs it, 3.0 GB of downloads stand beside it.
const NEEDED_GB: u32 = 9;

/// A Python on the search path that can make the environment.
pub(super) async fn find() -> Result<PathBuf, SetupError> {
    let mut names = vec!["python3".to_owned(), "python".to_owned()];
    names.extend((OLDEST_PYTHON.1..=NEWEST_PYTHON.1).rev().map(|minor| format!("python3.{minor}")));
    let mut tried = Vec::new();
    for path in names.iter().filter_map(|name| python::on_search_path(name)) {
        match python::probe(&path).await {
            Ok(probe) => match unfit(&probe) {
                None => return Ok(probe.executable),
                Some(wrong) => tried.push(format!("{} ({}) {wrong}", path.display(), probe.python)),
            },
            Err(error) => tried.push(error.to_string()),
        }
    }
    Err(SetupError::NoBase { tried })
}

/// The Python that the user named, if it can make the environment.
pub(super) fn checked(path: PathBuf, probe: Probe) -> Result<PathBuf, SetupError> {
    let Some(wrong) = unfit(&probe) else { return Ok(probe.executable) };
    let (major, minor) = probe.version();
    let remedy = if probe.venv {
        "name one from 3.10 to 3.15".to_owned()
    } else {
        format!("install them (`sudo apt install python{major}.{minor}-venv` on Debian and Ubuntu)")
    };
    Err(SetupError::UnfitBase { path, version: probe.python, wrong, remedy })
}

/// Why an interpreter cannot make the environment.
fn unfit(probe: &Probe) -> Option<&'static str> {
    if probe.version() < OLDEST_PYTHON {
        Some("is too old")
    } else if probe.version() > NEWEST_PYTHON {
        Some("is too new for the locked packages")
    } else if probe.venv {
        None
    } else {
        Some("lacks its venv and ensurepip modules")
    }
}

/// Triton publishes packages for Linux alone.
pub(super) fn check_platform() -> Result<(), SetupError> {
    let (system, machine) = (std::env::consts::OS, std::env::consts::ARCH);
    if system == "linux" && ["x86_64", "aarch64"].contains(&machine) {
        Ok(())
    } else {
        Err(SetupError::Platform(format!("{system} on {machine}")))
    }
}

/// Refuses to begin what cannot end for want of room.
#[cfg(unix)]
pub(super) fn check_disk(folder: &Path) -> Result<(), SetupError> {
    let Ok(disk) = rustix::fs::statvfs(folder) else { return Ok(()) };
    let megabytes = disk.f_bavail.saturating_mul(disk.f_frsize) / 1_000_000;
    if megabytes >= u64::from(NEEDED_GB) * 1000 {
        return Ok(());
    }
    let free_gb = f64::from(u32::try_from(megabytes).unwrap_or(u32::MAX)) / 1000.0;
    Err(SetupError::Disk { path: folder.to_owned(), free_gb, needed_gb: NEEDED_GB })
}

#[cfg(not(unix))]
pub(super) fn check_disk(_folder: &Path) -> Result<(), SetupError> {
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_python_that_does_not_fit_says_why() {
        let probe = |version: &str, venv| Probe {
            executable: "/usr/bin/python3".into(),
            python: version.into(),
            torch: None,
            triton: None,
            numpy: None,
            venv,
            headers: true,
        };
        let message =
            |version, venv| checked("/usr/bin/python3".into(), probe(version, venv)).unwrap_err().to_string();
        assert_eq!(checked("p".into(), probe("3.10.0", true)).unwrap(), PathBuf::from("/usr/bin/python3"));
        insta::assert_snapshot!(message("3.9.2", true), @"/usr/bin/python3 (3.9.2) is too old: name one from 3.10 to 3.15");
        insta::assert_snapshot!(message("3.16.0", true), @"/usr/bin/python3 (3.16.0) is too new for the locked packages: name one from 3.10 to 3.15");
        insta::assert_snapshot!(message("3.11.2", false), @"/usr/bin/python3 (3.11.2) lacks its venv and ensurepip modules: install them (`sudo apt install python3.11-venv` on Debian and Ubuntu)");
    }
}
