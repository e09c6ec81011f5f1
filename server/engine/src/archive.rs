//! Archives a pair: what passed goes to the dataset, and nothing else does.

use std::path::{Path, PathBuf};

use fusewright_pair::{BlockKind, Inputs, PairFile};
use serde::Serialize;

use crate::argument::as_argument;
use crate::authors::{Author, AuthorStore, INDUCTOR, ORIGIN};
use crate::config::{Require, Settings};
use crate::dataset::{Dataset, DatasetError, Example, Mended, Provenance};
use crate::description::describe;
use crate::source::NO_MARKER;
use crate::verdict::{Ruling, VerdictLine};
use crate::workspace::Workspace;

/// The names that TorchInductor gives its kernels begin so.
const INDUCTOR_KERNELS: [&str; 4] =
    ["triton_poi_fused_", "triton_red_fused_", "triton_per_fused_", "triton_tem_fused_"];

/// Why a pair was not archived. The dataset is then as it was before.
#[derive(Debug, thiserror::Error)]
pub enum ArchiveError {
    /// The file holds no pair.
    #[error("{} is not a pair file: {NO_MARKER}", .0.display())]
    NotAPair(PathBuf),
    /// A block is missing, or the code cannot be read.
    #[error("{}:{line}: {message}", file.display())]
    Incomplete {
        /// The pair file.
        file: PathBuf,
        /// The 1-based line.
        line: u32,
        /// What is wrong there.
        message: String,
    },
    /// Nothing is known of the pair.
    #[error("{} has no verdict yet: run `fusewright verify {}` first", .0.display(), as_argument(.0))]
    NoVerdict(PathBuf),
    /// The pair is another than the one that was judged.
    #[error("{} has changed since it was verified: run `fusewright verify {}` again", .0.display(), as_argument(.0))]
    Stale(PathBuf),
    /// The verdict may still change.
    #[error("the verdict on {} is not final yet: wait for the {waiting}, then archive it", file.display())]
    Pending {
        /// The pair file.
        file: PathBuf,
        /// The phases that are still to come.
        waiting: String,
    },
    /// The verdict does not let it in.
    #[error("{} may not enter the dataset: {reason}", file.display())]
    Unfit {
        /// The pair file.
        file: PathBuf,
        /// Why not, and what would let it in.
        reason: String,
    },
    /// The inputs cannot be moved into TEST.
    #[error(
        "{} takes its inputs from its main block, and they cannot be moved by themselves: write a `get_test_inputs()` in TEST that returns them",
        .0.display()
    )]
    InputsInMainBlock(PathBuf),
    /// The dataset would not take it.
    #[error(transparent)]
    Dataset(#[from] DatasetError),
}

impl ArchiveError {
    /// Why a file is no whole pair.
    pub fn not_whole(pair: &PairFile, file: &Path) -> Self {
        match pair.structure_error() {
            Some(diagnostic) => Self::Incomplete {
                file: file.to_owned(),
                line: pair.line_of(diagnostic.range.start()),
                message: diagnostic.message.clone(),
            },
            None => Self::NotAPair(file.to_owned()),
        }
    }
}

/// A pair that was archived.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Archived {
    /// The pair file, as the user named it.
    pub file: PathBuf,
    /// The dataset.
    pub path: PathBuf,
    /// The example's 1-based line there.
    pub line: u64,
    /// The pair's hash.
    pub hash: String,
    /// The sentence that describes it.
    pub description: String,
    /// Whether the inputs were moved from the main block into TEST.
    pub converted: bool,
    /// What was put right at the dataset's end before.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mended: Option<Mended>,
}

/// Archives a pair into the dataset of the workspace that its file belongs to, if its verdict lets it in. Who wrote its
/// kernel is looked up in the user's cache.
pub fn archive(
    pair: &PairFile,
    file: &Path,
    verdict: &VerdictLine,
    settings: &Settings,
) -> Result<Archived, ArchiveError> {
    archive_by(pair, file, verdict, settings, AuthorStore::of_user().as_ref())
}

