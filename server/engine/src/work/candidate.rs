//! The candidate's file: put into place whole, deleted only where it is the loop's own.

use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use super::entry::digest;
use super::error::WorkError;
use super::next::Disk;
use crate::files;

/// The place of one candidate.
#[derive(Debug, Clone)]
pub(super) struct Candidate {
    path: PathBuf,
}

impl Candidate {
    pub(super) fn at(path: impl Into<PathBuf>) -> Self {
        Self { path: path.into() }
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// What lies there.
    pub(super) fn disk(&self) -> Result<Disk, WorkError> {
        match fs::read(&self.path) {
            Ok(content) => Ok(Disk::Present(digest(&content))),
            Err(error) if error.kind() == io::ErrorKind::NotFound => match fs::symlink_metadata(&self.path) {
                // A link that leads nowhere is somebody's too.
                Ok(_) => Ok(Disk::Present(String::new())),
                Err(_) => Ok(Disk::Absent),
            },
            // A folder, for example: whatever it is, the loop did not write it.
            Err(_) if self.path.exists() => Ok(Disk::Present(String::new())),
            Err(cause) => Err(WorkError::Unreadable { path: self.path.clone(), cause }),
        }
    }

    /// Puts a text there in one step. What a kill leaves of it has one name, and is swept away by the next loop.
    pub(super) fn place(&self, text: &str) -> Result<(), WorkError> {
        let placed = (|| {
            let folder = files::folder_of(&self.path);
            fs::create_dir_all(folder)?;
            let beginning = self.beginning();
            let mut file = OpenOptions::new().write(true).create(true).truncate(true).open(&beginning)?;
            file.write_all(text.as_bytes())?;
            file.sync_all()?;
            drop(file);
            fs::rename(&beginning, &self.path)?;
            files::sync_folder(folder)
        })();
        placed.map_err(|cause| {
            // Half a file helps nobody; where even this fails, the next loop sweeps.
            let _ = fs::remove_file(self.beginning());
            WorkError::Unwritable { path: self.path.clone(), cause }
        })
    }

    /// Deletes it.
    pub(super) fn remove(&self) -> Result<(), WorkError> {
        self.sweep()?;
        removed(fs::remove_file(&self.path))
            .and_then(|()| files::sync_folder(files::folder_of(&self.path)))
            .map_err(|cause| WorkError::Unwritable { path: self.path.clone(), cause })
    }

    /// Takes away what a loop that was killed left of a beginning. Only who holds the workspace's lock may.
    pub(super) fn sweep(&self) -> Result<(), WorkError> {
        let beginning = self.beginning();
        // A file system that may not be written refuses even to delete what is not there.
        if fs::symlink_metadata(&beginning).is_err() {
            return Ok(());
        }
        removed(fs::remove_file(&beginning)).map_err(|cause| WorkError::Unwritable { path: beginning, cause })
    }

    /// Moves it to another folder, where nothing of its name may lie; done before, it is left as it is.
    pub(super) fn move_into(&self, folder: &Path, own: &str) -> Result<PathBuf, WorkError> {
        let to = folder.join(self.path.file_name().unwrap_or_default());
        let lies_there = Self::at(&to).disk()?;
        if lies_there == Disk::Present(own.to_owned()) {
            self.remove()?;
            return Ok(to);
        }
        if lies_there != Disk::Absent {
            return Err(WorkError::InTheWay(to));
        }
        let moved = fs::create_dir_all(folder)
            .and_then(|()| fs::rename(&self.path, &to))
            .and_then(|()| files::sync_folder(folder))
            .and_then(|()| files::sync_folder(files::folder_of(&self.path)));
        moved.map_err(|cause| WorkError::Unwritable { path: to.clone(), cause })?;
        Ok(to)
    }

    fn beginning(&self) -> PathBuf {
        let mut name = std::ffi::OsString::from(".");
        name.push(self.path.file_name().unwrap_or_default());
        name.push(".new");
        self.path.with_file_name(name)
    }
}

fn removed(result: io::Result<()>) -> io::Result<()> {
    match result {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        result => result,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_candidate_comes_and_goes_whole() {
        let folder = tempfile::tempdir().unwrap();
        let candidate = Candidate::at(folder.path().join("examples/temp_candidate.py"));
        assert_eq!(candidate.disk().unwrap(), Disk::Absent);
        candidate.place("one").unwrap();
        candidate.place("two").unwrap();
        assert_eq!(candidate.disk().unwrap(), Disk::Present(digest(b"two")));
        fs::write(candidate.beginning(), "half").unwrap();
        candidate.remove().unwrap();
        candidate.remove().unwrap();
        assert_eq!(fs::read_dir(folder.path().join("examples")).unwrap().count(), 0);
    }

    #[test]
    fn a_place_that_cannot_be_written_is_told_with_what_to_do_and_left_clean() {
        let folder = tempfile::tempdir().unwrap();
        let candidate = Candidate::at(folder.path().join("temp_candidate.py"));
        // A folder with something in it is never replaced by a file.
        fs::create_dir_all(candidate.path().join("mine")).unwrap();
        assert!(matches!(candidate.place("one"), Err(WorkError::Unwritable { .. })));
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
        let said = |kind: io::ErrorKind| {
            WorkError::Unwritable { path: "c.py".into(), cause: kind.into() }.to_string()
        };
        assert_eq!(
            said(io::ErrorKind::StorageFull),
            "there is no room for c.py: make room and run this again"
        );
        assert_eq!(
            said(io::ErrorKind::ReadOnlyFilesystem),
            "c.py may not be written here: make its folder writable and run this again"
        );
    }

    #[test]
    fn a_move_overwrites_nothing_and_may_be_done_twice() {
        let folder = tempfile::tempdir().unwrap();
        let data = folder.path().join("data");
        let candidate = Candidate::at(folder.path().join("001_fused_kernels.py"));
        candidate.place("one").unwrap();
        let own = digest(b"one");
        let to = candidate.move_into(&data, &own).unwrap();
        assert_eq!(candidate.move_into(&data, &own).unwrap(), to);
        assert_eq!(fs::read_to_string(&to).unwrap(), "one");
        candidate.place("two").unwrap();
        let error = candidate.move_into(&data, &digest(b"two")).unwrap_err();
        assert!(matches!(error, WorkError::InTheWay(_)));
        assert_eq!(fs::read_to_string(&to).unwrap(), "one");
    }

    #[cfg(unix)]
    #[test]
    fn whatever_else_lies_there_is_somebody_elses() {
        let folder = tempfile::tempdir().unwrap();
        let link = folder.path().join("link.py");
        std::os::unix::fs::symlink("nowhere", &link).unwrap();
        assert_eq!(Candidate::at(link).disk().unwrap(), Disk::Present(String::new()));
        assert_eq!(Candidate::at(folder.path()).disk().unwrap(), Disk::Present(String::new()));
    }
}
