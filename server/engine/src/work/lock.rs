//! One loop at a time in a workspace.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::path::Path;

use super::error::WorkError;
use crate::workspace::DATA_FOLDER;

/// The lock, held until this is dropped or the process ends, however it ends.
#[derive(Debug)]
pub(super) struct WorkspaceLock {
    _held: File,
}

impl WorkspaceLock {
    /// Takes the lock of the workspace at `root`, which another may hold.
    pub(super) fn take(root: &Path) -> Result<Self, WorkError> {
        let folder = root.join(DATA_FOLDER);
        if !folder.is_dir() {
            return Err(WorkError::NoWorkspace(root.to_owned()));
        }
        // The folder itself is locked, so that no file is left behind. Some systems lock files alone.
        let locked = File::open(&folder).map_err(TryLockError::Error).and_then(|held| {
            held.try_lock()?;
            Ok(held)
        });
        let held = match locked {
            Err(TryLockError::Error(_)) => lock_file(&folder),
            locked => locked,
        };
        match held {
            Ok(held) => Ok(Self { _held: held }),
            Err(TryLockError::WouldBlock) => Err(WorkError::Busy(root.to_owned())),
            Err(TryLockError::Error(cause)) => Err(WorkError::Unwritable { path: folder, cause }),
        }
    }
}

fn lock_file(folder: &Path) -> Result<File, TryLockError> {
    let folder = folder.join("output");
    let held = fs::create_dir_all(&folder)
        .and_then(|()| OpenOptions::new().create(true).append(true).open(folder.join(".lock")));
    let held = held.map_err(TryLockError::Error)?;
    held.try_lock()?;
    Ok(held)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_loop_is_refused_and_nothing_is_left_behind() {
        let folder = tempfile::tempdir().unwrap();
        let error = WorkspaceLock::take(folder.path()).unwrap_err().to_string();
        assert!(error.ends_with("is no workspace: run `fusewright init` there first"), "{error}");
        fs::create_dir(folder.path().join(DATA_FOLDER)).unwrap();
        let held = WorkspaceLock::take(folder.path()).unwrap();
        assert!(matches!(WorkspaceLock::take(folder.path()), Err(WorkError::Busy(_))));
        drop(held);
        WorkspaceLock::take(folder.path()).unwrap();
        if cfg!(unix) {
            assert_eq!(fs::read_dir(folder.path().join(DATA_FOLDER)).unwrap().count(), 0);
        }
    }
}
