//! Positions: the unit that client and server agreed to count in, and the way from a position to a byte.
//!
//! Lines end at LF, CR and CRLF alone, as the protocol says; the rope is built with exactly those line ends.
//! A position that the text does not have is moved to the nearest one before it, so that no client can
//! make the server fail with a number.

use fusewright_pair::{TextRange, TextSize};
use ropey::Rope;
use tower_lsp::ls_types::{Position, PositionEncodingKind, Range};

/// The unit of a position's `character`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Encoding {
    /// Bytes.
    Utf8,
    /// UTF-16 code units, the protocol's default.
    #[default]
    Utf16,
    /// Unicode scalar values.
    Utf32,
}

impl Encoding {
    /// Takes the first unit of the client's list, which is in the order of its liking.
    pub(crate) fn negotiate(offered: Option<&[PositionEncodingKind]>) -> Self {
        offered.unwrap_or_default().iter().find_map(Self::from_kind).unwrap_or_default()
    }

    fn from_kind(kind: &PositionEncodingKind) -> Option<Self> {
        match kind.as_str() {
            "utf-8" => Some(Self::Utf8),
            "utf-16" => Some(Self::Utf16),
            "utf-32" => Some(Self::Utf32),
            _ => None,
        }
    }

    /// The protocol's name of the unit.
    pub(crate) fn kind(self) -> PositionEncodingKind {
        match self {
            Self::Utf8 => PositionEncodingKind::UTF8,
            Self::Utf16 => PositionEncodingKind::UTF16,
            Self::Utf32 => PositionEncodingKind::UTF32,
        }
    }

    /// The byte that `position` stands before.
    pub(crate) fn offset(self, rope: &Rope, position: Position) -> usize {
        let line = usize::try_from(position.line).unwrap_or(usize::MAX);
        let Ok(start) = rope.try_line_to_char(line) else { return rope.len_bytes() };
        let end = line_end(rope, line);
        let column = usize::try_from(position.character).unwrap_or(usize::MAX);
        let char = match self {
            Self::Utf32 => start.saturating_add(column),
            Self::Utf16 => {
                let base = rope.try_char_to_utf16_cu(start).unwrap_or(0);
                let last = rope.try_char_to_utf16_cu(end).unwrap_or(base);
                rope.try_utf16_cu_to_char(base.saturating_add(column).min(last)).unwrap_or(end)
            }
            Self::Utf8 => {
                let base = rope.try_char_to_byte(start).unwrap_or(0);
                let last = rope.try_char_to_byte(end).unwrap_or(base);
                rope.try_byte_to_char(base.saturating_add(column).min(last)).unwrap_or(end)
            }
        };
        rope.try_char_to_byte(char.min(end)).unwrap_or_else(|_| rope.len_bytes())
    }

    /// The position before byte `offset`.
    pub(crate) fn position(self, rope: &Rope, offset: usize) -> Position {
        let char = rope.try_byte_to_char(offset.min(rope.len_bytes())).unwrap_or_else(|_| rope.len_chars());
        let line = rope.try_char_to_line(char).unwrap_or(0);
        let start = rope.try_line_to_char(line).unwrap_or(0);
        let column = match self {
            Self::Utf32 => char - start,
            Self::Utf16 => {
                rope.try_char_to_utf16_cu(char).unwrap_or(0) - rope.try_char_to_utf16_cu(start).unwrap_or(0)
            }
            Self::Utf8 => {
                rope.try_char_to_byte(char).unwrap_or(0) - rope.try_char_to_byte(start).unwrap_or(0)
            }
        };
        Position::new(narrow(line), narrow(column))
    }

    /// The range of the bytes in `range`.
    pub(crate) fn range(self, rope: &Rope, range: TextRange) -> Range {
        Range::new(self.position(rope, range.start().into()), self.position(rope, range.end().into()))
    }

    /// The bytes in `range`; ends given in the wrong order are put right.
    pub(crate) fn text_range(self, rope: &Rope, range: Range) -> TextRange {
        let (a, b) = (self.offset(rope, range.start), self.offset(rope, range.end));
        TextRange::new(size(a.min(b)), size(a.max(b)))
    }
}

/// A byte offset as the pair crate counts it; texts beyond 4 GiB are never parsed.
pub(crate) fn size(offset: usize) -> TextSize {
    TextSize::new(narrow(offset))
}

fn narrow(value: usize) -> u32 {
    u32::try_from(value).unwrap_or(u32::MAX)
}

