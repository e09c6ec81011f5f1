//! `fusewright dataset`: what is in a dataset, and what is wrong with it.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Subcommand;
use fusewright_engine::config::Options;
use fusewright_engine::dataset::{Dataset, Stats};

use super::output::{self, ERROR, GOOD};
use super::settings;

/// Arguments of `fusewright dataset`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Count the examples, by verdict and device
    Stats(Read),
    /// Check every line: its fields, its code, twins, a torn end
    Validate(Read),
}

#[derive(Debug, clap::Args)]
struct Read {
    /// The dataset; that of the workspace here where it is left out
    file: Option<PathBuf>,
    /// Print one line of JSON
    #[arg(long)]
    json: bool,
}

impl Read {
    fn path(&self) -> PathBuf {
        self.file.clone().unwrap_or_else(|| {
            let (workspace, settings) = settings::of(Path::new("."), &Options::default());
            workspace.dataset(&settings)
        })
    }
}

/// Reads the dataset and reports on it.
pub(crate) fn run(args: &Args) -> anyhow::Result<ExitCode> {
    match &args.command {
        Command::Stats(read) => stats(read),
        Command::Validate(read) => validate(read),
    }
}

fn stats(read: &Read) -> anyhow::Result<ExitCode> {
    let path = read.path();
    let stats = Dataset::open(&path).stats()?;
    if read.json {
        output::json(&stats)?;
    } else {
        output::line(format_args!("{}\n{}", path.display(), table(&stats)))?;
    }
    Ok(ExitCode::SUCCESS)
}

fn table(stats: &Stats) -> String {
    let mut rows = vec![
        ("examples".to_owned(), stats.examples.to_string()),
        ("with provenance".to_owned(), stats.with_provenance.to_string()),
        ("bytes".to_owned(), stats.bytes.to_string()),
    ];
    if stats.other_lines > 0 {
        rows.push(("lines that are no example".to_owned(), stats.other_lines.to_string()));
    }
    rows.extend(
        stats.verdicts.iter().map(|(verdict, count)| (format!("verdict {verdict}"), count.to_string())),
    );
    rows.extend(stats.devices.iter().map(|(device, count)| (format!("on {device}"), count.to_string())));
    rows.extend(stats.median_speedup.map(|speedup| ("median speedup".to_owned(), format!("{speedup:.2}x"))));
    let width = rows.iter().map(|(name, _)| name.chars().count()).max().unwrap_or(0);
    let lines = rows.iter().map(|(name, value)| format!("  {name:width$}  {value}"));
    lines.collect::<Vec<_>>().join("\n")
}

fn validate(read: &Read) -> anyhow::Result<ExitCode> {
    let path = read.path();
    let problems = Dataset::open(&path).validate()?;
    if read.json {
        output::json(&serde_json::json!({ "path": path, "problems": problems }))?;
    } else if problems.is_empty() {
        output::line(format_args!("{GOOD}no problems{GOOD:#} in {}", path.display()))?;
    } else {
        for problem in &problems {
            let (place, line) = (path.display(), problem.line);
            output::line(format_args!("{place}:{line}: {ERROR}{}{ERROR:#}", problem.message))?;
        }
    }
    Ok(ExitCode::from(u8::from(!problems.is_empty())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn statistics_are_a_table() {
        let stats = Stats {
            examples: 12,
            other_lines: 1,
            bytes: 4096,
            with_provenance: 11,
            verdicts: [("pass".to_owned(), 9), ("slower".to_owned(), 2)].into(),
            devices: [("NVIDIA H200".to_owned(), 11)].into(),
            median_speedup: Some(2.345),
        };
        insta::assert_snapshot!(table(&stats), @"
        examples                   12
        with provenance            11
        bytes                      4096
        lines that are no example  1
        verdict pass               9
        verdict slower             2
        on NVIDIA H200             11
        median speedup             2.35x
        ");
    }
}
