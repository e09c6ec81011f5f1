//! An open document: its text, its version and what was read from it.

use std::sync::Arc;

use fusewright_pair::{BlockKind, PairFile, Reader, Version};
use ropey::Rope;
use tower_lsp::ls_types::{Range, TextDocumentContentChangeEvent, Uri};

use super::encoding::Encoding;

/// The largest text that is read as a pair; beyond it the server keeps the text in step and says so.
pub(crate) const MAX_BYTES: usize = 4 * 1024 * 1024;

/// A document that the client has open.
#[derive(Debug)]
pub(crate) struct Document {
    uri: Uri,
    /// Whether it is Python, and so may be a pair.
    is_python: bool,
    version: i32,
    rope: Rope,
    /// The version of Triton that it is read for.
    triton: Option<Version>,
    /// Read when first asked for, forgotten with the next edit.
    pair: Option<PairFile>,
    /// Keeps what the next edit is likely to leave alone.
    reader: Reader,
}

/// One version of a document: cheap to copy, and safe to keep while edits go on.
#[derive(Debug, Clone)]
pub(crate) struct Snapshot {
    /// The document's address.
    pub(crate) uri: Uri,
    /// The client's number of this version.
    pub(crate) version: i32,
    /// Whether it is Python, and so may become a pair.
    pub(crate) is_python: bool,
    /// The text.
    pub(crate) rope: Rope,
    /// What was read from it.
    pub(crate) pair: PairFile,
    /// The unit of the positions.
    pub(crate) encoding: Encoding,
}

impl Snapshot {
    /// A range of the text as the client counts it.
    pub(crate) fn range(&self, range: fusewright_pair::TextRange) -> Range {
        self.encoding.range(&self.rope, range)
    }

    /// The 1-based line `line`, without indentation and line end.
    pub(crate) fn line(&self, line: u32) -> Range {
        self.range(self.pair.line_range(line))
    }
}

impl Document {
    /// A document as the client opened it.
    pub(crate) fn new(uri: Uri, language: &str, version: i32, text: &str) -> Self {
        let is_python = language == "python"
            || uri.path().as_str().rsplit_once('.').is_some_and(|(_, extension)| extension == "py");
        Self {
            uri,
            is_python,
            version,
            rope: Rope::from_str(text),
            triton: None,
            pair: None,
            reader: Reader::default(),
        }
    }

    /// Gives back the memory that makes the next edit quick: large, and of use only in the document that is edited.
    pub(crate) fn rest(&mut self) {
        self.reader = Reader::default();
    }

    /// Has the rules go by a version of Triton.
    pub(crate) fn set_triton(&mut self, triton: Option<Version>) {
        if self.triton != triton {
            self.triton = triton;
            self.pair = None;
        }
    }

    /// The client's number of the text.
    pub(crate) fn version(&self) -> i32 {
        self.version
    }

    /// Whether the text is larger than a pair may be.
    pub(crate) fn is_too_large(&self) -> bool {
        self.rope.len_bytes() > MAX_BYTES
    }

    /// Whether the text looks like a pair but is too large to be read as one.
    pub(crate) fn is_unread_pair(&self) -> bool {
        // A pair's first marker is near its top, and a text of this size is not searched on every edit.
        let top = || {
            let end = self.rope.len_chars().min(MAX_BYTES / 64);
            self.rope.get_slice(..end).map(String::from).unwrap_or_default()
        };
        self.is_python
            && self.is_too_large()
            && BlockKind::ALL.iter().any(|kind| top().contains(kind.opening_marker()))
    }

    /// Enters the client's changes, in their order, as the text of `version`.
    pub(crate) fn change(
        &mut self,
        version: i32,
        changes: Vec<TextDocumentContentChangeEvent>,
        encoding: Encoding,
    ) {
        if version <= self.version {
            // The text is what the client makes of it: the change counts, whatever its number.
            tracing::warn!(uri = self.uri.as_str(), version, known = self.version, "a version does not rise");
        }
        self.version = version;
        self.pair = None;
        for change in changes {
            match change.range {
                None => self.rope = Rope::from_str(&change.text),
                Some(range) => self.replace(range, &change.text, encoding),
            }
        }
    }

