//! Keeps two setups from building the same environment at once.

use std::fs::{File, TryLockError};
use std::path::Path;
use std::time::Duration;

use super::SetupError;
use crate::progress::{CancellationToken, Event, Progress};

/// Waits until no other process holds the lock; it is let go when the file is dropped or the process ends.
pub(super) async fn acquire(
    path: &Path,
    progress: &dyn Progress,
    cancel: &CancellationToken,
) -> Result<File, SetupError> {
    let write = |cause| SetupError::Write { path: path.to_owned(), cause };
    let file = File::options().create(true).truncate(false).write(true).open(path).map_err(write)?;
    let mut said = false;
    loop {
        match file.try_lock() {
            Ok(()) => return Ok(file),
            Err(TryLockError::Error(cause)) => return Err(write(cause)),
            Err(TryLockError::WouldBlock) => {}
        }
        if !said {
            progress.report(Event::Note("another setup is at work; waiting for it".to_owned()));
            said = true;
        }
        tokio::select! {
            () = cancel.cancelled() => return Err(SetupError::Cancelled),
            () = tokio::time::sleep(Duration::from_millis(100)) => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::progress::Silent;

    #[tokio::test]
    async fn the_second_waits_for_the_first() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("setup.lock");
        let cancel = CancellationToken::new();
        let first = acquire(&path, &Silent, &cancel).await.unwrap();
        let waiting = acquire(&path, &Silent, &cancel);
        tokio::pin!(waiting);
        assert!(tokio::time::timeout(Duration::from_millis(250), &mut waiting).await.is_err());
        drop(first);
        waiting.await.unwrap();
    }

    #[tokio::test]
    async fn waiting_can_be_cancelled() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("setup.lock");
        let cancel = CancellationToken::new();
        let _first = acquire(&path, &Silent, &cancel).await.unwrap();
        cancel.cancel();
        assert!(matches!(acquire(&path, &Silent, &cancel).await, Err(SetupError::Cancelled)));
    }
}
