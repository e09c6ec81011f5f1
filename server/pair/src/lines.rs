//! Where the lines of a text begin.

use ruff_text_size::{TextRange, TextSize};

/// The starts of a text's lines. A line ends at LF, CR or CRLF, as it does for Python and for editors.
#[derive(Debug)]
pub(crate) struct Lines {
    starts: Vec<u32>,
    length: u32,
}

impl Lines {
    /// Indexes a text. The text must be shorter than 4 GiB.
    pub(crate) fn new(text: &str) -> Self {
        let mut starts = Vec::with_capacity(text.len() / 32 + 1);
        starts.push(0);
        let bytes = text.as_bytes();
        for at in memchr::memchr2_iter(b'\n', b'\r', bytes) {
            if bytes[at] == b'\r' && bytes.get(at + 1) == Some(&b'\n') {
                continue;
            }
            starts.push(to_u32(at + 1));
        }
        Self { starts, length: to_u32(text.len()) }
    }

    /// How many lines there are; a line end at the end of the text begins one more, which is empty.
    pub(crate) fn count(&self) -> u32 {
        to_u32(self.starts.len())
    }

    /// The 1-based line of an offset.
    pub(crate) fn line_of(&self, offset: TextSize) -> u32 {
        to_u32(self.starts.partition_point(|start| *start <= offset.to_u32()))
    }

    /// A line's text with its line end. Lines beyond the last give the last.
    pub(crate) fn full_range(&self, line: u32) -> TextRange {
        let index = (line.clamp(1, self.count()) - 1) as usize;
        let end = self.starts.get(index + 1).copied().unwrap_or(self.length);
        TextRange::new(TextSize::new(self.starts[index]), TextSize::new(end))
    }

    /// The start of the line that holds the offset.
    pub(crate) fn start_of_line(&self, offset: TextSize) -> TextSize {
        self.full_range(self.line_of(offset)).start()
    }

    /// The start of the line after the one that holds the offset, or the end of the text.
    pub(crate) fn next_line(&self, offset: TextSize) -> TextSize {
        self.full_range(self.line_of(offset)).end()
    }

    /// A line's text without its indentation and its line end.
    pub(crate) fn trimmed_range(&self, text: &str, line: u32) -> TextRange {
        let range = self.full_range(line);
        let full = text.get(range.start().to_usize()..range.end().to_usize()).unwrap_or_default();
        let without_end = full.trim_end_matches(['\n', '\r']);
        let indentation =
            without_end.len() - without_end.trim_start_matches([' ', '\t', '\u{c}', '\u{feff}']).len();
        let start = range.start() + TextSize::new(to_u32(indentation));
        TextRange::new(start, range.start() + TextSize::new(to_u32(without_end.len())))
    }
}

/// Offsets are 32 bits wide; [`crate::PairFile::parse`] refuses longer texts before any offset is made.
pub(crate) fn to_u32(value: usize) -> u32 {
    u32::try_from(value).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_end_at_lf_cr_and_crlf_alone() {
        let text = "a\nb\rc\r\nd\u{b}e\u{c}f\u{85}g\u{2028}h";
        let lines = Lines::new(text);
        assert_eq!(lines.count(), 4);
        assert_eq!(lines.line_of(TextSize::new(0)), 1);
        assert_eq!(lines.line_of(TextSize::new(2)), 2);
        assert_eq!(lines.line_of(TextSize::new(4)), 3);
        assert_eq!(lines.line_of(TextSize::new(5)), 3, "a CR before its LF is on the line it ends");
        assert_eq!(lines.line_of(TextSize::new(7)), 4);
    }

    #[test]
    fn a_line_s_text_has_no_indentation_and_no_end() {
        let text = "  x = 1\r\n\ty\n";
        let lines = Lines::new(text);
        let of = |line| {
            let range = lines.trimmed_range(text, line);
            &text[range.start().to_usize()..range.end().to_usize()]
        };
        assert_eq!((of(1), of(2), of(3), of(99)), ("x = 1", "y", "", ""));
    }
}
