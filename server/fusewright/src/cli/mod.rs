//! The command line: one file for each command, named after it.
//!
//! A command's file holds its arguments (`Args`) and `run`, which returns the exit status. Results go to
//! standard output through [`output`], everything else to standard error. An `Err` is one sentence for the
//! user and ends the program with status 2.

mod abandon;
mod archive;
mod check;
mod completions;
mod convert;
mod dataset;
mod demo;
mod doctor;
mod fix;
mod generate;
mod ideas;
mod init;
mod job;
mod loop_view;
pub(crate) mod output;
mod pairs;
mod rule;
mod run;
mod server;
mod settings;
mod setup;
mod trust;
mod verdict_report;
mod verify;
mod writer_args;
mod writing;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// Builds datasets of PyTorch and Triton pairs: checks, verifies and archives them.
#[derive(Debug, Parser)]
#[command(name = "fusewright", version, propagate_version = true, arg_required_else_help = true)]
pub(crate) struct Cli {
    /// Write the log to this file instead of standard error (FUSEWRIGHT_LOG sets its level)
    #[arg(long, global = true, value_name = "FILE")]
    pub(crate) log_file: Option<PathBuf>,

    #[command(subcommand)]
    pub(crate) command: Command,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Run the language server on standard input and output
    Server(server::Args),
    /// Lay out a workspace: ideas, scripts, the dataset's place
    Init(init::Args),
    /// Judge pairs: are they right, and how fast
    Verify(verify::Args),
    /// Have the TRITON block of a pair written
    Generate(writing::Args),
    /// Have the TRITON block mended by what the last verdict says
    Fix(writing::Args),
    /// Find or make a Python with torch and triton
    Setup(setup::Args),
    /// Say what is wrong with pair files, without running them
    Check(check::Args),
    /// Put pairs into the other style, add missing blocks, draft inputs
    Convert(convert::Args),
    /// Append pairs that passed to the dataset
    Archive(archive::Args),
    /// Work through ideas, or one task: write, judge, analyse, try again, archive
    Run(run::Args),
    /// List the ideas and what became of each
    Ideas(ideas::Args),
    /// Give up the idea or the task that is being worked at
    Abandon(abandon::Args),
    /// Count or check what is in the dataset
    Dataset(dataset::Args),
    /// Explain a rule of the checks
    Rule(rule::Args),
    /// Name what is missing, and the command that mends it
    Doctor(doctor::Args),
    /// Take shipped pairs from the file to the dataset, in a workspace of their own
    Demo(demo::Args),
    /// Accept a workspace's fusewright.toml, so that what it runs or sends is in force
    Trust(trust::Args),
    /// Print a completion script for a shell
    Completions(completions::Args),
}

/// Runs one command.
pub(crate) fn run(command: Command) -> anyhow::Result<ExitCode> {
    match command {
        Command::Server(args) => server::run(&args),
        Command::Init(args) => init::run(&args),
        Command::Verify(args) => verify::run(&args),
        Command::Generate(args) => generate::run(&args),
        Command::Fix(args) => fix::run(&args),
        Command::Setup(args) => setup::run(&args),
        Command::Check(args) => check::run(&args),
        Command::Convert(args) => convert::run(&args),
        Command::Archive(args) => archive::run(&args),
        Command::Run(args) => run::run(&args),
        Command::Ideas(args) => ideas::run(&args),
        Command::Abandon(args) => abandon::run(&args),
        Command::Dataset(args) => dataset::run(&args),
        Command::Rule(args) => rule::run(&args),
        Command::Doctor(args) => doctor::run(&args),
        Command::Demo(args) => demo::run(&args),
        Command::Trust(args) => trust::run(&args),
        Command::Completions(args) => completions::run(&args),
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::Cli;

    #[test]
    fn arguments_are_consistent() {
        Cli::command().debug_assert();
    }
}
