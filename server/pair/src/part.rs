//! A stretch of text between two markers, parsed alone, and parsed again where it was edited.

use std::sync::Arc;

use ruff_python_ast::token::TokenKind;
use ruff_python_ast::{ModModule, Stmt, StringFlags, Suite};
use ruff_python_parser::{ParseError, Parsed};
use ruff_text_size::{Ranged, TextRange, TextSize};

use crate::lines::to_u32;
use crate::pair_file::slice;
use crate::shift::Shift;
use crate::syntax::parse_part;

/// A token, as far as anybody asks for it. Indentation is left out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Token {
    kind: TokenKind,
    range: TextRange,
    is_long_string: bool,
}

impl Token {
    pub(crate) fn kind(self) -> TokenKind {
        self.kind
    }

    /// Whether it is a string in triple quotes, or a piece of one.
    pub(crate) fn is_long_string(self) -> bool {
        self.is_long_string
    }
}

impl Shift {
    fn tokens(self, tokens: &mut [Token]) {
        for token in tokens {
            self.range(&mut token.range);
        }
    }
}

impl Ranged for Token {
    fn range(&self) -> TextRange {
        self.range
    }
}

/// A stretch of text, parsed as a module of its own; offsets are those of the whole text.
#[derive(Debug)]
pub(crate) struct Part {
    pub(crate) range: TextRange,
    pub(crate) statements: Suite,
    pub(crate) tokens: Vec<Token>,
    pub(crate) errors: Vec<ParseError>,
    /// At least the most tokens in one statement: no expression is deeper.
    depth: usize,
    /// What it was before it broke: somebody types, and soon it will be much the same again.
    sound: Option<Box<Sound>>,
}

/// A part without an error and the text that it is a part of.
#[derive(Debug)]
struct Sound {
    text: Arc<str>,
    part: Part,
}

impl Sound {
    /// The part in another text, where it is `range`.
    fn mended(mut self, text: &str, range: TextRange) -> Part {
        if self.part.splice(&self.text, text, range) {
            return self.part;
        }
        let mut part = Part::new(text, range);
        if !part.errors.is_empty() {
            part.sound = Some(Box::new(self));
        }
        part
    }
}

impl Part {
    /// Parses a stretch of a text.
    pub(crate) fn new(text: &str, range: TextRange) -> Self {
        Self::of(parse_part(text, range), range)
    }

    /// Takes over what was parsed.
    pub(crate) fn of(parsed: Parsed<ModModule>, range: TextRange) -> Self {
        let (mut depth, mut length) = (0, 0);
        let mut tokens = Vec::with_capacity(parsed.tokens().len());
        for token in parsed.tokens() {
            length += 1;
            match token.kind() {
                TokenKind::Indent | TokenKind::Dedent | TokenKind::EndOfFile => continue,
                TokenKind::Newline => {
                    depth = depth.max(length);
                    length = 0;
                }
                _ => {}
            }
            tokens.push(Token {
                kind: token.kind(),
                range: token.range(),
                is_long_string: token.string_flags().is_some_and(StringFlags::is_triple_quoted),
            });
        }
        let errors = parsed.errors().to_vec();
        Self { range, statements: parsed.into_suite(), tokens, errors, depth: depth.max(length), sound: None }
    }

    /// The same stretch of the text's next version, where it is `range`: as if it were parsed anew, but the statements
    /// that an edit left alone are only moved.
    pub(crate) fn edited(mut self, old_text: &Arc<str>, text: &str, range: TextRange) -> Self {
        let old = slice(old_text, self.range);
        let same = old.is_some() && old == slice(text, range);
        if same && self.range == range {
            return self;
        }
        // What a parser makes of broken code says little about where it is.
        if !self.errors.is_empty() {
            return match self.sound.take() {
                Some(sound) => sound.mended(text, range),
                None => Self::new(text, range),
            };
        }
        if same {
            let shift = Shift::between(self.range.start(), range.start());
            shift.statements(&mut self.statements);
            shift.tokens(&mut self.tokens);
            self.range = range;
            return self;
        }
        Sound { text: old_text.clone(), part: self }.mended(text, range)
    }

    /// Whether that place lies in this part, and no comment begins there.
    pub(crate) fn holds_otherwise(&self, place: TextSize) -> bool {
        let at = self.tokens.binary_search_by_key(&place, Ranged::start);
        self.range.contains(place) && !at.is_ok_and(|at| self.tokens[at].kind == TokenKind::Comment)
    }

