//! `textDocument/foldingRange`

use fusewright_pair::TextRange;
use tower_lsp::ls_types::{FoldingRange, FoldingRangeKind, FoldingRangeParams};

use crate::lsp::session::Session;

/// The blocks, the main block and the known functions.
pub(crate) fn run(session: &Session, params: &FoldingRangeParams) -> Option<Vec<FoldingRange>> {
    let snapshot = session.snapshot(&params.text_document.uri)?;
    let pair = &snapshot.pair;
    if !pair.is_pair() {
        return None;
    }
    let mut ranges: Vec<TextRange> = pair.blocks().iter().map(fusewright_pair::Block::range).collect();
    ranges.extend(pair.main_block());
    ranges.extend(pair.kernels().iter().map(|kernel| kernel.range));
    ranges.extend(
        pair.entry_points().into_iter().flat_map(|entry| [entry.reference.range, entry.candidate.range]),
    );
    let fold = |range: TextRange| {
        // The last line with text, so that the blank lines after a block stay outside.
        let text = pair.text().get(std::ops::Range::<usize>::from(range))?.trim_end();
        let last = range.start() + fusewright_pair::TextSize::of(text);
        let (start, end) = (pair.line_of(range.start()) - 1, pair.line_of(last) - 1);
        (end > start).then(|| FoldingRange {
            start_line: start,
            end_line: end,
            kind: Some(FoldingRangeKind::Region),
            ..FoldingRange::default()
        })
    };
    Some(ranges.into_iter().filter_map(fold).collect())
}
