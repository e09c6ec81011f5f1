//! `fusewright server`: the language server on standard input and output.

use std::process::ExitCode;

/// Arguments of `fusewright server`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Accepted because editors pass it; standard input and output are the only transport
    #[arg(long, hide = true)]
    pub(crate) stdio: bool,
}

/// Serves until the client says exit or closes standard input.
pub(crate) fn run(_args: &Args) -> anyhow::Result<ExitCode> {
    crate::lsp::run()
}
