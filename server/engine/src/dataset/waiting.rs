//! Attempts that wait for their verdict: each lies in a file of its own beside `attempts.jsonl`, from the model's answer
//! until its line is there. So a kill costs none of them, and every line is written once, whole.
//!
//! Whoever waits holds a lock on the file, which ends with its process, however that ends.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::Serialize;
use serde::de::IgnoredAny;

use super::DatasetError;
use super::attempts::{Attempt, Attempts, Blocks, Unjudged, memmem, now};
use super::example::json_line;
use crate::files;
use crate::verdict::VerdictLine;
use crate::workspace::DATA_FOLDER;

/// What stands between the name of `attempts.jsonl` and a number of the file's own.
const MARK: &str = ".waiting-";
/// No attempt is longer; a file that is was not written here.
const LONGEST: u64 = 64 << 20;
/// A file that is not whole by then was being written when its process ended.
const PATIENCE: Duration = Duration::from_mins(1);

/// A kernel that was written and has no verdict yet.
#[derive(Debug)]
pub struct Waiting {
    root: PathBuf,
    line: Unjudged,
    /// Its file and the lock on it, once it is on the disk.
    held: Option<(PathBuf, File)>,
}

impl Waiting {
    /// An attempt in the workspace at `root`; it is on the disk once it is held.
    pub fn new(root: &Path, line: Unjudged) -> Self {
        Self { root: root.to_owned(), line, held: None }
    }

    /// Puts it on the disk, where its workspace is one. Where that fails, only this process knows it.
    pub fn hold(&mut self) -> Result<(), DatasetError> {
        if self.held.is_none() && is_workspace(&self.root) {
            let attempts = Attempts::of(&self.root);
            let failed = |error| DatasetError::of(attempts.path(), error);
            self.held = Some(write(attempts.path(), &json_line(&self.line)).map_err(failed)?);
        }
        Ok(())
    }

    /// What it will be in `attempts.jsonl` where it gets no verdict.
    pub fn line(&self) -> &Unjudged {
        &self.line
    }

    /// Adds it to `attempts.jsonl` with its verdict on `code`.
    pub fn judged(self, code: Blocks, verdict: VerdictLine) -> Result<(), DatasetError> {
        let Attempt {
            kind, about, run, attempt, of, writer, prompt, answer, analysis, usage, seconds, ..
        } = self.line;
        let time = now();
        let line = Attempt {
            time,
            kind,
            about,
            run,
            attempt,
            of,
            writer,
            prompt,
            answer,
            code,
            verdict,
            analysis,
            usage,
            seconds,
        };
        append(&self.root, &line)?;
        leave(self.held);
        Ok(())
    }

    /// Adds it to `attempts.jsonl` as it is.
    pub fn unjudged(self) -> Result<(), DatasetError> {
        append(&self.root, &self.line)?;
        leave(self.held);
        Ok(())
    }

    /// Takes over those in the workspace at `root` whose process has ended. What cannot be read is left where it is.
    pub fn left_behind(root: &Path) -> Vec<Self> {
        let attempts = Attempts::of(root);
        let mut found: Vec<Self> = waiting_files(attempts.path())
            .into_iter()
            .filter_map(|path| take_over(&path).map(|(line, file)| (line, (path, file))))
            .map(|(line, held)| Self { root: root.to_owned(), line, held: Some(held) })
            .collect();
        found.retain_mut(|waiting| {
            // The process may have ended between the two steps of the end.
            let known = attempts.has(&waiting.line);
            if known {
                leave(waiting.held.take());
            }
            !known
        });
        found.sort_by(|one, other| one.line.time.cmp(&other.line.time));
        found
    }

    /// Adds what was left behind in the workspace at `root` to `attempts.jsonl`, where nobody is there to judge it.
    pub fn settle(root: &Path) -> Result<(), DatasetError> {
        Self::left_behind(root).into_iter().try_for_each(Self::unjudged)
    }
}