/// The same with authors that are remembered elsewhere, or nowhere.
pub fn archive_by(
    pair: &PairFile,
    file: &Path,
    verdict: &VerdictLine,
    settings: &Settings,
    authors: Option<&AuthorStore>,
) -> Result<Archived, ArchiveError> {
    check_complete(pair, file)?;
    let author = author(pair, authors);
    check_verdict(pair, file, verdict, settings)?;
    if author.as_ref().is_some_and(Author::is_inductor) && !settings.dataset.allow_inductor {
        let reason = "TorchInductor wrote its kernel; pass --allow-inductor, or set `allow_inductor = true` under [dataset]";
        return Err(ArchiveError::Unfit { file: file.to_owned(), reason: reason.to_owned() });
    }
    let converted = match pair.inputs() {
        Some(Inputs::MainBlock) => {
            Some(pair.with_test_inputs().ok_or_else(|| ArchiveError::InputsInMainBlock(file.to_owned()))?)
        }
        _ => None,
    };
    let example = example(converted.as_ref().unwrap_or(pair));
    let provenance = Provenance {
        file: file.display().to_string(),
        attempts: author.as_ref().and_then(|author| author.attempt),
        hinted: author.as_ref().is_some_and(|author| author.hinted),
        model: author.map(|author| author.writer),
        converted: converted.is_some(),
        ..Provenance::of(verdict, example.code_hash(), example.description.clone())
    };
    let dataset = Dataset::open(Workspace::find(file).dataset(settings));
    let appended = dataset.append(&example, &provenance)?;
    Ok(Archived {
        file: file.to_owned(),
        path: appended.path,
        line: appended.line,
        hash: verdict.hash.clone(),
        description: example.description,
        converted: converted.is_some(),
        mended: appended.mended,
    })
}

/// The example that a pair makes.
fn example(pair: &PairFile) -> Example {
    let code = |kind| pair.code(kind).unwrap_or_default().to_owned();
    Example {
        description: describe(pair),
        python_code: code(BlockKind::Python),
        triton_code: code(BlockKind::Triton),
        test_code: code(BlockKind::Test),
    }
}

fn check_complete(pair: &PairFile, file: &Path) -> Result<(), ArchiveError> {
    if pair.structure_error().is_none() && pair.is_pair() && pair.hash().is_some() {
        Ok(())
    } else {
        Err(ArchiveError::not_whole(pair, file))
    }
}

fn check_verdict(
    pair: &PairFile,
    file: &Path,
    verdict: &VerdictLine,
    settings: &Settings,
) -> Result<(), ArchiveError> {
    if pair.hash() != Some(verdict.hash.as_str()) {
        return Err(ArchiveError::Stale(file.to_owned()));
    }
    if !verdict.pending.is_empty() {
        return Err(ArchiveError::Pending {
            file: file.to_owned(),
            waiting: verdict.pending.join(" and the "),
        });
    }
    let unfit = |reason| ArchiveError::Unfit { file: file.to_owned(), reason };
    // A verdict from before a rule was there is no way around it.
    if let Some(fault) = pair.trust_error() {
        let (code, line) = (fault.rule.code(), pair.line_of(fault.range.start()));
        return Err(unfit(format!("{code} on line {line}: {}", fault.message)));
    }
    let wanted = &settings.dataset;
    match verdict.verdict {
        Some(Ruling::Pass) => {}
        Some(Ruling::Untimed) if wanted.allow_untimed => {}
        Some(Ruling::Untimed) => {
            return Err(unfit(
                "it is right but was not timed; verify it on a GPU, or pass --allow-untimed, or set `allow_untimed = true` under [dataset]"
                    .to_owned(),
            ));
        }
        Some(Ruling::Same | Ruling::Slower) if wanted.require != Some(Require::Faster) => {}
        Some(ruling @ (Ruling::Same | Ruling::Slower)) => {
            let speedup = verdict.speedup.map_or_else(String::new, |speedup| format!(" ({speedup:.2}x)"));
            let word = ruling.word();
            return Err(unfit(format!(
                "it is right but {word}{speedup}, and `require = \"faster\"` is set under [dataset]"
            )));
        }
        Some(ruling @ (Ruling::Wrong | Ruling::Rejected | Ruling::Error)) => {
            return Err(unfit(with_reason(ruling.word(), verdict)));
        }
        None => return Err(unfit(with_reason("not judged", verdict))),
    }
    Ok(())
}

fn with_reason(word: &str, verdict: &VerdictLine) -> String {
    match &verdict.reason {
        Some(reason) => format!("its verdict is \"{word}\" ({reason})"),
        None => format!("its verdict is \"{word}\""),
    }
}

/// Who wrote the kernel, as far as that is known. What TorchInductor wrote is known by what it says at its start, by the
/// names of its kernels where it is as TorchInductor left it, and by having been written here: taking the comment away
/// or laying the code out anew makes it nobody else's.
fn author(pair: &PairFile, authors: Option<&AuthorStore>) -> Option<Author> {
    let code = pair.code(BlockKind::Triton)?;
    let known = authors.and_then(|authors| authors.recall(code));
    let says_so = code.lines().any(|line| line.trim_start().starts_with(ORIGIN));
    let named = |name: &str| INDUCTOR_KERNELS.iter().any(|start| name.starts_with(start));
    if says_so || pair.kernels().iter().any(|kernel| named(&kernel.name)) {
        let attempt = known.filter(Author::is_inductor).and_then(|author| author.attempt);
        return Some(Author { writer: INDUCTOR.to_owned(), attempt, hinted: false });
    }
    known
}

#[cfg(test)]
mod tests;
