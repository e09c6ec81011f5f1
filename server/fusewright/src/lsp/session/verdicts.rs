//! The verdicts that the server knows, each by the hash of the code it was given for.
//!
//! A verdict names lines of the file as it was. Text outside the judged blocks may change without the
//! verdict losing its force, so each is kept with the places of its blocks, and its lines move with them.

use std::collections::HashMap;
use std::sync::Arc;

use fusewright_engine::verdict::VerdictLine;
use fusewright_pair::{BlockKind, PairFile, TextRange};
use tower_lsp::ls_types::Uri;

/// How many verdicts are kept; more than the undo history of an afternoon.
const KEPT: usize = 512;

/// A verdict and where its blocks were.
#[derive(Debug, Clone)]
pub(crate) struct Verdict {
    /// The verdict.
    pub(crate) line: VerdictLine,
    places: Places,
}

/// The judged parts of a text, each with its first and last line at the time.
#[derive(Debug, Clone)]
pub(crate) struct Places(Vec<(Part, u32, u32)>);

impl Places {
    /// Where the parts of `pair` are.
    pub(crate) fn of(pair: &PairFile) -> Self {
        Self(parts(pair))
    }

    /// Where a line of the text as it was is in the present one.
    pub(crate) fn line_in(&self, pair: &PairFile, line: u32) -> u32 {
        let then = self.0.iter().find(|(_, first, last)| (*first..=*last).contains(&line));
        let moved = then.and_then(|(part, first, _)| {
            let now = parts(pair).into_iter().find(|(other, ..)| other == part)?.1;
            Some(now + (line - first))
        });
        moved.unwrap_or(line)
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Part {
    Block(BlockKind),
    Main,
}

impl Verdict {
    /// The verdict on `pair`.
    pub(crate) fn new(line: VerdictLine, pair: &PairFile) -> Self {
        Self { line, places: Places::of(pair) }
    }

    /// Whether nothing more is to come.
    pub(crate) fn is_final(&self) -> bool {
        self.line.pending.is_empty()
    }

    /// Where a line of the verdict is in the present text.
    pub(crate) fn line_in(&self, pair: &PairFile, line: u32) -> u32 {
        self.places.line_in(pair, line)
    }
}

fn parts(pair: &PairFile) -> Vec<(Part, u32, u32)> {
    let mut parts: Vec<_> = pair
        .blocks()
        .iter()
        .map(|block| {
            let last = block.closing.map_or(block.content.end(), TextRange::end);
            (Part::Block(block.kind), pair.line_of(block.opening.start()), pair.line_of(last))
        })
        .collect();
    parts.extend(
        pair.main_block().map(|main| (Part::Main, pair.line_of(main.start()), pair.line_of(main.end()))),
    );
    parts
}

/// What is known of a document's present text.
#[derive(Debug, Clone)]
pub(crate) enum Standing {
    /// It was never judged.
    Unknown,
    /// This is its verdict.
    Judged(Arc<Verdict>),
    /// An earlier text of it was judged.
    Stale(Arc<Verdict>),
}

/// Verdicts by hash, and the last one of each document.
#[derive(Debug, Default)]
pub(crate) struct Verdicts {
    by_hash: HashMap<String, Arc<Verdict>>,
    order: std::collections::VecDeque<String>,
    last: HashMap<Uri, Arc<Verdict>>,
}

impl Verdicts {
    /// Enters the verdict on a document's text.
    pub(crate) fn enter(&mut self, uri: &Uri, verdict: Verdict) {
        let verdict = Arc::new(verdict);
        let hash = verdict.line.hash.clone();
        self.last.insert(uri.clone(), verdict.clone());
        if hash.is_empty() {
            return;
        }
        if self.by_hash.insert(hash.clone(), verdict).is_none() {
            self.order.push_back(hash);
            if self.order.len() > KEPT
                && let Some(oldest) = self.order.pop_front()
            {
                self.by_hash.remove(&oldest);
            }
        }
    }

    /// Whether the verdict on this hash is known.
    pub(crate) fn knows(&self, hash: &str) -> bool {
        self.by_hash.contains_key(hash)
    }

    /// What is known of the text `pair` of the document.
    pub(crate) fn standing(&self, uri: &Uri, pair: &PairFile) -> Standing {
        if self.last.is_empty() && self.by_hash.is_empty() {
            // The hash is not computed for nothing on every keystroke.
            return Standing::Unknown;
        }
        if let Some(verdict) = pair.hash().and_then(|hash| self.by_hash.get(hash)) {
            return Standing::Judged(verdict.clone());
        }
        match self.last.get(uri) {
            Some(last) if !last.line.hash.is_empty() => Standing::Stale(last.clone()),
            _ => Standing::Unknown,
        }
    }
}
