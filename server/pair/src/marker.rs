//! The comments that open and close blocks, and those that were meant to.

use ruff_text_size::{TextRange, TextSize};

use crate::block::BlockKind;
use crate::lines::{Lines, to_u32};

/// A line that is a marker, or nearly one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Marker {
    pub(crate) kind: BlockKind,
    pub(crate) closing: bool,
    /// From the `#` to the end of the line's text.
    pub(crate) range: TextRange,
    /// Whether it is written exactly as it should be.
    pub(crate) exact: bool,
}

impl Marker {
    /// The marker as it should be written.
    pub(crate) const fn text(self) -> &'static str {
        if self.closing { self.kind.closing_marker() } else { self.kind.opening_marker() }
    }
}

/// Finds the lines of a text that look like markers. Whether such a line is a comment or stands inside a string is
/// for the tokens to say.
pub(crate) fn candidates(text: &str, lines: &Lines) -> Vec<Marker> {
    let mut found = Vec::new();
    for at in memchr::memchr_iter(b'#', text.as_bytes()) {
        // Only the first `#` of a line can begin a comment that is alone on it.
        let line = lines.full_range(lines.line_of(TextSize::new(to_u32(at))));
        let Some(before) = text.get(line.start().to_usize()..at) else { continue };
        let before = if line.start().to_u32() == 0 { before.trim_start_matches('\u{feff}') } else { before };
        if !before.chars().all(|c| matches!(c, ' ' | '\t' | '\u{c}')) {
            continue;
        }
        let comment = text[at..line.end().to_usize()].trim_end();
        if let Some((kind, closing, exact)) = recognise(comment) {
            let range = TextRange::at(TextSize::new(to_u32(at)), TextSize::new(to_u32(comment.len())));
            found.push(Marker { kind, closing, range, exact: exact && before.is_empty() });
        }
    }
    found
}

/// Reads one comment, which begins with `#`: the kind, whether it closes, and whether it is exact.
fn recognise(comment: &str) -> Option<(BlockKind, bool, bool)> {
    for kind in BlockKind::ALL {
        if comment == kind.opening_marker() {
            return Some((kind, false, true));
        }
        if comment == kind.closing_marker() {
            return Some((kind, true, true));
        }
    }
    // No marker is long; a cheap end for the thousands of ordinary comments.
    if comment.len() > 60 || !comment.contains(['<', '>']) {
        return None;
    }
    let inner =
        comment.trim_matches(|c: char| matches!(c, '#' | '-' | '=' | '*' | '~' | ':' | '.' | ' ' | '\t'));
    let opened = inner.strip_prefix('<');
    let closed = opened.unwrap_or(inner).strip_suffix('>');
    let mut word = closed.or(opened)?;
    let mut closing = false;
    loop {
        let trimmed = word.trim();
        let slash = |c: char| matches!(c, '/' | '\\');
        if let Some(rest) = trimmed.strip_prefix(slash).or_else(|| trimmed.strip_suffix(slash)) {
            closing = true;
            word = rest;
        } else {
            word = trimmed;
            break;
        }
    }
    let both_brackets = opened.is_some() && closed.is_some();
    let kind = nearest(word, both_brackets)?;
    Some((kind, closing, false))
}

/// The block that a misspelt tag means.
fn nearest(word: &str, both_brackets: bool) -> Option<BlockKind> {
    if !word.bytes().all(|byte| byte.is_ascii_alphabetic() || byte == b'_') {
        return None;
    }
    let upper = word.to_ascii_uppercase();
    if let Some(kind) = BlockKind::ALL.into_iter().find(|kind| kind.tag() == upper) {
        return Some(kind);
    }
    if !both_brackets {
        return None;
    }
    if matches!(upper.as_str(), "PYTORCH" | "TORCH") {
        return Some(BlockKind::Python);
    }
    BlockKind::ALL.into_iter().find(|kind| {
        let tag = kind.tag();
        // `TEXT`, `BEST` and `REST` are words of their own, so a short tag allows no replaced letter.
        let replaced = tag.len() == upper.len() && strsim::hamming(tag, &upper) == Ok(1);
        strsim::osa_distance(&upper, tag) == 1 && !(replaced && tag.len() <= 4)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(line: &str) -> Option<(&'static str, bool)> {
        let lines = Lines::new(line);
        candidates(line, &lines).first().map(|marker| (marker.text(), marker.exact))
    }

    #[test]
    fn a_marker_is_exact_at_column_zero() {
        assert_eq!(read("# <PYTHON>"), Some(("# <PYTHON>", true)));
        assert_eq!(read("# </TEST>"), Some(("# </TEST>", true)));
        assert_eq!(read("\u{feff}# <TRITON>"), Some(("# <TRITON>", true)));
        assert_eq!(read("# <TRITON>  "), Some(("# <TRITON>", true)), "blanks at the end are invisible");
    }

    #[test]
    fn near_misses_are_recognised() {
        for line in [
            "#<TRITON>",
            "# <triton>",
            "# <TRITION>",
            "  # <TRITON>",
            "## <TRITON>",
            "#  <TRITON>",
            "# < TRITON >",
            "# <TRITON",
            "# TRITON>",
            "# <TRITON>:",
            "# ---- <TRITON> ----",
            "# <Triton>",
            "# <TIRTON>",
            "# <TRTON>",
        ] {
            assert_eq!(read(line), Some(("# <TRITON>", false)), "{line}");
        }
        for line in
            ["#</TRITON>", "# </ TRITON>", "# <\\TRITON>", "# <TRITON/>", "# </triton>", "# < /TRITION >"]
        {
            assert_eq!(read(line), Some(("# </TRITON>", false)), "{line}");
        }
        for line in ["# <PYHTON>", "# <PYTHN>", "# <PYTORCH>", "# <python>"] {
            assert_eq!(read(line), Some(("# <PYTHON>", false)), "{line}");
        }
        for line in ["# <TESTS>", "# <TETS>", "# <test>", "# <TES>"] {
            assert_eq!(read(line), Some(("# <TEST>", false)), "{line}");
        }
    }

    #[test]
    fn other_comments_are_left_alone() {
        for line in [
            "# TRITON",
            "# Triton kernel",
            "# <TEXT>",
            "# <BEST>",
            "# a < b",
            "# x -> y",
            "# <int32>",
            "# <PYTHON> block",
            "x = 1  # <TRITON>",
            "# <TEST_INPUTS>",
            "# <>",
            "# <",
            "#",
            "# </>",
            "# <TENSOR>",
            "# <MAIN>",
            "# <KERNEL>",
            "# <REST>",
            "# <TIME>",
            "# <TEMP>",
            "# <TITAN>",
        ] {
            assert_eq!(read(line), None, "{line}");
        }
    }
}
