//! The pair files that a command line names: each file itself, and of a folder every pair file below it.

use std::path::{Path, PathBuf};

use fusewright_engine::source;
use fusewright_pair::PairFile;
use ignore::{DirEntry, WalkBuilder};

use super::output::{self, WARNING};

/// The files that `named` stands for, in its order, those of a folder by their names.
///
/// Below a folder hidden files and what git ignores are passed over, and so is all Python that is no pair. A folder
/// without a pair is warned of, and stays in the list as what cannot be read.
pub(super) fn named(named: &[PathBuf]) -> Vec<PathBuf> {
    named.iter().flat_map(|path| files(path)).collect()
}

fn files(path: &Path) -> Vec<PathBuf> {
    if !path.is_dir() {
        return vec![path.to_owned()];
    }
    let below = below(path);
    if below.is_empty() {
        output::note(format_args!(
            "{WARNING}warning{WARNING:#}: no Python file below {} has a `# <PYTHON>` marker",
            path.display()
        ));
        return vec![path.to_owned()];
    }
    below
}

fn below(folder: &Path) -> Vec<PathBuf> {
    // A folder that may not be entered has nothing to offer.
    let entries = WalkBuilder::new(folder).sort_by_file_path(Ord::cmp).build().filter_map(Result::ok);
    let files = entries.filter(|entry| entry.file_type().is_some_and(|kind| kind.is_file()));
    let python = files.map(DirEntry::into_path).filter(|path| path.extension().is_some_and(|it| it == "py"));
    python.filter(|path| is_pair(path)).collect()
}

fn is_pair(path: &Path) -> bool {
    // What cannot be read may be a pair, and is not passed over in silence where it was asked for by its own name.
    source::read(path).is_ok_and(|text| text.contains("# <") && PairFile::parse(text).is_pair())
}
