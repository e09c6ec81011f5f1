//! `fusewright abandon`: gives up what is at work.

use std::path::Path;
use std::process::ExitCode;

use fusewright_engine::config::Options;
use fusewright_engine::work::{self, Abandoned, Kind};

use super::{output, settings};

/// Arguments of `fusewright abandon`. The workspace is the one that the present folder belongs to.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Print one line of JSON
    #[arg(long)]
    json: bool,
}

/// Gives up the idea or the task that was last worked at, and deletes its candidate.
pub(crate) fn run(args: &Args) -> anyhow::Result<ExitCode> {
    let (workspace, _) = settings::of(Path::new("."), &Options::default());
    let abandoned = work::abandon(&workspace.root)?;
    if args.json {
        output::json(&abandoned)?;
    } else {
        output::line(report(&abandoned))?;
    }
    Ok(ExitCode::SUCCESS)
}

fn report(abandoned: &Abandoned) -> String {
    let Abandoned { kind, about, attempts, file, kept } = abandoned;
    let what = if *kind == Kind::Idea { "idea" } else { "task" };
    let file = file.display();
    let fate = if *kept {
        format!("; {file} was changed by somebody else, so it is still there")
    } else {
        String::new()
    };
    let tried = if *attempts == 1 { "1 attempt".to_owned() } else { format!("{attempts} attempts") };
    format!("abandoned the {what} \"{about}\" after {tried}{fate}")
}
