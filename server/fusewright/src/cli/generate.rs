//! `fusewright generate`: has the TRITON block of a pair written.

use std::process::ExitCode;

use fusewright_engine::dataset::attempts::AttemptKind;

use super::writing;

/// Writes the block. The status is 0 where it stands in the file, 1 where no kernel came of it or it went beside the
/// file, 2 where nobody could be asked; with `--verify` the verdict's, if that is graver.
pub(crate) fn run(args: &writing::Args) -> anyhow::Result<ExitCode> {
    writing::run(args, AttemptKind::Generate, async |desk, cancel| desk.write(&[], cancel).await)
}