/// Where a folder is no workspace, nothing is written.
fn is_workspace(root: &Path) -> bool {
    root.join(DATA_FOLDER).is_dir()
}

fn append<V: Serialize>(root: &Path, line: &Attempt<V>) -> Result<(), DatasetError> {
    if is_workspace(root) { Attempts::of(root).append(line) } else { Ok(()) }
}

impl Attempts {
    /// Whether an attempt is here, with a verdict or without.
    fn has(&self, line: &Unjudged) -> bool {
        let content = fs::read(self.path()).unwrap_or_default();
        let seconds = format!("\"seconds\":{}", json_line(&line.seconds));
        content
            .split(|byte| *byte == b'\n')
            // Lines are long: most are told apart before they are read.
            .filter(|other| memmem(other, seconds.as_bytes()))
            .filter_map(|other| serde_json::from_slice::<Attempt<IgnoredAny>>(other).ok())
            .any(|other| {
                // The time of a line is its verdict's. No two answers take the same time to the last digit.
                (other.kind, other.attempt, other.seconds.to_bits())
                    == (line.kind, line.attempt, line.seconds.to_bits())
                    && other.about == line.about
                    && other.answer == line.answer
            })
    }
}

/// Writes a file that is locked before there is anything in it.
fn write(attempts: &Path, line: &str) -> io::Result<(PathBuf, File)> {
    let folder = files::folder_of(attempts);
    fs::create_dir_all(folder)?;
    loop {
        let mut name = attempts.as_os_str().to_owned();
        name.push(format!("{MARK}{:08x}", fastrand::u32(..)));
        let path = PathBuf::from(name);
        let mut file = match OpenOptions::new().write(true).create_new(true).open(&path) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => continue,
            opened => opened?,
        };
        // Somebody who looks for files left behind may hold it for a moment.
        let written = file
            .lock()
            .and_then(|()| file.write_all(line.as_bytes()))
            .and_then(|()| file.sync_all())
            .and_then(|()| files::sync_folder(folder));
        if let Err(error) = written {
            let _ = fs::remove_file(&path);
            return Err(error);
        }
        return Ok((path, file));
    }
}

fn waiting_files(attempts: &Path) -> Vec<PathBuf> {
    let Some(name) = attempts.file_name().and_then(|name| name.to_str()) else { return Vec::new() };
    let beginning = format!("{name}{MARK}");
    let Ok(entries) = fs::read_dir(files::folder_of(attempts)) else { return Vec::new() };
    entries
        .filter_map(Result::ok)
        .filter(|entry| entry.file_name().to_str().is_some_and(|name| name.starts_with(&beginning)))
        .filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_file()))
        .map(|entry| entry.path())
        .collect()
}

/// Takes the lock of a file whose process has ended, and reads it.
fn take_over(path: &Path) -> Option<(Unjudged, File)> {
    let mut file = OpenOptions::new().read(true).write(true).open(path).ok()?;
    file.try_lock().ok()?;
    let metadata = file.metadata().ok()?;
    // Its owner may have ended it just before the lock was free.
    if !path.exists() || metadata.len() > LONGEST {
        return None;
    }
    let mut content = Vec::new();
    file.read_to_end(&mut content).ok()?;
    if let Ok(line) = serde_json::from_slice(&content) {
        return Some((line, file));
    }
    let age = metadata.modified().ok().and_then(|modified| modified.elapsed().ok());
    if age.is_some_and(|age| age > PATIENCE) {
        // Nobody was ever told of it.
        let _ = fs::remove_file(path);
    }
    None
}