    /// At least the most tokens in one statement, of the last sound version too.
    pub(crate) fn depth(&self) -> usize {
        self.depth.max(self.sound.as_ref().map_or(0, |sound| sound.part.depth))
    }

    /// Parses the statements that an edit touches, and those alone. Leaves everything as it is and says so where that
    /// may not give what a parse of the whole part gives.
    fn splice(&mut self, old_text: &str, text: &str, range: TextRange) -> bool {
        let (Some(old), Some(new)) = (slice(old_text, self.range), slice(text, range)) else { return false };
        let (first, last) = difference(old.as_bytes(), new.as_bytes());
        let cut = Cut::around(&self.statements, old, self.range.start(), first, last);
        let tail = self.range.end() - cut.end;
        let head = cut.start - self.range.start();
        let again = TextRange::new(range.start() + head, range.end() - tail);
        // A line that goes on behind its end would take in the next statement.
        if tail > TextSize::new(0) && !slice(text, again).is_some_and(ends_its_line) {
            return false;
        }
        let mut parsed = Self::new(text, again);
        if !parsed.errors.is_empty() {
            return false;
        }
        let before = Shift::between(self.range.start(), range.start());
        let behind = Shift::between(self.range.end(), range.end());
        let token = |offset: TextSize, end: usize| {
            if offset == self.range.end() {
                end
            } else {
                self.tokens.partition_point(|token| token.range.start() < offset)
            }
        };
        let (from, to) = (token(cut.start, 0), token(cut.end, self.tokens.len()));
        before.statements(&mut self.statements[..cut.first]);
        behind.statements(&mut self.statements[cut.behind..]);
        before.tokens(&mut self.tokens[..from]);
        behind.tokens(&mut self.tokens[to..]);
        self.statements.splice(cut.first..cut.behind, parsed.statements.drain(..));
        self.tokens.splice(from..to, parsed.tokens);
        self.depth = self.depth.max(parsed.depth);
        self.range = range;
        true
    }
}

/// The statements that an edit touches: a run of them that begins and ends between two lines of the part.
struct Cut {
    /// The first of them.
    first: usize,
    /// The first behind them.
    behind: usize,
    start: TextSize,
    end: TextSize,
}

impl Cut {
    /// The run around the bytes `first..last` of the part `text`, which begins at `offset`.
    fn around(statements: &[Stmt], text: &str, offset: TextSize, first: usize, last: usize) -> Self {
        let place = |at: usize| (statements[at].start() - offset).to_usize();
        let is_cut = |at: usize| text.get(..place(at)).is_some_and(ends_its_line);
        let edited = statements.partition_point(|one| (one.start() - offset).to_usize() <= first);
        let begin = (0..edited).rev().find(|at| is_cut(*at));
        let touched = statements.partition_point(|one| (one.start() - offset).to_usize() <= last);
        let end = (touched..statements.len()).find(|at| is_cut(*at));
        Self {
            first: begin.unwrap_or(0),
            behind: end.unwrap_or(statements.len()),
            start: begin.map_or(offset, |at| statements[at].start()),
            end: end.map_or(offset + TextSize::new(to_u32(text.len())), |at| statements[at].start()),
        }
    }
}

/// Whether a text ends between two lines, of which the first does not go on in the second.
fn ends_its_line(text: &str) -> bool {
    let line = text.strip_suffix("\r\n").or_else(|| text.strip_suffix(['\n', '\r']));
    line.is_some_and(|line| !line.ends_with('\\'))
}

/// The stretch of the old bytes outside of which both are the same.
fn difference(old: &[u8], new: &[u8]) -> (usize, usize) {
    const STEP: usize = 64;
    let both = old.len().min(new.len());
    let steps =
        old.chunks_exact(STEP).zip(new.chunks_exact(STEP)).take_while(|(old, new)| old == new).count();
    let rest =
        old[steps * STEP..].iter().zip(&new[steps * STEP..]).take_while(|(old, new)| old == new).count();
    let first = steps * STEP + rest;
    let (old_end, new_end) = (&old[old.len() - (both - first)..], &new[new.len() - (both - first)..]);
    let steps = old_end
        .rchunks_exact(STEP)
        .zip(new_end.rchunks_exact(STEP))
        .take_while(|(old, new)| old == new)
        .count();
    let (old_end, new_end) =
        (&old_end[..old_end.len() - steps * STEP], &new_end[..new_end.len() - steps * STEP]);
    let rest = old_end.iter().rev().zip(new_end.iter().rev()).take_while(|(old, new)| old == new).count();
    (first, old.len() - steps * STEP - rest)
}