/// The char index at which the text of `line` ends, its line end left out.
fn line_end(rope: &Rope, line: usize) -> usize {
    let start = rope.try_line_to_char(line).unwrap_or(0);
    let next = rope.try_line_to_char(line + 1).unwrap_or_else(|_| rope.len_chars());
    let mut end = next;
    if end > start && rope.get_char(end - 1) == Some('\n') {
        end -= 1;
    }
    if end > start && rope.get_char(end - 1) == Some('\r') {
        end -= 1;
    }
    end
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const ALL: [Encoding; 3] = [Encoding::Utf8, Encoding::Utf16, Encoding::Utf32];

    fn at(encoding: Encoding, text: &str, line: u32, character: u32) -> usize {
        encoding.offset(&Rope::from_str(text), Position::new(line, character))
    }

    #[test]
    fn takes_the_first_known_unit_of_the_client() {
        let offer = |names: &[&'static str]| {
            let kinds: Vec<_> = names.iter().map(|&name| PositionEncodingKind::new(name)).collect();
            Encoding::negotiate(Some(&kinds))
        };
        assert_eq!(offer(&["utf-8", "utf-32", "utf-16"]), Encoding::Utf8);
        assert_eq!(offer(&["utf-7", "utf-32"]), Encoding::Utf32);
        assert_eq!(offer(&[]), Encoding::Utf16);
        assert_eq!(Encoding::negotiate(None), Encoding::Utf16);
    }

    #[test]
    fn counts_in_the_agreed_unit() {
        let text = "a𝕏é\nβ";
        assert_eq!(at(Encoding::Utf8, text, 0, 5), 5);
        assert_eq!(at(Encoding::Utf16, text, 0, 3), 5);
        assert_eq!(at(Encoding::Utf32, text, 0, 2), 5);
        for encoding in ALL {
            assert_eq!(at(encoding, text, 1, 0), 8);
        }
    }

    #[test]
    fn a_position_inside_a_character_means_its_start() {
        assert_eq!(at(Encoding::Utf16, "a𝕏", 0, 2), 1);
        assert_eq!(at(Encoding::Utf8, "a𝕏", 0, 3), 1);
    }

    #[test]
    fn a_position_outside_the_text_is_moved_into_it() {
        for encoding in ALL {
            assert_eq!(at(encoding, "ab\r\ncd", 0, 99), 2);
            assert_eq!(at(encoding, "ab\r\ncd", 0, u32::MAX), 2);
            assert_eq!(at(encoding, "ab\r\ncd", u32::MAX, u32::MAX), 6);
            assert_eq!(at(encoding, "", 3, 3), 0);
        }
    }

    #[test]
    fn only_the_protocols_line_ends_end_a_line() {
        for other in ["\u{b}", "\u{c}", "\u{85}", "\u{2028}", "\u{2029}"] {
            let text = format!("a{other}b\nc");
            let rope = Rope::from_str(&text);
            assert_eq!(rope.len_lines(), 2, "{other:?}");
            let c = Encoding::Utf8.position(&rope, text.len() - 1);
            assert_eq!(c, Position::new(1, 0), "{other:?}");
        }
        for end in ["\n", "\r", "\r\n"] {
            let text = format!("a{end}b");
            assert_eq!(at(Encoding::Utf16, &text, 1, 0), 1 + end.len(), "{end:?}");
        }
    }

    proptest! {
        #[test]
        fn a_character_boundary_survives_the_way_there_and_back(text in "[a\r\né𝕏\u{2028}]{0,40}") {
            let rope = Rope::from_str(&text);
            for (offset, _) in text.char_indices() {
                // Between CR and LF there is no position: it belongs to the end of the line before.
                if text[..offset].ends_with('\r') && text[offset..].starts_with('\n') {
                    continue;
                }
                for encoding in ALL {
                    prop_assert_eq!(encoding.offset(&rope, encoding.position(&rope, offset)), offset);
                }
            }
        }

        #[test]
        fn no_position_leaves_the_text(text in ".{0,20}", line in any::<u32>(), character in any::<u32>()) {
            let rope = Rope::from_str(&text);
            for encoding in ALL {
                let offset = encoding.offset(&rope, Position::new(line % 4, character % 50));
                prop_assert!(text.is_char_boundary(offset));
                prop_assert!(encoding.offset(&rope, Position::new(line, character)) <= text.len());
            }
        }
    }
}
