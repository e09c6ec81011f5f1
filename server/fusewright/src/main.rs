//! The `fusewright` binary: a command line and a language server over one engine.

mod cli;
mod logging;
mod lsp;

use std::process::ExitCode;

use clap::Parser;

fn main() -> ExitCode {
    let cli = cli::Cli::parse();
    if let Err(error) = logging::start(cli.log_file.as_deref()) {
        return cli::output::fail(&error);
    }
    cli::run(cli.command).unwrap_or_else(|error| cli::output::fail(&error))
}
