//! `fusewright completions`: a completion script for a shell.

use std::process::ExitCode;

use clap::CommandFactory;
use clap_complete::Shell;

/// Arguments of `fusewright completions`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The shell to print it for
    #[arg(value_enum)]
    shell: Shell,
}

/// Prints the script.
pub(crate) fn run(args: &Args) -> anyhow::Result<ExitCode> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut super::Cli::command(), "fusewright", &mut script);
    super::output::bytes(&script)?;
    Ok(ExitCode::SUCCESS)
}
