//! Remembers who wrote a TRITON block, by its normalised code, so that `archive` can name the author however much later
//! it comes, and however the block was laid out since.

use std::fs;
use std::io::{self, Write};
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::dataset::code_digest;
use crate::files;

/// How provenance names TorchInductor.
pub const INDUCTOR: &str = "inductor";

/// How a block of TorchInductor's begins.
pub const ORIGIN: &str = "# Written by TorchInductor";

/// Who wrote a block.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Author {
    /// The model's name, or [`INDUCTOR`].
    pub writer: String,
    /// Which attempt it was, from 1, where it was counted.
    pub attempt: Option<u32>,
    /// Whether it was a model that had TorchInductor's kernel to begin with.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub hinted: bool,
}

impl Author {
    /// Whether TorchInductor wrote it.
    pub fn is_inductor(&self) -> bool {
        self.writer == INDUCTOR
    }
}

/// The remembered authors, one file for each block.
#[derive(Debug, Clone)]
pub struct AuthorStore {
    folder: PathBuf,
}

impl AuthorStore {
    /// The store in the user's cache; `None` where the environment names no home.
    pub fn of_user() -> Option<Self> {
        crate::places::cache().map(|cache| Self::at(cache.join("authors")))
    }

    /// A store in a folder of the caller's choice.
    pub fn at(folder: impl Into<PathBuf>) -> Self {
        Self { folder: folder.into() }
    }

    /// Remembers who wrote a block last. What TorchInductor wrote stays its own: to repeat it makes nobody its author.
    pub fn remember(&self, triton: &str, author: &Author) -> io::Result<()> {
        let path = self.path(triton);
        if self.recall(triton).is_some_and(|known| known.is_inductor()) {
            return Ok(());
        }
        let folder = files::folder_of(&path);
        files::create_private_dir(folder)?;
        // Renamed into place, but not synced: a verdict waits for this, and what a crash loses is a name.
        let mut temporary = tempfile::NamedTempFile::new_in(folder)?;
        temporary.write_all(&serde_json::to_vec(author)?)?;
        temporary.persist(&path)?;
        Ok(())
    }

    /// Who wrote a block, if it was written here.
    pub fn recall(&self, triton: &str) -> Option<Author> {
        serde_json::from_slice(&fs::read(self.path(triton)).ok()?).ok()
    }

    fn path(&self, triton: &str) -> PathBuf {
        let digest = code_digest(triton);
        let (first, rest) = digest.split_at(2);
        self.folder.join(first).join(format!("{rest}.json"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_author_is_known_by_the_code_and_not_by_its_layout() {
        let folder = tempfile::tempdir().unwrap();
        let store = AuthorStore::at(folder.path().join("authors"));
        let author = Author { writer: "coder at localhost".to_owned(), attempt: Some(2), hinted: true };
        assert_eq!(store.recall("def f(x):\n    return x\n"), None);
        store.remember("def f(x):\n    return x\n", &author).unwrap();
        assert_eq!(store.recall("# a note\r\ndef f( x ):\r\n  return x"), Some(author.clone()));
        assert_eq!(store.recall("def f(x):\n    return -x\n"), None);

        let later = Author { writer: INDUCTOR.to_owned(), attempt: Some(1), hinted: false };
        store.remember("def f(x): \n    return x\n", &later).unwrap();
        assert_eq!(store.recall("def f(x):\n    return x\n"), Some(later.clone()));
        store.remember("def f(x):\n    return x\n", &author).unwrap();
        assert_eq!(store.recall("def f(x):\n    return x\n"), Some(later));
    }
}
