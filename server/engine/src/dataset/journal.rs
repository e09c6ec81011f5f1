//! A file of JSON lines that is only ever appended to: one writer at a time across processes, every line
//! whole and on the disk before it counts.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use serde::Serialize;

use super::DatasetError;
use crate::files;

/// How long a writer waits for another. A line takes milliseconds, so this is never reached in good order.
const PATIENCE: Duration = Duration::from_secs(10);
const PAUSE: Duration = Duration::from_millis(5);

/// What was wrong with the end of the file, and was put right.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Mended {
    /// The last line was whole and lacked only its end.
    Ended,
    /// The last line was torn; what there was of it now lies in this file.
    SetAside(PathBuf),
}

/// The file, locked against every other writer until this is dropped.
#[derive(Debug)]
pub(crate) struct Journal {
    path: PathBuf,
    file: File,
    len: u64,
}

impl Journal {
    /// Opens the file, creates it where it is missing, and waits for the lock.
    pub(crate) fn lock(path: &Path) -> Result<Self, DatasetError> {
        let failed = |source| DatasetError::of(path, source);
        let deadline = Instant::now() + PATIENCE;
        match fs::metadata(path) {
            Ok(metadata) if metadata.is_dir() => return Err(DatasetError::Directory(path.to_owned())),
            Ok(metadata) if !metadata.is_file() => return Err(DatasetError::Special(path.to_owned())),
            // Root could write it all the same, but whoever took the permission away meant something by it.
            Ok(metadata) if metadata.permissions().readonly() => {
                return Err(DatasetError::ReadOnly(path.to_owned()));
            }
            Ok(_) => {}
            Err(_) => create(path).map_err(failed)?,
        }
        loop {
            let file = OpenOptions::new().read(true).append(true).open(path).map_err(failed)?;
            match file.try_lock() {
                Ok(()) if same_file(&file, path) => {
                    let len = file.metadata().map_err(failed)?.len();
                    return Ok(Self { path: path.to_owned(), file, len });
                }
                // Somebody put another file in its place while this one was waiting: lock that one.
                Ok(()) => {}
                Err(TryLockError::WouldBlock) if Instant::now() < deadline => std::thread::sleep(PAUSE),
                Err(TryLockError::WouldBlock) => return Err(DatasetError::Busy(path.to_owned())),
                Err(TryLockError::Error(source)) => return Err(failed(source)),
            }
        }
    }

    /// Reads the whole file.
    pub(crate) fn read(&mut self) -> Result<Vec<u8>, DatasetError> {
        let mut content = Vec::new();
        self.file
            .seek(SeekFrom::Start(0))
            .and_then(|_| self.file.read_to_end(&mut content))
            .map_err(|source| DatasetError::of(&self.path, source))?;
        Ok(content)
    }

    /// Puts the file's end right where a writer was cut off, so that the next line never extends a torn one.
    /// A last line that `whole` accepts lacks only its end. `content` is the file's content and is kept equal
    /// to it.
    pub(crate) fn mend(
        &mut self,
        content: &mut Vec<u8>,
        whole: impl Fn(&[u8]) -> bool,
    ) -> Result<Option<Mended>, DatasetError> {
        let start = content.iter().rposition(|byte| *byte == b'\n').map_or(0, |end| end + 1);
        let tail = content.get(start..).unwrap_or_default();
        if tail.is_empty() {
            return Ok(None);
        }
        if whole(tail) {
            self.append("")?;
            content.push(b'\n');
            return Ok(Some(Mended::Ended));
        }
        let failed = |source| DatasetError::of(&self.path, source);
        // The torn line is safe in its own file before it leaves this one.
        let aside = set_aside(&self.path, tail).map_err(failed)?;
        self.file.set_len(start as u64).and_then(|()| self.file.sync_all()).map_err(failed)?;
        self.len = start as u64;
        content.truncate(start);
        Ok(Some(Mended::SetAside(aside)))
    }

    /// Drops a last line that was cut off while `line` was written. `content` is the file's content and is kept equal
    /// to it.
    pub(crate) fn drop_beginning_of(
        &mut self,
        content: &mut Vec<u8>,
        line: &[u8],
    ) -> Result<(), DatasetError> {
        let start = content.iter().rposition(|byte| *byte == b'\n').map_or(0, |end| end + 1);
        let tail = content.get(start..).unwrap_or_default();
        if !tail.is_empty() && tail.len() < line.len() && line.starts_with(tail) {
            self.take_back(start as u64)?;
            content.truncate(start);
        }
        Ok(())
    }

    /// Drops what a writer that was cut off left of a line. For files whose writers make a line again that they were
    /// never told of. A last line that `whole` accepts lacks only its end, and gets it.
    pub(crate) fn drop_torn(&mut self, whole: impl Fn(&[u8]) -> bool) -> Result<(), DatasetError> {
        let failed = |source| DatasetError::of(&self.path, source);
        if self.len == 0 {
            return Ok(());
        }
        let mut last = [0];
        self.file
            .seek(SeekFrom::Start(self.len - 1))
            .and_then(|_| self.file.read_exact(&mut last))
            .map_err(failed)?;
        if last == *b"\n" {
            return Ok(());
        }
        let content = self.read()?;
        let start = content.iter().rposition(|byte| *byte == b'\n').map_or(0, |end| end + 1);
        if whole(content.get(start..).unwrap_or_default()) {
            return self.append("");
        }
        self.take_back(start as u64)
    }

