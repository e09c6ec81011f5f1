//! Every attempt at a kernel, failed ones too: how a failed kernel was mended is training data as well.

use std::path::{Path, PathBuf};
use std::time::SystemTime;

use serde::{Deserialize, Serialize};

use super::DatasetError;
use super::example::json_line;
use super::journal::Journal;
use crate::model::{Prompt, Usage};
use crate::verdict::VerdictLine;
use crate::workspace::DATA_FOLDER;

/// What an attempt was made for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum AttemptKind {
    /// A line of `fusion_ideas.txt`.
    Idea,
    /// A task that `generate_fusion_task.py` drew.
    Task,
    /// `fusewright generate`, or its like in the editor.
    Generate,
    /// `fusewright fix`, or its like in the editor.
    Fix,
}

/// One turn of the conversation with the model.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Message {
    /// `system`, `user` or `assistant`.
    pub role: String,
    /// What was said.
    pub content: String,
}

impl Message {
    /// The conversation that a prompt is, the standing instructions first.
    pub fn conversation(prompt: &Prompt) -> Vec<Self> {
        let system = Self { role: "system".to_owned(), content: prompt.system.clone() };
        let turns = prompt
            .turns
            .iter()
            .map(|turn| Self { role: turn.role.word().to_owned(), content: turn.text.clone() });
        std::iter::once(system).filter(|system| !system.content.is_empty()).chain(turns).collect()
    }
}

/// The text of the three blocks; empty where there was none.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Blocks {
    /// PYTHON.
    pub python: String,
    /// TRITON.
    pub triton: String,
    /// TEST.
    pub test: String,
}

impl Blocks {
    /// The blocks of a pair file.
    pub fn of(pair: &fusewright_pair::PairFile) -> Self {
        use fusewright_pair::BlockKind::{Python, Test, Triton};
        let code = |kind| pair.code(kind).unwrap_or_default().to_owned();
        Self { python: code(Python), triton: code(Triton), test: code(Test) }
    }
}

/// Why an attempt failed and what the next one will change.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WrittenAnalysis {
    /// Why it failed.
    pub root_cause: String,
    /// What the next attempt will change.
    pub planned_fix: String,
    /// All of it, as people were shown it.
    pub text: String,
}

/// One line of `attempts.jsonl`. Those of the loop are judged; what [`Unjudged`] is, nobody asked to judge.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Attempt<V = VerdictLine> {
    /// When it ended: UTC, as RFC 3339 writes it.
    pub time: String,
    /// What it was made for.
    pub kind: AttemptKind,
    /// The idea, the task, or the file.
    pub about: String,
    /// What tells one run over an idea or a task from the next; `None` where the attempt stands alone.
    pub run: Option<String>,
    /// Its number, from 1.
    pub attempt: u32,
    /// How many there might have been.
    pub of: u32,
    /// Who wrote the kernel: a model's name, or `inductor`.
    pub writer: String,
    /// What the model was asked; `None` where no model was.
    pub prompt: Option<Vec<Message>>,
    /// What it answered, whole.
    pub answer: String,
    /// What was judged.
    pub code: Blocks,
    /// The verdict on it.
    pub verdict: V,
    /// What was made of the verdict before the next attempt; `None` where there was none.
    pub analysis: Option<WrittenAnalysis>,
    /// The tokens that the answer took, where the provider tells.
    pub usage: Option<Usage>,
    /// How long the answer took, in seconds.
    pub seconds: f64,
}

/// An attempt without a verdict: `null` stands in its place.
pub type Unjudged = Attempt<()>;

/// The time now, as the lines carry it.
pub fn now() -> String {
    humantime::format_rfc3339_seconds(SystemTime::now()).to_string()
}

/// The attempts of a workspace.
#[derive(Debug, Clone)]
pub struct Attempts {
    path: PathBuf,
}

impl Attempts {
    /// Those of the workspace at `root`. Nothing is touched yet.
    pub fn of(root: &Path) -> Self {
        Self { path: root.join(DATA_FOLDER).join("output/attempts.jsonl") }
    }

    /// The file that holds them.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Adds a line. It is on the disk when this returns; where it fails, nothing was added.
    pub fn append<V: Serialize>(&self, attempt: &Attempt<V>) -> Result<(), DatasetError> {
        let mut journal = Journal::lock(&self.path)?;
        // Nobody was ever told of a torn line, and whoever wrote it makes the attempt again.
        journal.drop_torn(|tail| serde_json::from_slice::<Attempt<Option<VerdictLine>>>(tail).is_ok())?;
        journal.append(&json_line(attempt))
    }

