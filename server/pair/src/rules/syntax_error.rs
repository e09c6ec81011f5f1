//! FW109: code that is not valid Python.

use ruff_text_size::{Ranged, TextRange, TextSize};

use super::{About, Rule};
use crate::diagnostic::{Diagnostic, Severity};
use crate::file::{File, SyntaxError};
use crate::lines::to_u32;
use crate::pair_file::slice;
use crate::syntax::unclosed_bracket;

pub(super) const ABOUT: About = About {
    rule: Rule::SyntaxError,
    code: "FW109",
    name: "syntax-error",
    severity: Severity::Error,
    summary: "The code is not valid Python.",
    why: "Each block is run on its own, so each must be valid on its own: a statement must not reach over a marker. The \
          first error of each block is reported; those after it are often no errors at all.",
    fix: None,
    bad: include_str!("examples/FW109-bad.py"),
    good: include_str!("examples/FW109-good.py"),
};

pub(super) fn check(file: &File<'_>, found: &mut Vec<Diagnostic>) {
    for error in &file.errors {
        let place = error.block.map(|kind| format!(" in {}", kind.tag())).unwrap_or_default();
        let (range, what) = match forgotten_bracket(file, error) {
            Some(bracket) => {
                let written = slice(file.text, bracket).unwrap_or_default();
                (bracket, format!("`{written}` is never closed"))
            }
            None => (range(file, error), lower_first(&error.error.error.to_string())),
        };
        found.push(Diagnostic::new(Rule::SyntaxError, range, format!("syntax error{place}: {what}")));
    }
}

/// The bracket that is behind an error on a later line: there the parser only notices that it is still open.
fn forgotten_bracket(file: &File<'_>, error: &SyntaxError<'_>) -> Option<TextRange> {
    let bracket = unclosed_bracket(error.region.tokens)?;
    let line = file.lines.line_of(range(file, error).end());
    let at_end = error.error.end() >= error.region.range.end();
    let later = at_end || file.lines.line_of(bracket.start()) < line;
    (bracket.start() < error.error.end() && later).then_some(bracket)
}

/// The error's place, moved to the line that it is about: the parser notices what is missing at the end of a block
/// only behind it.
fn range(file: &File<'_>, error: &SyntaxError<'_>) -> TextRange {
    let region = slice(file.text, error.region.range).unwrap_or_default();
    let end = error.region.range.start() + TextSize::new(to_u32(region.trim_end().len()));
    let range = error.error.range();
    let start = file.floor_char_boundary(range.start()).min(end);
    let range = TextRange::new(start, file.floor_char_boundary(range.end()).clamp(start, end));
    let text = slice(file.text, range).unwrap_or_default();
    if text.trim().is_empty() {
        let line = file.lines.trimmed_range(file.text, file.lines.line_of(start));
        return if line.is_empty() { TextRange::empty(start) } else { line };
    }
    // A string that is never closed reaches to the end of the file; its first line is where it begins.
    let first_line = text.find(['\n', '\r']).unwrap_or(text.len());
    TextRange::at(start, TextSize::new(to_u32(first_line)))
}

fn lower_first(message: &str) -> String {
    let mut letters = message.chars();
    match (letters.next(), letters.next()) {
        (Some(first), Some(second)) if second.is_lowercase() => {
            format!("{}{}", first.to_lowercase(), &message[first.len_utf8()..])
        }
        _ => message.to_owned(),
    }
}
