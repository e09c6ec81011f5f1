//! The language server: one file for each request and each command, named after it.

use std::process::ExitCode;

/// Serves on standard input and output until the client says exit or closes standard input.
#[allow(clippy::unnecessary_wraps, reason = "replaced by the server")]
pub(crate) fn run() -> anyhow::Result<ExitCode> {
    anyhow::bail!("this build holds no language server")
}
