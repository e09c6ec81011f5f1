//! Reads a pair file from disk, or says in one sentence why it cannot be one.

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// The largest file that is read: the longest real pairs have some 100 KiB.
pub const LARGEST: u64 = 4 << 20;

/// What a file without markers lacks, for whoever wanted a pair.
pub const NO_MARKER: &str = "it has no `# <PYTHON>` marker; write one on a line of its own above the reference, and \
                             `fusewright convert --scaffold` adds the other blocks";

/// Why a file cannot be read as a pair.
#[derive(Debug, thiserror::Error)]
pub enum SourceError {
    /// There is nothing at the path.
    #[error("{} does not exist: check the path", .0.display())]
    Missing(PathBuf),
    /// The path names a folder.
    #[error("{} is a directory: name a pair file in it", .0.display())]
    Directory(PathBuf),
    /// The path names a device, a socket or a pipe.
    #[error("{} is not a regular file: name a pair file", .0.display())]
    Special(PathBuf),
    /// The file is larger than any pair.
    #[error("{} has {size} bytes, and a pair file has at most {LARGEST}: name a pair file", path.display())]
    TooLarge {
        /// The file.
        path: PathBuf,
        /// Its size in bytes.
        size: u64,
    },
    /// The file holds bytes that no text holds.
    #[error("{} is a binary file (byte {offset} is zero): name a pair file", path.display())]
    Binary {
        /// The file.
        path: PathBuf,
        /// Where the first zero byte stands.
        offset: usize,
    },
    /// The file's bytes are not UTF-8.
    #[error("{} is not UTF-8 text (line {line}): save it as UTF-8", path.display())]
    NotUtf8 {
        /// The file.
        path: PathBuf,
        /// The 1-based line of the first byte that does not fit.
        line: usize,
    },
    /// The system refused.
    #[error("{} cannot be read: {source}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
}

/// Reads a pair file's text, as it stands there: line ends and a byte-order mark are kept.
pub fn read(path: &Path) -> Result<Arc<str>, SourceError> {
    let unreadable = |source: io::Error| match source.kind() {
        io::ErrorKind::NotFound => SourceError::Missing(path.to_owned()),
        _ => SourceError::Unreadable { path: path.to_owned(), source },
    };
    // Asked before the file is opened: opening a pipe would wait for its writer.
    let metadata = std::fs::metadata(path).map_err(unreadable)?;
    if metadata.is_dir() {
        return Err(SourceError::Directory(path.to_owned()));
    }
    if !metadata.is_file() {
        return Err(SourceError::Special(path.to_owned()));
    }
    let too_large = |size| SourceError::TooLarge { path: path.to_owned(), size };
    if metadata.len() > LARGEST {
        return Err(too_large(metadata.len()));
    }
    let mut bytes = Vec::new();
    File::open(path).and_then(|file| file.take(LARGEST + 1).read_to_end(&mut bytes)).map_err(unreadable)?;
    if bytes.len() as u64 > LARGEST {
        return Err(too_large(bytes.len() as u64));
    }
    if let Some(offset) = bytes.iter().position(|byte| *byte == 0) {
        return Err(SourceError::Binary { path: path.to_owned(), offset });
    }
    match String::from_utf8(bytes) {
        Ok(text) => Ok(text.into()),
        Err(error) => {
            let valid = error.as_bytes().get(..error.utf8_error().valid_up_to()).unwrap_or_default();
            let line = String::from_utf8_lossy(valid).matches('\n').count() + 1;
            Err(SourceError::NotUtf8 { path: path.to_owned(), line })
        }
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    fn message(name: &str, make: impl FnOnce(&Path)) -> String {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(name);
        make(&path);
        let message = read(&path).unwrap_err().to_string();
        message.replace(&folder.path().display().to_string(), "DIR")
    }

    #[test]
    fn every_unreadable_file_has_its_sentence() {
        insta::assert_snapshot!(message("gone.py", |_| ()), @"DIR/gone.py does not exist: check the path");
        insta::assert_snapshot!(message("dir.py", |path| fs::create_dir(path).unwrap()), @"DIR/dir.py is a directory: name a pair file in it");
        insta::assert_snapshot!(message("big.py", |path| File::create(path).unwrap().set_len(100 << 20).unwrap()), @"DIR/big.py has 104857600 bytes, and a pair file has at most 4194304: name a pair file");
        insta::assert_snapshot!(message("binary.py", |path| fs::write(path, b"\x7fELF\x00\x01").unwrap()), @"DIR/binary.py is a binary file (byte 4 is zero): name a pair file");
        insta::assert_snapshot!(message("latin.py", |path| fs::write(path, b"a\n# caf\xe9\n").unwrap()), @"DIR/latin.py is not UTF-8 text (line 2): save it as UTF-8");
        #[cfg(unix)]
        assert_eq!(
            read(Path::new("/dev/zero")).unwrap_err().to_string(),
            "/dev/zero is not a regular file: name a pair file"
        );
    }

    #[test]
    fn text_is_read_as_it_stands() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("pair.py");
        fs::write(&path, "\u{feff}# <PYTHON>\r\n\u{2028}").unwrap();
        assert_eq!(&*read(&path).unwrap(), "\u{feff}# <PYTHON>\r\n\u{2028}");
    }
}
