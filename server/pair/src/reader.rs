//! Reads the versions of a text, one after the other.

use std::sync::Arc;

use crate::analysis::{Parts, analyse_again};
use crate::pair_file::PairFile;
use crate::triton::Version;

/// Reads one text after the other and keeps the last one's syntax tree, so that statements which stand in the next one
/// too need not be parsed again. What it gives is what [`PairFile::parse_for`] gives.
#[derive(Debug, Default)]
pub struct Reader {
    text: Arc<str>,
    parts: Parts,
}

impl Reader {
    /// Reads a text, quickest where it differs little from the last one.
    pub fn read(&mut self, text: impl Into<Arc<str>>, triton: Option<Version>) -> PairFile {
        let text = text.into();
        // A reader that a panic interrupted begins anew.
        let Self { text: old_text, mut parts } = std::mem::take(self);
        let facts = analyse_again(&text, triton, &old_text, &mut parts);
        *self = Self { text: text.clone(), parts };
        PairFile { text, facts: Arc::new(facts) }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::arbitrary::piece;
    use crate::part::Part;
    use crate::tests::good;

    /// A text with every kind of statement, expression and pattern.
    const EVERYTHING: &str = include_str!("../tests/every_syntax.txt");

    /// Reads the next version of a text and compares all that is known of it, syntax trees and their ranges included,
    /// with what is known where it is read anew.
    fn is_read_as_anew(reader: &mut Reader, text: &str) -> bool {
        let mut other = Reader::default();
        let files = [reader.read(text, None), other.read(text, None)];
        let [one, two] = files.map(|file| format!("{:?}", file.facts));
        let same = |one: &Part, two: &Part| {
            (&one.range, &one.statements, &one.tokens, &one.errors)
                == (&two.range, &two.statements, &two.tokens, &two.errors)
        };
        let parts = || reader.parts.iter().zip(other.parts.iter());
        one == two
            && reader.parts.iter().len() == other.parts.iter().len()
            && parts().all(|(one, two)| same(one, two))
    }

    fn replaced(text: &str, start: usize, end: usize, new: &str) -> String {
        let start = text.floor_char_boundary(start.min(text.len()));
        let end = text.floor_char_boundary(end.min(text.len())).max(start);
        format!("{}{new}{}", &text[..start], &text[end..])
    }

    #[test]
    fn every_kind_of_syntax_is_moved() {
        let text = |new: &str| {
            format!("# <PYTHON>\nx = {new}\n{EVERYTHING}# <TRITON>\n{EVERYTHING}# <TEST>\n{EVERYTHING}")
        };
        let mut reader = Reader::default();
        let file = reader.read(text("1"), None);
        assert!(!file.diagnostics().iter().any(|found| found.rule == crate::Rule::SyntaxError), "{file:?}");
        for new in ["1 + y", "2", "\"\u{e9}\"", "f(\n    2)", "f(", "f(3", "f(3)", "0"] {
            let text = text(new);
            assert!(is_read_as_anew(&mut reader, &text), "{new:?}");
        }
    }

    #[test]
    fn an_edit_at_any_place_is_read_as_anew() {
        let whole = format!("# <PYTHON>\n{EVERYTHING}# <TRITON>\ny = 2\n# <TEST>\nz = 3");
        let mut reader = Reader::default();
        for at in (0..whole.len()).step_by(23) {
            for new in ["q", "\n", "\\", "'''"] {
                reader.read(whole.as_str(), None);
                let edited = replaced(&whole, at, at, new);
                assert!(is_read_as_anew(&mut reader, &edited), "{new:?} at {at}");
            }
        }
    }

    #[test]
    fn a_line_that_goes_on_takes_in_the_next_statement() {
        let mut reader = Reader::default();
        for end in ["", " \\", " + (", "  # \\", " \\\n", "; z = 1", "\n    z = 1", "\r", "\nelse: pass"] {
            reader.read("# <PYTHON>\nx = 1\n- y\n", None);
            let edited = format!("# <PYTHON>\nx = 1{end}\n- y\n");
            assert!(is_read_as_anew(&mut reader, &edited), "{end:?}");
        }
    }

    #[test]
    fn deep_code_is_moved_and_dropped() {
        let mut reader = Reader::default();
        for x in ["1", "22", "f(", "333"] {
            let file = reader.read(
                format!(
                    "# <PYTHON>\nx = {x}\ny = 1{}\n# <TRITON>\nz = a{}\n# <TEST>\n",
                    "+1".repeat(20_000),
                    ".b".repeat(20_000)
                ),
                None,
            );
            assert_eq!(file.blocks().len(), 3);
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn edits_of_a_good_pair_are_read_as_anew(
            text in proptest::sample::select(good()),
            edits in prop::collection::vec((any::<prop::sample::Index>(), 0_usize..30, piece(), any::<bool>()), 1..6),
        ) {
            let mut text = text.1;
            let mut reader = Reader::default();
            for (at, length, new, stays) in edits {
                let at = at.index(text.len() + 1);
                let edited = replaced(&text, at, at + length, &new);
                prop_assert!(is_read_as_anew(&mut reader, &edited), "{edited}");
                // Most edits break the code; the next one mends it, as people do.
                if stays {
                    text = edited;
                } else {
                    prop_assert!(is_read_as_anew(&mut reader, &text), "{text}");
                }
            }
        }

        #[test]
        fn small_edits_are_read_as_anew(
            text in proptest::sample::select(good()),
            edits in prop::collection::vec((any::<prop::sample::Index>(), 0_usize..2, "[a\r\n (#]?"), 1..12),
        ) {
            let mut text = text.1;
            let mut reader = Reader::default();
            for (at, length, new) in edits {
                let at = at.index(text.len() + 1);
                text = replaced(&text, at, at + length, &new);
                prop_assert!(is_read_as_anew(&mut reader, &text), "{text}");
            }
        }
    }
}
