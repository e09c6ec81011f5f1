//! `fusewright init`: lays out a workspace.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context;
use fusewright_engine::workspace::{self, Created, InitOptions, State};

use super::output::{self, GOOD, QUIET};

/// Arguments of `fusewright init`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The folder to lay it out in; created where it is missing
    #[arg(default_value = ".")]
    dir: PathBuf,
    /// Print one line of JSON: the root, and each path with "created", "kept" or "updated"
    #[arg(long)]
    json: bool,
}

/// Lays out the workspace and says what was created.
pub(crate) fn run(args: &Args) -> anyhow::Result<ExitCode> {
    let binary = std::env::current_exe().context("cannot find the path of this program")?;
    let created = workspace::init(&args.dir, &InitOptions { binary })?;
    let root = args.dir.canonicalize().unwrap_or_else(|_| args.dir.clone());
    if args.json {
        output::json(&serde_json::json!({ "root": root, "entries": created }))?;
    } else {
        output::line(format_args!("{}", report(&created)))?;
        output::line(format_args!("The workspace is {}", root.display()))?;
    }
    Ok(ExitCode::SUCCESS)
}

fn report(created: &[Created]) -> String {
    let lines = created.iter().map(|Created { path, state }| match state {
        State::Created => format!("{GOOD}created{GOOD:#} {path}"),
        State::Updated => format!("{GOOD}updated{GOOD:#} {path}"),
        State::Kept => format!("{QUIET}kept    {path}{QUIET:#}"),
    });
    lines.collect::<Vec<_>>().join("\n")
}
