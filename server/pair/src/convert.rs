//! From one style to the other.

use ruff_text_size::TextRange;

use crate::block::Style;
use crate::diagnostic::{Edit, Fix};
use crate::pair_file::{PairFile, slice};

impl PairFile {
    /// The change that puts the file into the other style. The blocks keep their code to the letter where nothing but
    /// blank lines stands between them, so that their verdict holds. None where the file has another structure than
    /// it should, and where code outside of the blocks would end up inside.
    pub fn conversion_to(&self, style: Style) -> Option<Fix> {
        if self.style()? == style || self.structure_error().is_some() {
            return None;
        }
        let fix = match style {
            Style::Closed => self.close(),
            Style::Open => self.open()?,
        };
        let converted = Self::parse(fix.apply(self.text())?);
        let lines = |file: &Self| file.main_block().map(|main| slice(file.text(), main).map(str::to_owned));
        let same = converted.style() == Some(style)
            && converted.structure_error().is_none()
            && converted.entry_points().is_some() == self.entry_points().is_some()
            && lines(&converted) == lines(self);
        same.then_some(fix)
    }

    fn close(&self) -> Fix {
        let newline = self.newline();
        let edits = self.blocks().iter().map(|block| {
            let end = block.content.end();
            let at_end = end.to_usize() == self.text().len();
            let before = if self.text()[..end.to_usize()].ends_with(['\n', '\r']) { "" } else { newline };
            let after = if at_end { "" } else { newline };
            Edit::insert(end, format!("{before}{}{newline}{after}", block.kind.closing_marker()))
        });
        Fix::safe("Close the blocks with markers", edits.collect())
    }

    fn open(&self) -> Option<Fix> {
        let mut edits = Vec::new();
        for block in self.blocks() {
            let closing = block.closing?;
            let text = &self.text()[closing.end().to_usize()..];
            // The blank lines up to the next marker go too: they would be the block's.
            let blank = text.len() - text.trim_start().len();
            let blank = match text[blank..].chars().next() {
                Some(_) => text[..blank].rfind(['\n', '\r']).map_or(0, |at| at + 1),
                None => blank,
            };
            let end = closing.end() + ruff_text_size::TextSize::new(crate::lines::to_u32(blank));
            edits.push(Edit::delete(TextRange::new(closing.start(), end)));
        }
        Some(Fix::safe("Leave the closing markers out", edits))
    }
}

#[cfg(test)]
mod tests {
    use crate::tests::good;
    use crate::{PairFile, Style};

    #[test]
    fn a_pair_goes_to_the_other_style_and_back() {
        let mut converted = 0;
        for (name, text) in good() {
            let file = PairFile::parse(&*text);
            let (there, back) = match file.style().unwrap() {
                Style::Open => (Style::Closed, Style::Open),
                Style::Closed => (Style::Open, Style::Closed),
            };
            assert_eq!(file.conversion_to(back), None);
            let Some(fix) = file.conversion_to(there) else { continue };
            let other = PairFile::parse(fix.apply(&text).unwrap());
            assert_eq!(other.style(), Some(there), "{name}");
            assert_eq!(other.diagnostics(), [], "{name}");
            let again = PairFile::parse(other.conversion_to(back).unwrap().apply(other.text()).unwrap());
            assert_eq!(again.hash(), other.hash(), "{name}");
            converted += 1;
        }
        assert!(converted >= 10, "{converted}");
    }

    #[test]
    fn the_code_stays_the_same_to_the_letter() {
        for name in ["open_shared_name", "autograd_alias", "windows_line_ends", "several_pairs_one_tested"] {
            let (_, text) = good().into_iter().find(|(stem, _)| stem == name).unwrap();
            let file = PairFile::parse(&*text);
            let there = if file.style() == Some(Style::Open) { Style::Closed } else { Style::Open };
            let other = PairFile::parse(file.conversion_to(there).unwrap().apply(&text).unwrap());
            assert_eq!(other.hash(), file.hash(), "{name}");
        }
    }

    #[test]
    fn what_would_change_its_meaning_is_not_converted() {
        let (_, text) = good().into_iter().find(|(stem, _)| stem == "main_function_behind").unwrap();
        assert_eq!(PairFile::parse(text).conversion_to(Style::Open), None, "its main() would be TEST's");
        assert_eq!(PairFile::parse("# <PYTHON>\n").conversion_to(Style::Closed), None);
    }
}
