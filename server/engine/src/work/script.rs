//! Draws a task: runs the workspace's own `generate_fusion_task.py` and reads what it prints.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use process_wrap::tokio::{ChildWrapper, CommandWrap};
use tokio::io::{AsyncRead, AsyncReadExt};

use super::error::WorkError;
use crate::config::Settings;
use crate::home::Home;
use crate::progress::CancellationToken;
use crate::python;

const SCRIPT: &str = "generate_fusion_task.py";
/// Drawing takes milliseconds; a user's own script may think longer.
const LIMIT: Duration = Duration::from_mins(1);
/// How much of what it prints is read.
const MOST: u64 = 64 << 10;
/// The longest line that can be a task.
const LONGEST: usize = 500;

/// A task as it was drawn.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Drawn {
    /// Its first line: the operations, in order.
    pub(super) about: String,
    /// All that was printed.
    pub(super) brief: String,
}

/// Ends the whole group of processes.
struct Running(Box<dyn ChildWrapper>);

impl Drop for Running {
    fn drop(&mut self) {
        // It may be over already.
        let _ = self.0.start_kill();
    }
}

/// Draws a task; the same seed gives the same one.
pub(super) async fn draw(
    root: &Path,
    settings: &Settings,
    seed: Option<u64>,
    cancel: &CancellationToken,
) -> Result<Drawn, WorkError> {
    let script = root.join(SCRIPT);
    let failed = |how: String| WorkError::NoTask { script: script.clone(), how };
    if !script.is_file() {
        return Err(failed("does not exist: `fusewright init` lays it out".to_owned()));
    }
    // The script needs nothing but Python: where none has torch, any will do.
    let found = python::find(settings.python.interpreter.as_deref(), &Home::of_user()).await;
    let python = found.map_or_else(|_| PathBuf::from("python3"), |found| found.path);
    let running = run(&python, root, seed);
    let ran = tokio::select! {
        biased;
        () = cancel.cancelled() => return Err(WorkError::Cancelled),
        ran = tokio::time::timeout(LIMIT, running) => ran,
    };
    match ran {
        Err(_) => Err(failed(format!("was still running after {} s: mend it", LIMIT.as_secs()))),
        Ok(Err(cause)) => Err(failed(format!("cannot be run with {}: {cause}", python.display()))),
        Ok(Ok((true, said, _))) => read(&said).ok_or_else(|| {
            failed("printed no task: its first line must name the operations, separated by commas".to_owned())
        }),
        Ok(Ok((false, _, log))) => {
            let last = log.lines().rfind(|line| !line.trim().is_empty()).unwrap_or("it gave no reason");
            Err(failed(format!("failed: {}", last.trim())))
        }
    }
}

/// Whether it ended well, what it printed, and what it complained of.
async fn run(python: &Path, root: &Path, seed: Option<u64>) -> std::io::Result<(bool, String, String)> {
    let mut wrap = CommandWrap::with_new(python, |command| {
        command.arg(SCRIPT).current_dir(root).env_clear().envs(python::bare_environment());
        if let Some(seed) = seed {
            command.arg("--seed").arg(seed.to_string());
        }
        // Python would leave `__pycache__` beside a script's own modules.
        command.env("PYTHONDONTWRITEBYTECODE", "1");
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    });
    #[cfg(unix)]
    wrap.wrap(process_wrap::tokio::ProcessGroup::leader());
    #[cfg(windows)]
    wrap.wrap(process_wrap::tokio::JobObject);
    let mut running = Running(wrap.spawn()?);
    let (output, log) = (running.0.stdout().take(), running.0.stderr().take());
    let (said, log) = tokio::join!(text(output), text(log));
    let status = running.0.wait().await?;
    Ok((status.success(), said, log))
}

async fn text(stream: Option<impl AsyncRead + Unpin>) -> String {
    let mut bytes = Vec::new();
    if let Some(stream) = stream {
        // What was read counts, whatever ends it.
        let _ = stream.take(MOST).read_to_end(&mut bytes).await;
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// What was drawn, if anything was.
fn read(said: &str) -> Option<Drawn> {
    let first = said.lines().map(str::trim).find(|line| !line.is_empty())?;
    let about = first.split_whitespace().collect::<Vec<_>>().join(" ");
    // What whoever follows the task by hand is to call the file; the loop names its own.
    let brief: Vec<&str> = said.lines().filter(|line| !line.starts_with("File: ")).collect();
    (about.len() <= LONGEST).then(|| Drawn { about, brief: brief.join("\n").trim().to_owned() })
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn drawn(script: Option<&str>) -> Result<Drawn, String> {
        let folder = tempfile::tempdir().unwrap();
        if let Some(script) = script {
            std::fs::write(folder.path().join(SCRIPT), script).unwrap();
        }
        let place = format!("{}/", folder.path().display());
        draw(folder.path(), &Settings::default(), Some(7), &CancellationToken::new())
            .await
            .map_err(|error| error.to_string().replace(&place, ""))
    }

    #[tokio::test]
    async fn the_first_line_is_the_task() {
        let script = "import sys\nprint()\nprint('add,  relu', *sys.argv[1:])\nprint()\nprint('and more'); print('File: 001_fused_kernels.py')";
        let drawn = drawn(Some(script)).await.unwrap();
        assert_eq!(drawn.about, "add, relu --seed 7");
        assert_eq!(drawn.brief, "add,  relu --seed 7\n\nand more");
    }

    #[tokio::test]
    async fn a_script_that_draws_nothing_says_why() {
        insta::assert_snapshot!(drawn(None).await.unwrap_err(), @"generate_fusion_task.py does not exist: `fusewright init` lays it out");
        insta::assert_snapshot!(drawn(Some("")).await.unwrap_err(), @"generate_fusion_task.py printed no task: its first line must name the operations, separated by commas");
        insta::assert_snapshot!(drawn(Some("raise ValueError('no')")).await.unwrap_err(), @"generate_fusion_task.py failed: ValueError: no");
        let flood = "while True: print('x' * 1000)";
        assert!(drawn(Some(flood)).await.is_err());
    }
}
