//! Remembers the last final verdict of every pair, by hash, so that `fusewright archive` knows what
//! `fusewright verify` and the editor found.

use std::fs;
use std::io;
use std::path::PathBuf;

use crate::files;
use crate::verdict::{Device, VerdictLine};

/// The remembered verdicts, one file each.
#[derive(Debug, Clone)]
pub struct VerdictStore {
    folder: PathBuf,
}

impl VerdictStore {
    /// The store in the user's cache; `None` where the environment names no home.
    pub fn of_user() -> Option<Self> {
        crate::places::cache().map(|cache| Self::at(cache.join("verdicts")))
    }

    /// A store in a folder of the caller's choice.
    pub fn at(folder: impl Into<PathBuf>) -> Self {
        Self { folder: folder.into() }
    }

    /// Remembers a verdict. One that is not final, or that rules on nothing, is no verdict to remember.
    pub fn remember(&self, verdict: &VerdictLine) -> io::Result<()> {
        let Some(path) = self.path(&verdict.hash) else { return Ok(()) };
        if verdict.verdict.is_none() || !verdict.pending.is_empty() {
            return Ok(());
        }
        files::create_private_dir(files::folder_of(&path))?;
        files::replace(&path, &serde_json::to_vec(verdict)?)?;
        match &verdict.device {
            Some(device) if device.mode == "cuda" && self.device().as_ref() != Some(device) => {
                files::replace(&self.device_file(), &serde_json::to_vec(device)?)
            }
            _ => Ok(()),
        }
    }

    /// The GPU that judged last, so that who writes a kernel knows what it is for before Python runs.
    pub fn device(&self) -> Option<Device> {
        serde_json::from_slice(&fs::read(self.device_file()).ok()?).ok()
    }

    fn device_file(&self) -> PathBuf {
        self.folder.join("device.json")
    }

    /// The last final verdict of the pair with this hash.
    pub fn recall(&self, hash: &str) -> Option<VerdictLine> {
        let text = fs::read(self.path(hash)?).ok()?;
        let verdict: VerdictLine = serde_json::from_slice(&text).ok()?;
        (verdict.hash == hash).then_some(verdict)
    }

    /// A hash that is no hash names no file.
    fn path(&self, hash: &str) -> Option<PathBuf> {
        let is_hash = hash.len() == 64 && hash.bytes().all(|byte| byte.is_ascii_hexdigit());
        let (first, rest) = hash.split_at_checked(2).filter(|_| is_hash)?;
        Some(self.folder.join(first).join(format!("{rest}.json")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::verdict::{Implementation, PairError, Ruling, Stage};

    fn verdict(hash: &str) -> VerdictLine {
        let error = PairError {
            implementation: Implementation::Triton,
            stage: Stage::Run,
            kind: "ValueError".to_owned(),
            message: "no".to_owned(),
            line: Some(3),
            traceback: String::new(),
        };
        VerdictLine { hash: hash.to_owned(), ..VerdictLine::failed("pair.py", error) }
    }

    #[test]
    fn the_last_final_verdict_is_recalled() {
        let folder = tempfile::tempdir().unwrap();
        let store = VerdictStore::at(folder.path().join("verdicts"));
        let hash = "0123456789abcdef".repeat(4);
        assert_eq!(store.recall(&hash), None);

        let first = verdict(&hash);
        store.remember(&first).unwrap();
        assert_eq!(store.recall(&hash), Some(first.clone()));

        let pending = VerdictLine { pending: vec!["audit".to_owned()], ..first.clone() };
        store.remember(&pending).unwrap();
        assert_eq!(store.recall(&hash), Some(first.clone()));

        let later = VerdictLine { verdict: Some(Ruling::Wrong), ..first };
        store.remember(&later).unwrap();
        assert_eq!(store.recall(&hash), Some(later));
    }

    #[test]
    fn the_gpu_that_judged_last_is_known() {
        let folder = tempfile::tempdir().unwrap();
        let store = VerdictStore::at(folder.path().join("verdicts"));
        let judged = |name: &str, mode: &str| {
            let device =
                Device { name: name.to_owned(), mode: mode.to_owned(), more: serde_json::Map::new() };
            VerdictLine { device: Some(device), ..verdict(&"0123456789abcdef".repeat(4)) }
        };
        store.remember(&judged("some processor", "interpreter")).unwrap();
        assert_eq!(store.device(), None);
        for name in ["one card", "another"] {
            store.remember(&judged(name, "cuda")).unwrap();
            assert_eq!(store.device().unwrap().name, name);
        }
        store.remember(&judged("some processor", "interpreter")).unwrap();
        assert_eq!(store.device().unwrap().name, "another");
    }

    #[test]
    fn what_is_no_hash_names_no_file() {
        let folder = tempfile::tempdir().unwrap();
        let store = VerdictStore::at(folder.path().join("verdicts"));
        for hash in ["", "../../escape", "zz"] {
            store.remember(&verdict(hash)).unwrap();
            assert_eq!(store.recall(hash), None);
        }
        assert!(!folder.path().join("verdicts").exists());
    }
}
