//! Which markers open and close which block.

use ruff_text_size::TextRange;

use crate::block::{BlockKind, Style};
use crate::marker::Marker;

/// The blocks that a sequence of markers makes, and what is wrong with the sequence.
#[derive(Debug, Default)]
pub(crate) struct Layout {
    pub(crate) style: Option<Style>,
    /// The markers that border something, in text order.
    pub(crate) borders: Vec<Marker>,
    pub(crate) blocks: Vec<BlockLayout>,
    pub(crate) problems: Vec<Problem>,
}

/// One block, by its markers' places among [`Layout::borders`].
#[derive(Debug, Clone, Copy)]
pub(crate) struct BlockLayout {
    pub(crate) kind: BlockKind,
    pub(crate) opening: usize,
    pub(crate) closing: Option<usize>,
}

/// What is wrong with a sequence of markers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Problem {
    /// No marker names the block.
    Missing(BlockKind),
    /// The block at this place among the blocks is the second of its kind or a later one.
    Duplicate(usize),
    /// The block at this place among the blocks comes after one that belongs behind it.
    OutOfOrder(usize),
    /// The block at this place among the blocks lacks its closing marker, and others have theirs.
    Unclosed(usize),
    /// A closing marker that closes no block of its name.
    Unmatched {
        /// The marker.
        marker: Marker,
        /// What it does instead.
        role: Unmatched,
    },
}

/// What an unmatched closing marker does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Unmatched {
    /// It ends a block of another name, which has no closing marker of its own.
    Ends(BlockKind),
    /// Its block is never opened; the code above it, in the region of this number, is likely meant.
    NeverOpened(usize),
    /// Nothing: its block is closed already, or not open yet.
    Stray,
}

impl Layout {
    /// Reads a sequence of markers.
    pub(crate) fn of(markers: &[Marker]) -> Self {
        if markers.is_empty() {
            return Self::default();
        }
        let closed = markers.iter().any(|marker| marker.closing);
        let mut layout =
            Self { style: Some(if closed { Style::Closed } else { Style::Open }), ..Self::default() };
        let mut open: Option<usize> = None;
        for (at, &marker) in markers.iter().enumerate() {
            if !marker.closing {
                if let Some(block) = open.filter(|_| closed) {
                    layout.problems.push(Problem::Unclosed(block));
                }
                layout.open(marker);
                open = Some(layout.blocks.len() - 1);
                continue;
            }
            if let Some(block) = open {
                let kind = layout.blocks[block].kind;
                if kind != marker.kind {
                    let rest = &markers[at + 1..];
                    let closed_later =
                        rest.iter().take_while(|next| next.closing).any(|next| next.kind == kind);
                    if closed_later {
                        layout.problems.push(Problem::Unmatched { marker, role: Unmatched::Stray });
                        continue;
                    }
                    layout.problems.push(Problem::Unmatched { marker, role: Unmatched::Ends(kind) });
                }
                layout.blocks[block].closing = Some(layout.borders.len());
                layout.borders.push(marker);
                open = None;
            } else {
                let opened = markers.iter().any(|other| !other.closing && other.kind == marker.kind);
                let role =
                    if opened { Unmatched::Stray } else { Unmatched::NeverOpened(layout.borders.len()) };
                layout.problems.push(Problem::Unmatched { marker, role });
                layout.borders.push(marker);
            }
        }
        if let Some(block) = open.filter(|_| closed) {
            layout.problems.push(Problem::Unclosed(block));
        }
        layout.check_kinds();
        layout
    }

    fn open(&mut self, marker: Marker) {
        self.blocks.push(BlockLayout { kind: marker.kind, opening: self.borders.len(), closing: None });
        self.borders.push(marker);
    }

    fn check_kinds(&mut self) {
        let mut seen: Vec<BlockKind> = Vec::new();
        let mut out_of_order = None;
        for (at, block) in self.blocks.iter().enumerate() {
            if seen.contains(&block.kind) {
                self.problems.push(Problem::Duplicate(at));
                continue;
            }
            if seen.iter().any(|earlier| *earlier > block.kind) {
                out_of_order.get_or_insert(at);
            }
            seen.push(block.kind);
        }
        self.problems.extend(out_of_order.map(Problem::OutOfOrder));
        for kind in BlockKind::ALL {
            let never_opened = self.problems.iter().any(|problem| {
                matches!(problem, Problem::Unmatched { marker, role: Unmatched::NeverOpened(_) } if marker.kind == kind)
            });
            if !seen.contains(&kind) && !never_opened {
                self.problems.push(Problem::Missing(kind));
            }
        }
    }

    /// The text between the borders, the first and the last stretch of the file included.
    pub(crate) fn regions(
        &self,
        lines: &crate::lines::Lines,
        end: ruff_text_size::TextSize,
    ) -> Vec<TextRange> {
        let mut start = ruff_text_size::TextSize::new(0);
        let mut regions = Vec::with_capacity(self.borders.len() + 1);
        for border in &self.borders {
            regions.push(TextRange::new(start, lines.start_of_line(border.range.start()).max(start)));
            start = lines.next_line(border.range.start());
        }
        regions.push(TextRange::new(start, end.max(start)));
        regions
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lines::Lines;

    fn problems(text: &str) -> Vec<Problem> {
        Layout::of(&crate::marker::candidates(text, &Lines::new(text))).problems
    }

    #[test]
    fn both_styles_have_no_problem() {
        assert_eq!(problems("# <PYTHON>\n# <TRITON>\n# <TEST>\n"), []);
        assert_eq!(problems("# <PYTHON>\n# </PYTHON>\n# <TRITON>\n# </TRITON>\n# <TEST>\n# </TEST>\n"), []);
    }

    #[test]
    fn each_problem_is_told_once() {
        assert_eq!(problems("# <PYTHON>\n# <TRITON>\n"), [Problem::Missing(BlockKind::Test)]);
        assert_eq!(problems("# <PYTHON>\n# <TRITON>\n# <TRITON>\n# <TEST>"), [Problem::Duplicate(2)]);
        assert_eq!(problems("# <TRITON>\n# <PYTHON>\n# <TEST>"), [Problem::OutOfOrder(1)]);
        assert_eq!(
            problems("# <PYTHON>\n# </PYTHON>\n# <TRITON>\n# <TEST>\n# </TEST>\n"),
            [Problem::Unclosed(1)]
        );
        let wrong_name = problems("# <PYTHON>\n# </PYTHON>\n# <TRITON>\n# </PYTHON>\n# <TEST>\n# </TEST>\n");
        assert!(matches!(
            wrong_name[..],
            [Problem::Unmatched { role: Unmatched::Ends(BlockKind::Triton), .. }]
        ));
        let never = problems("# <PYTHON>\n# </PYTHON>\n# </TRITON>\n# <TEST>\n# </TEST>\n");
        assert!(matches!(never[..], [Problem::Unmatched { role: Unmatched::NeverOpened(2), .. }]));
        let stray =
            problems("# <PYTHON>\n# </TEST>\n# </PYTHON>\n# <TRITON>\n# </TRITON>\n# <TEST>\n# </TEST>\n");
        assert!(matches!(stray[..], [Problem::Unmatched { role: Unmatched::Stray, .. }]));
    }
}
