//! `fusewright archive`: appends pairs that passed to the dataset.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use fusewright_engine::archive::{ArchiveError, Archived, archive};
use fusewright_engine::config::{DatasetOptions, Options, Settings};
use fusewright_engine::dataset::{DatasetError, Mended};
use fusewright_engine::remembered::VerdictStore;
use fusewright_engine::source;
use fusewright_pair::PairFile;
use serde_json::json;

use super::output::{self, COULD_NOT, ERROR, GOOD, WARNING};
use super::{pairs, settings};

/// Arguments of `fusewright archive`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The pair files, or folders of them, each verified before
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// The dataset to append to, instead of the workspace's
    #[arg(long, value_name = "PATH")]
    dataset: Option<PathBuf>,
    /// Let pairs in that could not be timed for want of a GPU
    #[arg(long)]
    allow_untimed: bool,
    /// Let kernels in that TorchInductor wrote
    #[arg(long)]
    allow_inductor: bool,
    /// Print one line of JSON for each file
    #[arg(long)]
    json: bool,
}

impl Args {
    fn options(&self) -> Options {
        // A path on the command line is meant from where the command was given, not from the workspace.
        let path =
            self.dataset.as_ref().map(|path| std::path::absolute(path).unwrap_or_else(|_| path.clone()));
        let dataset = DatasetOptions {
            path,
            require: None,
            allow_untimed: self.allow_untimed.then_some(true),
            allow_inductor: self.allow_inductor.then_some(true),
        };
        Options { dataset, ..Options::default() }
    }
}

/// Archives each file. The status is 0 where all were archived, 1 where one may not enter the dataset, 2 where
/// one could not be read or the dataset could not be written.
pub(crate) fn run(args: &Args) -> anyhow::Result<ExitCode> {
    let flags = args.options();
    let mut status = 0;
    for file in &pairs::named(&args.files) {
        let (_, settings) = settings::of(file, &flags);
        match archive_file(file, &settings) {
            Ok(archived) if args.json => output::json(&json!({ "archived": true, "example": archived }))?,
            Ok(archived) => output::line(report(&archived))?,
            Err(error) => {
                status = status.max(exit_status(&error));
                if args.json {
                    output::json(
                        &json!({ "archived": false, "file": file, "reason": format!("{error:#}") }),
                    )?;
                }
                output::note(format_args!("{ERROR}error{ERROR:#}: {error:#}"));
            }
        }
    }
    Ok(ExitCode::from(status))
}

fn archive_file(file: &Path, settings: &Settings) -> anyhow::Result<Archived> {
    let pair = PairFile::parse(source::read(file)?);
    let hash = pair.hash().filter(|_| pair.structure_error().is_none());
    let Some(hash) = hash else { return Err(ArchiveError::not_whole(&pair, file).into()) };
    let verdict = VerdictStore::of_user().and_then(|store| store.recall(hash));
    let verdict = verdict.ok_or_else(|| ArchiveError::NoVerdict(file.to_owned()))?;
    Ok(archive(&pair, file, &verdict, settings)?)
}

fn report(archived: &Archived) -> String {
    let Archived { file, path, line, description, converted, mended, .. } = archived;
    let (file, path) = (file.display(), path.display());
    let mut lines = vec![format!("{GOOD}archived{GOOD:#} {file} as line {line} of {path}: {description}")];
    if *converted {
        lines.push("  its inputs were moved from the main block into get_test_inputs()".to_owned());
    }
    match mended {
        Some(Mended::SetAside(aside)) => lines.push(format!(
            "  {WARNING}the dataset's last line was torn{WARNING:#}: what there was of it is now in {}",
            aside.display()
        )),
        Some(Mended::Ended) => {
            lines.push("  the dataset's last line lacked its end, which was added".to_owned());
        }
        None => {}
    }
    lines.join("\n")
}

fn exit_status(error: &anyhow::Error) -> u8 {
    match error.downcast_ref::<ArchiveError>() {
        Some(ArchiveError::Dataset(DatasetError::Twin { .. })) => 1,
        Some(ArchiveError::Dataset(_) | ArchiveError::NotAPair(_)) | None => COULD_NOT,
        Some(_) => 1,
    }
}