    /// Appends one line in a single write and waits until it is on the disk. Where that fails, nothing of it
    /// stays in the file.
    pub(crate) fn append(&mut self, line: &str) -> Result<(), DatasetError> {
        let bytes = [line.as_bytes(), b"\n"].concat();
        let written = write_once(&mut self.file, &bytes).and_then(|()| self.file.sync_all());
        if let Err(source) = written {
            // Should even this fail, the torn line is mended by the next writer.
            let _ = self.file.set_len(self.len).and_then(|()| self.file.sync_all());
            return Err(DatasetError::of(&self.path, source));
        }
        self.len += bytes.len() as u64;
        Ok(())
    }

    /// Where the file ends now.
    pub(crate) fn len(&self) -> u64 {
        self.len
    }

    /// Takes back what was appended since the file ended at `len`.
    pub(crate) fn take_back(&mut self, len: u64) -> Result<(), DatasetError> {
        self.file
            .set_len(len)
            .and_then(|()| self.file.sync_all())
            .map_err(|source| DatasetError::of(&self.path, source))?;
        self.len = len;
        Ok(())
    }
}

/// Writes all of it with one call of the system, so that no other process sees half of it; what a full disk
/// leaves over is an error.
fn write_once(file: &mut impl Write, bytes: &[u8]) -> io::Result<()> {
    loop {
        match file.write(bytes) {
            Ok(written) if written == bytes.len() => return Ok(()),
            // The second call says why the first came to less.
            Ok(written) => {
                let rest = bytes.get(written..).unwrap_or_default();
                return file.write_all(rest);
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}

fn create(path: &Path) -> io::Result<()> {
    let folder = files::folder_of(path);
    fs::create_dir_all(folder)?;
    match OpenOptions::new().append(true).create_new(true).open(path) {
        Ok(file) => {
            file.sync_all()?;
            files::sync_folder(folder)
        }
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        Err(error) => Err(error),
    }
}

/// Writes the torn line to `NAME.torn-N`, the first N that is free.
fn set_aside(path: &Path, tail: &[u8]) -> io::Result<PathBuf> {
    for number in 1_u32.. {
        let mut name = path.as_os_str().to_owned();
        name.push(format!(".torn-{number}"));
        match OpenOptions::new().write(true).create_new(true).open(&name) {
            Ok(mut file) => {
                file.write_all(tail)?;
                file.sync_all()?;
                files::sync_folder(files::folder_of(path))?;
                return Ok(name.into());
            }
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            Err(error) => return Err(error),
        }
    }
    Err(io::ErrorKind::AlreadyExists.into())
}

#[cfg(unix)]
fn same_file(file: &File, path: &Path) -> bool {
    use std::os::unix::fs::MetadataExt;
    match (file.metadata(), fs::metadata(path)) {
        (Ok(open), Ok(named)) => (open.dev(), open.ino()) == (named.dev(), named.ino()),
        _ => false,
    }
}

#[cfg(not(unix))]
fn same_file(_file: &File, _path: &Path) -> bool {
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A writer that takes a few bytes and then finds the disk full.
    struct FullAfter {
        room: usize,
        taken: Vec<u8>,
    }

    impl Write for FullAfter {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            if self.room == 0 {
                return Err(io::ErrorKind::StorageFull.into());
            }
            let count = bytes.len().min(self.room);
            self.taken.extend(&bytes[..count]);
            self.room -= count;
            Ok(count)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn a_disk_that_fills_up_within_a_line_is_an_error() {
        let mut disk = FullAfter { room: 3, taken: Vec::new() };
        let error = write_once(&mut disk, b"abcdef").unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::StorageFull);
        assert_eq!(disk.taken, b"abc");
    }

    #[test]
    fn torn_lines_are_set_aside_one_by_one() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("lines.jsonl");
        for number in 1..=2 {
            fs::write(&path, "{}\n{\"torn").unwrap();
            let mut journal = Journal::lock(&path).unwrap();
            let mut content = journal.read().unwrap();
            let mended = journal.mend(&mut content, |_| false).unwrap();
            let aside = folder.path().join(format!("lines.jsonl.torn-{number}"));
            assert_eq!(fs::read(&aside).unwrap(), b"{\"torn");
            assert_eq!(mended, Some(Mended::SetAside(aside)));
            journal.append("{\"a\":1}").unwrap();
            assert_eq!(fs::read_to_string(&path).unwrap(), "{}\n{\"a\":1}\n");
        }
    }

    #[test]
    fn what_was_appended_can_be_taken_back() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("new/lines.jsonl");
        let mut journal = Journal::lock(&path).unwrap();
        journal.append("{}").unwrap();
        let before = journal.len();
        journal.append("{\"a\":1}").unwrap();
        journal.take_back(before).unwrap();
        journal.append("{\"b\":2}").unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "{}\n{\"b\":2}\n");
    }
}
