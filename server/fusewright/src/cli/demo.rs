//! `fusewright demo`: shipped pairs, from the file to the dataset.

use std::fmt::Write as _;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context;
use fusewright_engine::archive::ArchiveError;
use fusewright_engine::dataset::DatasetError;
use fusewright_engine::demo::{DemoOptions, DemoPair, DemoReport, demo};
use fusewright_engine::home::Home;
use fusewright_engine::remembered::VerdictStore;
use fusewright_engine::verdict::{Ruling, VerdictLine};

use super::job::{self, Shown};
use super::output::{self, ERROR, GOOD, QUIET, WARNING};

/// Arguments of `fusewright demo`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The folder of the demonstration; created where it is missing
    #[arg(default_value = "fusewright-demo")]
    dir: PathBuf,
}

/// Runs the demonstration. The status is 0 where every pair is in the dataset, else 1.
pub(crate) fn run(args: &Args) -> anyhow::Result<ExitCode> {
    let options = DemoOptions {
        dir: args.dir.clone(),
        binary: std::env::current_exe().context("cannot find the path of this program")?,
        home: Home::of_user(),
        store: VerdictStore::of_user(),
        launch: None,
    };
    let shown = Shown::new();
    let done = job::run(async |cancel| demo(&options, &shown, cancel).await)??;
    drop(shown);
    output::line(report(&done))?;
    let all = done.pairs.iter().all(|pair| pair.line().is_some());
    Ok(if all { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn report(done: &DemoReport) -> String {
    let DemoReport { prepared, root, dataset, pairs } = done;
    let mut text = String::new();
    if let Some(prepared) = prepared {
        let interpreter = &prepared.interpreter;
        let (path, summary) = (interpreter.path.display(), interpreter.probe.summary());
        let _ = writeln!(text, "{QUIET}Python   {QUIET:#} {path} ({summary})");
    }
    let device = pairs.iter().find_map(|pair| pair.verdict.device.as_ref());
    let no_gpu = device.is_some_and(|device| device.mode == "interpreter");
    if let Some(device) = device {
        let name = &device.name;
        let device = if no_gpu {
            format!(
                "no GPU: pairs run in Triton's interpreter on the CPU ({name}), which tells right from wrong but not fast from slow"
            )
        } else {
            name.clone()
        };
        let _ = writeln!(text, "{QUIET}Device   {QUIET:#} {device}");
    }
    let _ = writeln!(text, "{QUIET}Workspace{QUIET:#} {}\n", root.display());
    for pair in pairs {
        let name = pair.file.file_name().unwrap_or_default().to_string_lossy();
        let _ = writeln!(text, "  {name:<22} {} {} {}", checked(pair), ruling(&pair.verdict), archived(pair));
    }
    let there = pairs.iter().filter(|pair| pair.line().is_some()).count();
    let _ = write!(text, "\n{there} of {} pairs are in {}", pairs.len(), dataset.display());
    if no_gpu {
        text.push_str("\nThe demonstration's fusewright.toml sets `allow_untimed`, which lets pairs in that were not timed.");
    }
    text
}

fn checked(pair: &DemoPair) -> String {
    match pair.problems {
        0 => format!("{GOOD}checked{GOOD:#}"),
        1 => format!("{WARNING}1 problem{WARNING:#}"),
        count => format!("{WARNING}{count} problems{WARNING:#}"),
    }
}

fn ruling(verdict: &VerdictLine) -> String {
    let speed = verdict.speedup.map(|speedup| format!(" {speedup:.2} x")).unwrap_or_default();
    match verdict.verdict {
        Some(ruling @ Ruling::Pass) => format!("{GOOD}{}{speed}{GOOD:#}", ruling.word()),
        Some(ruling @ (Ruling::Untimed | Ruling::Same | Ruling::Slower)) => {
            format!("{GOOD}right{GOOD:#}, {WARNING}{}{speed}{WARNING:#}", ruling.word())
        }
        Some(ruling) => format!("{ERROR}{}{ERROR:#}", ruling.word()),
        None => format!("{ERROR}not judged{ERROR:#}"),
    }
}

fn archived(pair: &DemoPair) -> String {
    match &pair.archived {
        Ok(archived) => format!("{GOOD}archived{GOOD:#} as line {}: {}", archived.line, archived.description),
        Err(ArchiveError::Dataset(DatasetError::Twin { line, description, .. })) => {
            format!("{QUIET}archived before{QUIET:#} as line {line}: {description}")
        }
        Err(error) => format!("{ERROR}not archived{ERROR:#}: {error}"),
    }
}
