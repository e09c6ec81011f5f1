//! `fusewright trust`: accepts the settings of a workspace.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context, bail};
use fusewright_engine::config::{CONFIG_FILE, TrustError, TrustStore, load_trusted, settings_of_guarded};
use fusewright_engine::workspace::Workspace;

use super::output;

/// Arguments of `fusewright trust`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The workspace whose fusewright.toml is accepted
    #[arg(default_value = ".")]
    dir: PathBuf,
    /// Take the acceptance back
    #[arg(long)]
    revoke: bool,
}

/// Accepts the settings file as it is now, and shows what that lets it do.
pub(crate) fn run(args: &Args) -> anyhow::Result<ExitCode> {
    let root = Workspace::find(&args.dir).root;
    let file = root.join(CONFIG_FILE);
    let store = TrustStore::of_user().ok_or(TrustError::NoHome)?;
    if args.revoke {
        let known = store.revoke(&file)?;
        let said = if known { "is no longer accepted" } else { "was not accepted" };
        output::line(format_args!("{} {said}", file.display()))?;
        return Ok(ExitCode::SUCCESS);
    }
    if !file.try_exists().with_context(|| format!("cannot look for {}", file.display()))? {
        bail!("{} does not exist: there is nothing to accept", file.display());
    }
    let loaded = load_trusted(&root);
    store.accept(&file)?;
    output::line(format_args!("accepted {} as it is now; a change needs a new acceptance", file.display()))?;
    for (key, value) in settings_of_guarded(&loaded.options) {
        output::line(format_args!("  {key} = {value}"))?;
    }
    Ok(ExitCode::SUCCESS)
}