    /// The attempts of one run, by number. Lines that are no attempts are passed over: the file is the user's to edit.
    pub fn of_run(&self, run: &str) -> Result<Vec<Attempt>, DatasetError> {
        let content = match std::fs::read(&self.path) {
            Ok(content) => content,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(source) => return Err(DatasetError::Unreadable { path: self.path.clone(), source }),
        };
        let mut found: Vec<Attempt> = content
            .split(|byte| *byte == b'\n')
            // Lines are long: most are told apart before they are read.
            .filter(|line| memmem(line, run.as_bytes()))
            .filter_map(|line| serde_json::from_slice::<Attempt>(line).ok())
            .filter(|attempt| attempt.run.as_deref() == Some(run))
            .collect();
        found.sort_by_key(|attempt| attempt.attempt);
        found.dedup_by_key(|attempt| attempt.attempt);
        Ok(found)
    }
}

pub(super) fn memmem(line: &[u8], needle: &[u8]) -> bool {
    line.windows(needle.len().max(1)).any(|window| window == needle)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Role, Turn};
    use crate::verdict::{Implementation, PairError, Stage};

    fn attempt(run: &str, number: u32) -> Attempt {
        let error = PairError {
            implementation: Implementation::Triton,
            stage: Stage::Compile,
            kind: "CompilationError".to_owned(),
            message: "no\u{2028}".to_owned(),
            line: Some(3),
            traceback: String::new(),
        };
        Attempt {
            time: now(),
            kind: AttemptKind::Idea,
            about: "add, relu".to_owned(),
            run: Some(run.to_owned()),
            attempt: number,
            of: 3,
            writer: "a model".to_owned(),
            prompt: None,
            answer: "```python\n```".to_owned(),
            code: Blocks { triton: "x\n".to_owned(), ..Blocks::default() },
            verdict: VerdictLine::failed("x.py", error),
            analysis: None,
            usage: None,
            seconds: 1.5,
        }
    }

    #[test]
    fn the_attempts_of_a_run_are_found_again() {
        let folder = tempfile::tempdir().unwrap();
        let attempts = Attempts::of(folder.path());
        assert_eq!(attempts.of_run("one").unwrap(), []);
        for (run, number) in [("one", 1), ("two", 1), ("one", 2)] {
            attempts.append(&attempt(run, number)).unwrap();
        }
        let found = attempts.of_run("one").unwrap();
        assert_eq!(found.iter().map(|attempt| attempt.attempt).collect::<Vec<_>>(), [1, 2]);
        assert_eq!(found[1].verdict, attempt("one", 2).verdict);
    }

    #[test]
    fn a_torn_line_is_dropped_and_never_extended() {
        let folder = tempfile::tempdir().unwrap();
        let attempts = Attempts::of(folder.path());
        attempts.append(&attempt("one", 1)).unwrap();
        let whole = std::fs::read_to_string(attempts.path()).unwrap();
        std::fs::write(attempts.path(), format!("{whole}{}", &whole[..whole.len() / 2])).unwrap();
        attempts.append(&attempt("one", 2)).unwrap();
        assert_eq!(attempts.of_run("one").unwrap().len(), 2);
        assert_eq!(std::fs::read_to_string(attempts.path()).unwrap().lines().count(), 2);
        let beside = std::fs::read_dir(files_folder(attempts.path())).unwrap().count();
        assert_eq!(beside, 1);
    }

    #[test]
    fn an_attempt_without_a_verdict_is_a_line_and_of_no_run() {
        let folder = tempfile::tempdir().unwrap();
        let attempts = Attempts::of(folder.path());
        let Attempt { time, kind, about, run, attempt, of, writer, prompt, answer, code, .. } =
            attempt("one", 1);
        let (analysis, usage, seconds) = (None, None, 1.5);
        let line: Unjudged = Attempt {
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
            verdict: (),
            analysis,
            usage,
            seconds,
        };
        attempts.append(&line).unwrap();
        let text = std::fs::read_to_string(attempts.path()).unwrap();
        assert!(text.contains("\"verdict\":null"), "{text}");
        assert_eq!(attempts.of_run("one").unwrap(), []);
        // Without its line end it is whole all the same.
        std::fs::write(attempts.path(), text.trim_end()).unwrap();
        attempts.append(&line).unwrap();
        assert_eq!(std::fs::read_to_string(attempts.path()).unwrap(), text.repeat(2));
    }

    fn files_folder(path: &Path) -> &Path {
        crate::files::folder_of(path)
    }

    #[test]
    fn a_conversation_begins_with_the_standing_instructions() {
        let prompt = Prompt {
            system: "be brief".to_owned(),
            turns: vec![
                Turn { role: Role::User, text: "why".to_owned() },
                Turn { role: Role::Assistant, text: "because".to_owned() },
            ],
            ..Prompt::default()
        };
        let said: Vec<_> = Message::conversation(&prompt)
            .into_iter()
            .map(|message| (message.role, message.content))
            .collect();
        let expected = [("system", "be brief"), ("user", "why"), ("assistant", "because")];
        assert_eq!(said, expected.map(|(role, content)| (role.to_owned(), content.to_owned())));
    }
}
