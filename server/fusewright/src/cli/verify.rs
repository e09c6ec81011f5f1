//! `fusewright verify`: judges pairs.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::ValueEnum;
use fusewright_engine::config::{DeviceChoice, Options, Settings, VerifyOptions};
use fusewright_engine::progress::CancellationToken;
use fusewright_engine::verdict::VerdictLine;
use fusewright_engine::verify::{Verifier, VerifierOptions, VerifyRequest};

use super::job::{self, Shown};
use super::verdict_report;
use super::{output, settings};

/// Arguments of `fusewright verify`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The pair files
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
}

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

/// Judges each file. The status is the gravest of the files': 0, 1 for a pair that does not pass, 2 for one that
/// could not be judged.
pub(crate) fn run(args: &Args) -> anyhow::Result<ExitCode> {
    let shown = if args.json { Shown::notes_only() } else { Shown::new() };
    job::run(async |cancel| {
        let mut bench = Bench::new(args.options());
        let mut status = 0;
        for file in &args.files {
            shown.prefix(file.display().to_string());
            let (line, text) = bench.verify(file, &shown, cancel).await;
            status = status.max(line.exit_status(args.allow_untimed));
            shown.suspend(|| {
                if args.json {
                    output::json(&line)
                } else {
                    output::line(verdict_report::of(&line, text.as_deref()))
                }
            })?;
            if cancel.is_cancelled() {
                break;
            }
        }
        bench.shut_down().await;
        Ok(ExitCode::from(status))
    })?
}

/// The verifier of the workspace that the present file belongs to. Files of one workspace share its harness.
pub(crate) struct Bench {
    flags: Options,
    current: Option<(Settings, Verifier)>,
}

impl Bench {
    /// A bench with the command line's flags.
    pub(crate) fn new(flags: Options) -> Self {
        Self { flags, current: None }
    }

    /// Judges one file and returns its text beside the verdict.
    pub(crate) async fn verify(
        &mut self,
        file: &Path,
        shown: &Shown,
        cancel: &CancellationToken,
    ) -> (VerdictLine, Option<String>) {
        let request = match VerifyRequest::read(file) {
            Ok(request) => request,
            Err(line) => return (*line, None),
        };
        let text = request.text.to_string();
        let (_, settings) = settings::of(file, &self.flags);
        if self.current.as_ref().is_none_or(|(current, _)| *current != settings) {
            self.shut_down().await;
        }
        let (_, verifier) = self.current.get_or_insert_with(|| {
            let options = VerifierOptions::new(settings.clone());
            (settings, Verifier::new(options))
        });
        (verifier.verify(request, shown, cancel).await, Some(text))
    }

    /// Ends the harness.
    pub(crate) async fn shut_down(&mut self) {
        if let Some((_, verifier)) = self.current.take() {
            verifier.shut_down().await;
        }
    }
}
