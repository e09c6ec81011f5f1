//! `fusewright doctor`: what is missing, and the command that mends it.

use std::path::PathBuf;
use std::process::ExitCode;

use fusewright_engine::config::{self, Settings};
use fusewright_engine::doctor::{Check, DoctorOptions, Report, State, examine};
use fusewright_engine::home::Home;
use fusewright_engine::workspace::Workspace;

use super::job::{self, Shown};
use super::output::{self, ERROR, GOOD, QUIET, WARNING};

/// Arguments of `fusewright doctor`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The workspace to look at
    #[arg(default_value = ".")]
    dir: PathBuf,
    /// Print one line of JSON
    #[arg(long)]
    json: bool,
}

/// Examines machine and workspace. The status is 0 where pairs can be judged and archived, else 1.
pub(crate) fn run(args: &Args) -> anyhow::Result<ExitCode> {
    let root = Workspace::find(&args.dir).root;
    let loaded = config::load(&root);
    let settings = Settings::resolve(&[&loaded.options]);
    let options = DoctorOptions { root, settings, problems: loaded.problems, home: Home::of_user() };
    let shown = if args.json { Shown::notes_only() } else { Shown::new() };
    let report = job::run(async |cancel| examine(&options, &shown, cancel).await)?;
    drop(shown);
    if args.json {
        output::json(&report)?;
    } else {
        output::line(coloured(&report))?;
    }
    Ok(if report.sound { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn coloured(report: &Report) -> String {
    let mut lines = Vec::new();
    for Check { subject, state, message, remedy } in &report.checks {
        let (style, sign) = match state {
            State::Good => (GOOD, "✓"),
            State::Warning => (WARNING, "!"),
            State::Fault => (ERROR, "✗"),
        };
        lines.push(format!("{style}{sign}{style:#} {subject:<12} {message}"));
        if let Some(remedy) = remedy {
            lines.push(format!("  {:<12} {QUIET}→{QUIET:#} {remedy}", ""));
        }
    }
    lines.push(if report.sound {
        format!("{GOOD}Pairs can be judged and archived here.{GOOD:#}")
    } else {
        format!("{ERROR}Mend what is marked ✗ first.{ERROR:#}")
    });
    lines.join("\n")
}
