//! What compiling a document's kernels gave, for the text that it was given for.

use std::collections::HashMap;
use std::sync::Arc;

use fusewright_engine::harness::Compiled;
use fusewright_pair::PairFile;
use tower_lsp::ls_types::Uri;

use super::verdicts::Places;

/// The outcome of one compile check.
#[derive(Debug)]
pub(crate) struct CompileCheck {
    /// The kernels with their resources, or the first error.
    pub(crate) compiled: Compiled,
    hash: String,
    places: Places,
}

impl CompileCheck {
    /// The outcome for `pair`; `None` where its text has no hash.
    pub(crate) fn new(compiled: Compiled, pair: &PairFile) -> Option<Self> {
        Some(Self { compiled, hash: pair.hash()?.to_owned(), places: Places::of(pair) })
    }

    /// Where a line of the outcome is in the present text.
    pub(crate) fn line_in(&self, pair: &PairFile, line: u32) -> u32 {
        self.places.line_in(pair, line)
    }
}

/// The last compile check of each document.
#[derive(Debug, Default)]
pub(crate) struct CompileChecks {
    last: HashMap<Uri, Arc<CompileCheck>>,
}

impl CompileChecks {
    /// Enters the outcome for a document.
    pub(crate) fn enter(&mut self, uri: &Uri, check: CompileCheck) {
        self.last.insert(uri.clone(), Arc::new(check));
    }

    /// Forgets a document's.
    pub(crate) fn forget(&mut self, uri: &Uri) {
        self.last.remove(uri);
    }

    /// The outcome for the text `pair` of the document, where that very text was compiled.
    pub(crate) fn of(&self, uri: &Uri, pair: &PairFile) -> Option<Arc<CompileCheck>> {
        // The hash is not computed for nothing on every keystroke.
        let check = self.last.get(uri)?;
        pair.hash().filter(|hash| *hash == check.hash).map(|_| check.clone())
    }
}
