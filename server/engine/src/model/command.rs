//! A program that takes the prompt on standard input and prints the answer.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use process_wrap::tokio::{ChildWrapper, CommandWrap};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWriteExt};

use super::error::ModelError;
use super::prompt::Prompt;
use super::receive::LONGEST_ANSWER;
use super::{Completion, Listener};
use crate::config::ModelSettings;

/// How long a program may take in all.
const LIMIT: Duration = Duration::from_mins(10);
/// How much of its standard error is read.
const LONGEST_LOG: usize = 64 << 10;

/// The program that the settings name. It runs in the workspace's folder with the user's own environment.
#[derive(Debug)]
pub(super) struct Program {
    words: Vec<String>,
    folder: PathBuf,
}

impl Program {
    pub(super) fn of(settings: &ModelSettings, root: &Path) -> Result<Self, ModelError> {
        let words = settings.command.clone().filter(|words| !words.is_empty());
        let words = words.ok_or(ModelError::Unset { what: "program", key: "command" })?;
        Ok(Self { words, folder: root.to_owned() })
    }

    pub(super) fn label(&self) -> String {
        self.words.join(" ")
    }

    fn failed(&self, how: impl Into<String>) -> ModelError {
        ModelError::Program { program: self.label(), how: how.into() }
    }

    pub(super) async fn complete(
        &self,
        prompt: &Prompt,
        listener: &dyn Listener,
    ) -> Result<Completion, ModelError> {
        // Dropping the future, at the limit or when the user cancels, ends all that it started.
        match tokio::time::timeout(LIMIT, self.run(prompt.as_text(), listener)).await {
            Ok(answer) => answer,
            Err(_) => Err(self.failed(format!("was still running after {} s", LIMIT.as_secs()))),
        }
    }

    async fn run(&self, prompt: String, listener: &dyn Listener) -> Result<Completion, ModelError> {
        let mut running =
            Running(self.spawn().map_err(|error| self.failed(format!("cannot be started: {error}")))?);
        let child = &mut running.0;
        let (Some(mut input), Some(output), Some(log)) =
            (child.stdin().take(), child.stdout().take(), child.stderr().take())
        else {
            return Err(self.failed("has no standard streams"));
        };
        let write = async move {
            // A program that does not read its input to the end may still answer.
            let _ = input.write_all(prompt.as_bytes()).await;
            drop(input);
        };
        let ((), answer, log) = tokio::join!(write, self.read(output, listener), read_log(log));
        let text = answer?;
        let status = child.wait().await.map_err(|error| self.failed(error.to_string()))?;
        if !status.success() {
            let last = log.lines().rev().find(|line| !line.trim().is_empty()).unwrap_or("it gave no reason");
            return Err(self.failed(format!("failed ({status}): {}", last.trim())));
        }
        Ok(Completion { text, ..Completion::default() })
    }

    fn spawn(&self) -> std::io::Result<Box<dyn ChildWrapper>> {
        let mut wrap = CommandWrap::with_new(&self.words[0], |command| {
            command
                .args(&self.words[1..])
                .current_dir(&self.folder)
                .stdin(Stdio::piped())
                .stdout(Stdio::piped())
                .stderr(Stdio::piped());
        });
        #[cfg(unix)]
        wrap.wrap(process_wrap::tokio::ProcessGroup::leader());
        #[cfg(windows)]
        wrap.wrap(process_wrap::tokio::JobObject);
        wrap.spawn()
    }

    async fn read(
        &self,
        mut output: impl AsyncRead + Unpin,
        listener: &dyn Listener,
    ) -> Result<String, ModelError> {
        let mut bytes = Vec::new();
        let mut told = 0;
        loop {
            let count = output.read_buf(&mut bytes).await.map_err(|error| self.failed(error.to_string()))?;
            if bytes.len() > LONGEST_ANSWER {
                return Err(ModelError::TooLong { who: format!("`{}`", self.label()) });
            }
            // A character may be split between two reads: only whole ones are told.
            let whole = told + valid_up_to(bytes.get(told..).unwrap_or_default());
            if let Some(piece) = bytes.get(told..whole).and_then(|piece| std::str::from_utf8(piece).ok())
                && !piece.is_empty()
            {
                listener.text(piece);
                told = whole;
            }
            if count == 0 {
                return String::from_utf8(bytes).map_err(|_| self.failed("printed text that is not UTF-8"));
            }
        }
    }
}

