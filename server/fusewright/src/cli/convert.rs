//! `fusewright convert`: the other style, missing blocks, inputs.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, bail};
use fusewright_engine::{files, source};
use fusewright_pair::{Fix, PairFile};

use super::output::{self, COULD_NOT, ERROR};
use super::pairs;

/// Arguments of `fusewright convert`.
#[derive(Debug, clap::Args)]
#[command(group = clap::ArgGroup::new("what").args(["to", "scaffold", "inputs"]).required(true).multiple(true))]
pub(crate) struct Args {
    /// The pair files, or folders of them
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// The style to convert to
    #[arg(long, value_enum, value_name = "open|closed")]
    to: Option<Style>,
    /// Add the blocks that are missing, each with a beginning
    #[arg(long)]
    scaffold: bool,
    /// Give TEST its inputs: those of the main block, else a draft from the reference's signature
    #[arg(long)]
    inputs: bool,
}

/// How the blocks of a file end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Style {
    /// Where the next one opens
    Open,
    /// At closing markers
    Closed,
}

impl From<Style> for fusewright_pair::Style {
    fn from(style: Style) -> Self {
        match style {
            Style::Open => Self::Open,
            Style::Closed => Self::Closed,
        }
    }
}

/// Converts each file. The status is 0 where each is as it was asked for, 2 where one cannot be.
pub(crate) fn run(args: &Args) -> anyhow::Result<ExitCode> {
    let mut status = ExitCode::SUCCESS;
    for file in &pairs::named(&args.files) {
        match convert(file, args) {
            Ok(done) if done.is_empty() => output::line(format_args!("{}: nothing to do", file.display()))?,
            Ok(done) => output::line(format_args!("{}: {}", file.display(), done.join("; ")))?,
            Err(error) if output::is_closed(&error) => return Err(error),
            Err(error) => {
                output::note(format_args!("{ERROR}error{ERROR:#}: {error:#}"));
                status = ExitCode::from(COULD_NOT);
            }
        }
    }
    Ok(status)
}

/// Does what was asked for to one file, and says what that was.
fn convert(file: &Path, args: &Args) -> anyhow::Result<Vec<String>> {
    let before = PairFile::parse(source::read(file)?);
    if !before.is_pair() {
        bail!("{} is not a pair file: {}", file.display(), source::NO_MARKER);
    }
    let mut pair = before.clone();
    let mut done = Vec::new();
    if args.scaffold {
        step(&mut pair, &mut done, PairFile::scaffolding)?;
    }
    if args.inputs {
        step(&mut pair, &mut done, |pair| pair.moved_inputs().or_else(|| pair.drafted_inputs()))?;
    }
    if let Some(style) = args.to.map(fusewright_pair::Style::from)
        && pair.style() != Some(style)
    {
        step(&mut pair, &mut done, |pair| pair.conversion_to(style))?;
        if pair.style() != Some(style) {
            bail!(
                "{} cannot be converted: mend its structure first (`fusewright check`), and keep code inside the blocks",
                file.display()
            );
        }
    }
    if pair.text() != before.text() {
        // What was written in the meantime, in an editor for instance, is not thrown away.
        if source::read(file)?.as_ref() != before.text() {
            bail!(
                "{} was changed by another program just now, so nothing was converted: run this again",
                file.display()
            );
        }
        files::replace(file, pair.text().as_bytes())
            .with_context(|| format!("{} cannot be written", file.display()))?;
    }
    Ok(done)
}

fn step(
    pair: &mut PairFile,
    done: &mut Vec<String>,
    change: impl FnOnce(&PairFile) -> Option<Fix>,
) -> anyhow::Result<()> {
    if let Some(fix) = change(pair) {
        let text = fix.apply(pair.text()).context(
            "a change was made for another text, which is a defect of Fusewright: please report it",
        )?;
        *pair = PairFile::parse(text);
        done.push(fix.title.to_lowercase());
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn args(file: &Path, to: Option<Style>, scaffold: bool, inputs: bool) -> Args {
        Args { files: vec![file.to_owned()], to, scaffold, inputs }
    }

    #[test]
    fn a_reference_becomes_a_pair_in_the_style_asked_for_and_goes_back() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("pair.py");
        let reference =
            "\"\"\"ReLU.\"\"\"\n# <PYTHON>\nimport torch\n\n\ndef relu_torch(x):\n    return torch.relu(x)\n";
        std::fs::write(&file, reference).unwrap();
        assert_eq!(convert(&file, &args(&file, None, true, true)).unwrap(), ["scaffold the missing blocks"]);
        let open = std::fs::read_to_string(&file).unwrap();
        assert!(open.starts_with(reference));
        let pair = PairFile::parse(&*open);
        assert!(pair.structure_error().is_none() && pair.inputs().is_some());
        convert(&file, &args(&file, Some(Style::Closed), false, false)).unwrap();
        assert_eq!(
            PairFile::parse(std::fs::read_to_string(&file).unwrap()).style(),
            Some(fusewright_pair::Style::Closed)
        );
        assert!(convert(&file, &args(&file, Some(Style::Closed), false, false)).unwrap().is_empty());
        convert(&file, &args(&file, Some(Style::Open), false, false)).unwrap();
        assert_eq!(std::fs::read_to_string(&file).unwrap(), open);
    }

    #[test]
    fn what_cannot_be_converted_stays_as_it_is() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("pair.py");
        for text in ["x = 1\n", "# <PYTHON>\nimport torch\n"] {
            std::fs::write(&file, text).unwrap();
            assert!(convert(&file, &args(&file, Some(Style::Closed), false, false)).is_err());
            assert_eq!(std::fs::read_to_string(&file).unwrap(), text);
        }
    }
}
