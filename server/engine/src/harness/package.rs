//! The Python package that judges pairs, embedded in the binary and unpacked where Python can import it.

use std::io;
use std::path::{Path, PathBuf};

use crate::home::Home;

mod embedded {
    include!(concat!(env!("OUT_DIR"), "/harness_files.rs"));
}

/// The Python package: what is put on `PYTHONPATH`, here or on another machine.
#[derive(Debug, Clone)]
pub struct Package {
    /// A name that changes with the content.
    pub name: String,
    /// Every file: its path from the folder that goes on `PYTHONPATH`, and its text.
    pub files: Vec<(String, String)>,
}

impl Package {
    /// The one in this binary.
    pub fn embedded() -> Self {
        Self {
            name: format!("harness-{}-{}", env!("CARGO_PKG_VERSION"), embedded::HASH),
            files: embedded::FILES.iter().map(|(path, text)| ((*path).into(), (*text).into())).collect(),
        }
    }

    /// Its folder under `root`, written on first use: beside its place, and moved there whole, so that a kill leaves
    /// nothing half done and two processes that do it at once agree.
    pub fn unpack(&self, root: &Path) -> io::Result<PathBuf> {
        let target = root.join(&self.name);
        if target.is_dir() {
            return Ok(target);
        }
        let partial = root.join(format!("{}.partial-{}", self.name, std::process::id()));
        std::fs::create_dir_all(&partial)?;
        for (path, text) in &self.files {
            let file = partial.join(path);
            if let Some(folder) = file.parent() {
                std::fs::create_dir_all(folder)?;
            }
            std::fs::write(file, text)?;
        }
        let moved = std::fs::rename(&partial, &target);
        if moved.is_err() {
            let _ = std::fs::remove_dir_all(&partial);
        }
        if target.is_dir() { Ok(target) } else { moved.map(|()| target) }
    }
}

/// The folder that holds the package: the one named by `FUSEWRIGHT_HARNESS`, else the embedded one, unpacked.
pub fn folder(home: &Home) -> io::Result<PathBuf> {
    match std::env::var_os("FUSEWRIGHT_HARNESS").filter(|value| !value.is_empty()) {
        Some(folder) => std::path::absolute(folder),
        None => Package::embedded().unpack(home.root()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unpacks_every_file_once() {
        let folder = tempfile::tempdir().unwrap();
        let files = vec![("a/__init__.py".to_owned(), "1\n".to_owned()), ("a/b/c.py".into(), "2\n".into())];
        let package = Package { name: "harness-0".into(), files };
        let target = package.unpack(folder.path()).unwrap();
        assert_eq!(package.unpack(folder.path()).unwrap(), target);
        for (path, text) in &package.files {
            assert_eq!(&std::fs::read_to_string(target.join(path)).unwrap(), text);
        }
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
    }
}