/// A program with all that it started, which ends when this is dropped.
struct Running(Box<dyn ChildWrapper>);

impl Drop for Running {
    fn drop(&mut self) {
        // The whole group: tokio's own kill on drop ends the first process alone. It may be over already.
        let _ = self.0.start_kill();
    }
}

fn valid_up_to(bytes: &[u8]) -> usize {
    std::str::from_utf8(bytes).map_or_else(|error| error.valid_up_to(), str::len)
}

/// The first part of what a program logs; the rest is read and dropped, so that the program does not block.
async fn read_log(mut log: impl AsyncRead + Unpin) -> String {
    let mut kept = Vec::new();
    let mut buffer = [0; 4096];
    while let Ok(count @ 1..) = log.read(&mut buffer).await {
        if kept.len() < LONGEST_LOG {
            kept.extend_from_slice(buffer.get(..count).unwrap_or_default());
        }
    }
    String::from_utf8_lossy(&kept).into_owned()
}

#[cfg(unix)]
#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use super::*;
    use crate::model::{Deaf, Model};
    use crate::progress::CancellationToken;

    fn program(script: &str) -> Model {
        let words = ["sh", "-c", script].map(str::to_owned).to_vec();
        Model(crate::model::Kind::Command(Program { words, folder: "/".into() }))
    }

    async fn ask(script: &str) -> Result<String, String> {
        let prompt = Prompt { system: "write a kernel".to_owned(), ..Prompt::default() };
        let answer = program(script).complete(&prompt, &Deaf, &CancellationToken::new()).await;
        answer.map(|answer| answer.text).map_err(|error| error.to_string())
    }

    #[tokio::test]
    async fn the_prompt_goes_in_and_the_answer_comes_out() {
        assert_eq!(ask("tr a-z A-Z").await.unwrap(), "WRITE A KERNEL\n");
        assert_eq!(ask("echo done").await.unwrap(), "done\n", "the prompt was not read");
    }

    #[tokio::test]
    async fn what_became_of_a_program_is_said() {
        assert_eq!(
            ask("echo half; echo 'no quota left' >&2; exit 3").await.unwrap_err(),
            "`sh -c echo half; echo 'no quota left' >&2; exit 3` failed (exit status: 3): no quota left"
        );
        assert!(ask(r"printf '\377'").await.unwrap_err().ends_with("printed text that is not UTF-8"));
        assert!(ask("yes").await.unwrap_err().contains("far more text than a kernel takes"));
    }

    #[derive(Default)]
    struct Heard(Mutex<Vec<String>>);

    impl Listener for Heard {
        fn text(&self, piece: &str) {
            self.0.lock().unwrap().push(piece.to_owned());
        }
        fn waiting(&self, _why: &str) {}
    }

    #[tokio::test]
    async fn characters_are_told_whole() {
        let heard = Heard::default();
        let answer = program(r"printf '\303'; sleep 0.1; printf '\244'")
            .complete(&Prompt::default(), &heard, &CancellationToken::new())
            .await;
        assert_eq!(answer.unwrap().text, "ä");
        assert_eq!(heard.0.into_inner().unwrap(), ["ä"]);
    }

    #[tokio::test]
    async fn cancelling_ends_all_that_it_started() {
        let folder = tempfile::tempdir().unwrap();
        let mark = folder.path().join("pid");
        let model = program(&format!("sleep 1000 & echo $! > {}; wait", mark.display()));
        let cancel = CancellationToken::new();
        let prompt = Prompt::default();
        let watch = async {
            while !std::fs::read_to_string(&mark).is_ok_and(|text| text.ends_with('\n')) {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
            cancel.cancel();
        };
        let (answer, ()) = tokio::join!(model.complete(&prompt, &Deaf, &cancel), watch);
        assert!(matches!(answer, Err(ModelError::Cancelled)));
        let pid = std::fs::read_to_string(&mark).unwrap();
        let status = Path::new("/proc").join(pid.trim()).join("stat");
        let runs = || std::fs::read_to_string(&status).is_ok_and(|stat| !stat.contains(") Z"));
        for _ in 0..1000 {
            if !runs() {
                return;
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        panic!("its child still runs");
    }
}
