//! Puts what was written into its file, if the file is still the text that it was written for.

use std::fs::OpenOptions;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use crate::{files, source};

/// Where a text went.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Placed {
    /// Into the file.
    InPlace,
    /// Beside it: the file was changed meanwhile, and nobody's work is thrown away.
    Beside(PathBuf),
}

/// Replaces the content of `file` by `text` in one step if it is still `before`; otherwise `text` goes to a new file
/// beside it.
pub fn place(file: &Path, before: &str, text: &str) -> io::Result<Placed> {
    if source::read(file).is_ok_and(|present| present.as_ref() == before) {
        files::replace(file, text.as_bytes())?;
        return Ok(Placed::InPlace);
    }
    for number in 0..100 {
        let mut name = file.file_name().unwrap_or_default().to_owned();
        name.push(if number == 0 {
            ".fusewright-new".to_owned()
        } else {
            format!(".fusewright-new-{number}")
        });
        let beside = file.with_file_name(name);
        match OpenOptions::new().write(true).create_new(true).open(&beside) {
            Ok(mut created) => {
                created.write_all(text.as_bytes())?;
                created.sync_all()?;
                return Ok(Placed::Beside(beside));
            }
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            Err(error) => return Err(error),
        }
    }
    Err(io::Error::new(
        io::ErrorKind::AlreadyExists,
        "a hundred files of the name .fusewright-new are there already",
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_changed_meanwhile_is_left_alone_and_nothing_is_lost() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("pair.py");
        std::fs::write(&file, "one").unwrap();
        assert_eq!(place(&file, "one", "two").unwrap(), Placed::InPlace);
        assert_eq!(std::fs::read_to_string(&file).unwrap(), "two");

        let beside = |name: &str| Placed::Beside(folder.path().join(name));
        assert_eq!(place(&file, "one", "three").unwrap(), beside("pair.py.fusewright-new"));
        assert_eq!(place(&file, "one", "four").unwrap(), beside("pair.py.fusewright-new-1"));
        assert_eq!(std::fs::read_to_string(&file).unwrap(), "two");
        assert_eq!(std::fs::read_to_string(folder.path().join("pair.py.fusewright-new")).unwrap(), "three");

        std::fs::remove_file(&file).unwrap();
        assert_eq!(place(&file, "two", "five").unwrap(), beside("pair.py.fusewright-new-2"));
    }
}