/// Deletes the file of an attempt whose line is there. Where that fails, the line is found by whoever takes it over.
fn leave(held: Option<(PathBuf, File)>) {
    if let Some((path, _lock)) = held
        && let Err(error) = fs::remove_file(&path)
    {
        tracing::warn!(%error, path = %path.display(), "an attempt's file is left over");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dataset::attempts::AttemptKind;
    use crate::verdict::{Implementation, PairError, Stage};

    fn line(seconds: f64) -> Unjudged {
        Attempt {
            time: now(),
            kind: AttemptKind::Generate,
            about: "relu.py".to_owned(),
            run: None,
            attempt: 1,
            of: 1,
            writer: "a model".to_owned(),
            prompt: None,
            answer: "```python\n```".to_owned(),
            code: Blocks { triton: "x\n".to_owned(), ..Blocks::default() },
            verdict: (),
            analysis: None,
            usage: None,
            seconds,
        }
    }

    fn verdict() -> VerdictLine {
        let error = PairError {
            implementation: Implementation::Triton,
            stage: Stage::Compile,
            kind: "CompilationError".to_owned(),
            message: "no".to_owned(),
            line: None,
            traceback: String::new(),
        };
        VerdictLine::failed("relu.py", error)
    }

    struct Place(tempfile::TempDir);

    impl Place {
        fn new() -> Self {
            let folder = tempfile::tempdir().unwrap();
            fs::create_dir(folder.path().join(DATA_FOLDER)).unwrap();
            Self(folder)
        }

        fn hold(&self, seconds: f64) -> Waiting {
            let mut waiting = Waiting::new(self.0.path(), line(seconds));
            waiting.hold().unwrap();
            waiting
        }

        fn lines(&self) -> Vec<serde_json::Value> {
            let text = fs::read_to_string(Attempts::of(self.0.path()).path()).unwrap_or_default();
            text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
        }

        fn waiting(&self) -> Vec<PathBuf> {
            waiting_files(Attempts::of(self.0.path()).path())
        }
    }

    #[test]
    fn one_that_is_waited_for_is_nobody_elses() {
        let place = Place::new();
        let waiting = place.hold(1.5);
        assert_eq!(place.waiting().len(), 1);
        assert!(Waiting::left_behind(place.0.path()).is_empty());
        waiting.judged(Blocks::default(), verdict()).unwrap();
        assert_eq!((place.lines().len(), place.waiting().len()), (1, 0));
        assert_eq!(place.lines()[0]["verdict"]["error"]["type"], "CompilationError");
    }

    #[test]
    fn what_a_dead_process_left_is_taken_over_once_and_never_twice_in_the_file() {
        let place = Place::new();
        for seconds in [1.5, 2.5] {
            drop(place.hold(seconds));
        }
        let mut taken = Waiting::left_behind(place.0.path());
        assert_eq!(taken.len(), 2);
        assert!(Waiting::left_behind(place.0.path()).is_empty(), "another has them");
        taken.pop().unwrap().judged(Blocks::default(), verdict()).unwrap();
        let (path, lock) = taken.pop().unwrap().held.unwrap();
        let content = fs::read(&path).unwrap();
        drop(lock);
        Waiting::settle(place.0.path()).unwrap();
        assert_eq!((place.lines().len(), place.waiting().len()), (2, 0));
        // Its line was there, and the process ended before the file was deleted.
        fs::write(&path, content).unwrap();
        Waiting::settle(place.0.path()).unwrap();
        assert_eq!((place.lines().len(), place.waiting().len()), (2, 0));
    }

    #[test]
    fn a_file_that_is_not_whole_is_left_until_it_is_old() {
        let place = Place::new();
        drop(place.hold(1.5));
        let path = place.waiting().remove(0);
        fs::write(&path, b"{\"time\":").unwrap();
        assert!(Waiting::left_behind(place.0.path()).is_empty());
        assert_eq!(place.waiting().len(), 1);
        let old = std::time::SystemTime::now() - 2 * PATIENCE;
        File::options().write(true).open(&path).unwrap().set_modified(old).unwrap();
        assert!(Waiting::left_behind(place.0.path()).is_empty());
        assert_eq!(place.waiting().len(), 0);
    }

    #[test]
    fn outside_a_workspace_nothing_is_written() {
        let folder = tempfile::tempdir().unwrap();
        let mut waiting = Waiting::new(folder.path(), line(1.0));
        waiting.hold().unwrap();
        waiting.unjudged().unwrap();
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
    }
}