    fn replace(&mut self, range: Range, text: &str, encoding: Encoding) {
        let range = encoding.text_range(&self.rope, range);
        let char =
            |offset: usize| self.rope.try_byte_to_char(offset).unwrap_or_else(|_| self.rope.len_chars());
        let (start, end) = (char(range.start().into()), char(range.end().into()));
        let done = self.rope.try_remove(start..end).and_then(|()| self.rope.try_insert(start, text));
        if let Err(error) = done {
            tracing::error!(uri = self.uri.as_str(), %error, "an edit could not be entered");
        }
    }

    /// The text at this moment, with what was read from it.
    pub(crate) fn snapshot(&mut self, encoding: Encoding) -> Snapshot {
        Snapshot {
            uri: self.uri.clone(),
            version: self.version,
            is_python: self.is_python,
            rope: self.rope.clone(),
            pair: self.pair().clone(),
            encoding,
        }
    }

    fn pair(&mut self) -> &PairFile {
        let is_read = self.is_python && !self.is_too_large();
        let (rope, triton, reader) = (&self.rope, self.triton, &mut self.reader);
        self.pair.get_or_insert_with(|| {
            let text = if is_read { String::from(rope) } else { String::new() };
            reader.read(Arc::<str>::from(text), triton)
        })
    }

    /// The whole text.
    pub(crate) fn text(&self) -> String {
        String::from(&self.rope)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use tower_lsp::ls_types::Position;

    use super::*;

    fn document(text: &str) -> Document {
        Document::new("file:///a.py".parse().unwrap(), "python", 1, text)
    }

    fn edit(range: Option<(u32, u32, u32, u32)>, text: &str) -> TextDocumentContentChangeEvent {
        TextDocumentContentChangeEvent {
            range: range.map(|(a, b, c, d)| Range::new(Position::new(a, b), Position::new(c, d))),
            range_length: None,
            text: text.to_owned(),
        }
    }

    #[test]
    fn changes_apply_in_their_order() {
        let mut document = document("one\ntwo\n");
        let changes = vec![edit(Some((0, 0, 0, 3)), "1"), edit(Some((0, 1, 1, 3)), "+2")];
        document.change(2, changes, Encoding::Utf16);
        assert_eq!(document.text(), "1+2\n");
        assert_eq!(document.version(), 2);
    }

    #[test]
    fn a_change_without_a_range_replaces_the_text() {
        let mut document = document("one");
        document.change(7, vec![edit(None, "two")], Encoding::Utf8);
        assert_eq!(document.text(), "two");
    }

    #[test]
    fn a_range_outside_the_text_or_turned_round_does_no_harm() {
        let mut document = document("ab\ncd");
        document.change(2, vec![edit(Some((9, 9, 12, 1)), "!")], Encoding::Utf16);
        assert_eq!(document.text(), "ab\ncd!");
        document.change(3, vec![edit(Some((1, 2, 0, 1)), "")], Encoding::Utf16);
        assert_eq!(document.text(), "a!");
    }

    #[test]
    fn nul_bytes_and_half_line_ends_are_text() {
        let mut document = document("a\r\nb\0");
        document.change(2, vec![edit(Some((0, 1, 0, 1)), "\r")], Encoding::Utf16);
        assert_eq!(document.text(), "a\r\r\nb\0");
    }

    #[test]
    fn a_text_larger_than_a_pair_is_kept_but_not_read() {
        let mut document = document(&"# <TRITON>\n".repeat(MAX_BYTES / 11 + 1));
        assert!(document.is_too_large() && document.is_unread_pair());
        assert!(!document.snapshot(Encoding::Utf16).pair.is_pair());
    }

    proptest! {
        #[test]
        fn arbitrary_edits_give_what_a_string_gives(
            text in "[a\r\né𝕏]{0,20}",
            edits in prop::collection::vec((0u32..6, 0u32..9, 0u32..6, 0u32..9, "[b\r\n𝕏]{0,4}"), 0..8),
        ) {
            let mut document = document(&text);
            let mut expected = text;
            for (a, b, c, d, new) in edits {
                let rope = Rope::from_str(&expected);
                let range = Range::new(Position::new(a, b), Position::new(c, d));
                let bytes = Encoding::Utf16.text_range(&rope, range);
                expected.replace_range(std::ops::Range::<usize>::from(bytes), &new);
                document.change(2, vec![edit(Some((a, b, c, d)), &new)], Encoding::Utf16);
                prop_assert_eq!(document.text(), expected.clone());
            }
        }
    }
}
