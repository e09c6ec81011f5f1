//! `fusewright verify`: judges pairs.

use std::collections::HashMap;
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::thread::available_parallelism;

use clap::ValueEnum;
use fusewright_engine::config::{DeviceChoice, Options, Settings, VerifyOptions};
use fusewright_engine::progress::CancellationToken;
use fusewright_engine::verdict::VerdictLine;
use fusewright_engine::verify::{Verifier, VerifierOptions, VerifyRequest};
use futures::StreamExt;

use super::job::{self, Shown};
use super::verdict_report;
use super::{output, pairs, settings};

/// Arguments of `fusewright verify`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The pair files, or folders of them
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// Print the verdict line of each file, one line of JSON, and nothing else
    #[arg(long)]
    json: bool,
    /// What to judge on; "auto" is the GPU where there is one
    #[arg(long, value_enum)]
    device: Option<Device>,
    /// End with status 0 for pairs that are right but could not be timed for want of a GPU
    #[arg(long)]
    allow_untimed: bool,
    /// The longest that one pair may take
    #[arg(long, value_name = "SECONDS", value_parser = seconds)]
    timeout: Option<f64>,
    /// Leave out the comparison with torch.compile, which takes some seconds for each reference
    #[arg(long)]
    no_torch_compile: bool,
    /// How many pairs are judged at once; one at a time has the GPU for its timing [default: one for every four of
    /// the machine's cores]
    #[arg(long, short, value_name = "NUMBER")]
    jobs: Option<NonZeroUsize>,
}

/// A verdict keeps four cores busy: the reference's process, the candidate's, the judge and Triton's interpreter.
const CORES_PER_PAIR: usize = 4;
/// More at once only wait for each other on one GPU.
const MOST_AT_ONCE: usize = 8;

/// What a pair is judged on.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub(crate) enum Device {
    Auto,
    Cuda,
    Interpreter,
}

fn seconds(text: &str) -> Result<f64, String> {
    let seconds: f64 = text.parse().map_err(|_| "it must be a number of seconds".to_owned())?;
    if (1.0..=86_400.0).contains(&seconds) {
        Ok(seconds)
    } else {
        Err("it must be a number of seconds from 1 to 86400".to_owned())
    }
}

impl Args {
    fn options(&self) -> Options {
        let device = self.device.map(|device| match device {
            Device::Auto => DeviceChoice::Auto,
            Device::Cuda => DeviceChoice::Cuda,
            Device::Interpreter => DeviceChoice::Interpreter,
        });
        Options {
            verify: VerifyOptions {
                device,
                timeout_s: self.timeout,
                torch_compile: self.no_torch_compile.then_some(false),
                ..VerifyOptions::default()
            },
            ..Options::default()
        }
    }
}

/// Judges each file and tells the verdicts in the files' order. The status is the gravest of the files': 0, 1 for a
/// pair that does not pass, 2 for one that could not be judged.
pub(crate) fn run(args: &Args) -> anyhow::Result<ExitCode> {
    let shown = if args.json { Shown::notes_only() } else { Shown::new() };
    let named = pairs::named(&args.files);
    let files = with_settings(&named, &args.options());
    let jobs = args.jobs.map_or_else(usual_jobs, NonZeroUsize::get);
    job::run(async |cancel| {
        let mut status = 0;
        // Files of one workspace share its harness.
        for group in files.chunk_by(|(_, one), (_, other)| one == other) {
            let Some((_, settings)) = group.first() else { continue };
            let verifier = Verifier::new(VerifierOptions::new(settings.clone()));
            let mut verdicts = futures::stream::iter(group)
                .map(|(file, _)| judge(&verifier, file, &shown, cancel))
                .buffered(jobs.min(group.len()));
            while let Some(verdict) = verdicts.next().await {
                let Some((line, text)) = verdict else { continue };
                status = status.max(line.exit_status(args.allow_untimed));
                shown.suspend(|| {
                    if args.json {
                        output::json(&line)
                    } else {
                        output::line(verdict_report::of(&line, text.as_deref()))
                    }
                })?;
            }
            drop(verdicts);
            verifier.shut_down().await;
        }
        Ok(ExitCode::from(status))
    })?
}

/// Each file with the settings of its workspace, which are read once for each folder.
fn with_settings<'a>(files: &'a [PathBuf], flags: &Options) -> Vec<(&'a Path, Settings)> {
    let mut known: HashMap<&Path, Settings> = HashMap::new();
    let settings = |file: &'a PathBuf| {
        let folder = file.parent().unwrap_or(file);
        let settings = known.entry(folder).or_insert_with(|| settings::of(file, flags).1).clone();
        (file.as_path(), settings)
    };
    files.iter().map(settings).collect()
}

fn usual_jobs() -> usize {
    available_parallelism().map_or(1, |cores| cores.get() / CORES_PER_PAIR).clamp(1, MOST_AT_ONCE)
}

/// The verdict on a file and its text; none where the command was cancelled before its turn.
async fn judge(
    verifier: &Verifier,
    file: &Path,
    shown: &Shown,
    cancel: &CancellationToken,
) -> Option<(VerdictLine, Option<String>)> {
    if cancel.is_cancelled() {
        return None;
    }
    let request = match VerifyRequest::read(file) {
        Ok(request) => request,
        Err(line) => return Some((*line, None)),
    };
    let text = request.text.to_string();
    let line = verifier.verify(request, &shown.named(file.display().to_string()), cancel).await;
    Some((line, Some(text)))
}
