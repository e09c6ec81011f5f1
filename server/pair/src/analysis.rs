//! From a text to what is known of it: one parse, one walk of each block, then the rules.

use ruff_python_ast::ModModule;
use ruff_python_ast::token::{TokenKind, Tokens};
use ruff_python_parser::{LexicalErrorType, ParseErrorType, Parsed};
use ruff_text_size::{Ranged, TextRange, TextSize};

use crate::block::BlockKind;
use crate::file::File;
use crate::layout::Layout;
use crate::lines::{Lines, to_u32};
use crate::marker::{Marker, candidates};
use crate::pair_file::Facts;
use crate::syntax::{Region, parse_file, parse_part};
use crate::triton::Version;

/// Longer texts are no pair files; they are not read.
const LONGEST_TEXT: usize = 4 << 20;

/// Reads a text.
pub(crate) fn analyse(text: &str, triton: Option<Version>) -> Facts {
    match with_file(text, |mut file| {
        file.triton = triton;
        file.into_facts()
    }) {
        Ok(facts) => facts,
        Err(lines) => Facts::none(lines),
    }
}

/// Reads a text and hands over the file with its syntax tree; gives the lines back if the text is no pair.
pub(crate) fn with_file<T>(text: &str, read: impl FnOnce(File<'_>) -> T) -> Result<T, Lines> {
    if text.len() > LONGEST_TEXT {
        return Err(Lines::new(""));
    }
    let lines = Lines::new(text);
    let candidates = candidates(text, &lines);
    if candidates.is_empty() {
        return Err(lines);
    }
    let mut markers = without_echoes(&candidates);
    let mut cut = Cut::along(text, &lines, &markers);
    // A candidate inside a string cuts the string in two, and no part before it ends otherwise in an open string.
    if cut.parts.iter().zip(&cut.ranges).any(|(part, range)| ends_in_string(part, *range)) {
        let outside = outside_strings(text, &candidates);
        if outside != markers {
            dispose(std::mem::replace(&mut cut, Cut::along(text, &lines, &outside)).parts);
            markers = outside;
        }
    }
    if !is_pair(&markers) {
        dispose(cut.parts);
        return Err(lines);
    }
    Ok(on_deep_stack(depth(&cut.parts), move || {
        let Cut { layout, ranges, parts } = cut;
        let regions: Vec<_> =
            parts.iter().zip(&ranges).map(|(part, range)| Region::new(part, *range)).collect();
        let result = read(File::new(text, lines, layout, &regions));
        drop(parts);
        result
    }))
}

/// A text, cut along its markers, each part parsed alone.
struct Cut {
    layout: Layout,
    ranges: Vec<TextRange>,
    parts: Vec<Parsed<ModModule>>,
}

impl Cut {
    fn along(text: &str, lines: &Lines, markers: &[Marker]) -> Self {
        let layout = Layout::of(markers);
        let ranges = layout.regions(lines, TextSize::new(to_u32(text.len())));
        let parts = ranges.iter().map(|range| parse_part(text, *range)).collect();
        Self { layout, ranges, parts }
    }
}

/// Whether a part breaks off inside a string that goes on over its lines.
fn ends_in_string(part: &Parsed<ModModule>, range: TextRange) -> bool {
    use LexicalErrorType::{FStringError, TStringError, UnclosedStringError};
    part.errors().iter().any(|error| {
        matches!(
            &error.error,
            ParseErrorType::Lexical(UnclosedStringError | FStringError(_) | TStringError(_))
                | ParseErrorType::FStringError(_)
                | ParseErrorType::TStringError(_)
        ) && error.end() >= range.end()
    })
}

/// The markers among the candidates, as the tokens of the whole file have it.
fn outside_strings(text: &str, candidates: &[Marker]) -> Vec<Marker> {
    let whole = parse_file(text);
    let tokens = whole.tokens();
    let is_comment = |marker: &Marker| {
        tokens
            .binary_search_by_key(&marker.range.start(), Ranged::start)
            .is_ok_and(|at| tokens[at].kind() == TokenKind::Comment)
    };
    let comments: Vec<Marker> = candidates.iter().filter(|marker| is_comment(marker)).copied().collect();
    let commented = without_echoes(&comments);
    // A string that was opened and not closed yet swallows the markers behind it. Where all lines taken as markers
    // make a better file than those outside of strings, the string is what is wrong.
    let swallowed = !whole.errors().is_empty() && comments.len() < candidates.len();
    let all: Vec<Marker> = candidates.iter().filter(|marker| marker.exact).copied().collect();
    let problems = |markers: &[Marker]| Layout::of(markers).problems.len();
    let better = swallowed && (commented.is_empty() || problems(&all) < problems(&commented));
    dispose(vec![whole]);
    if better { all } else { commented }
}

/// Leaves out near misses of a marker that stands elsewhere as it should: they are ordinary comments.
fn without_echoes(markers: &[Marker]) -> Vec<Marker> {
    let exact = |marker: &Marker| {
        markers
            .iter()
            .any(|other| other.exact && (other.kind, other.closing) == (marker.kind, marker.closing))
    };
    markers.iter().filter(|marker| marker.exact || !exact(marker)).copied().collect()
}

/// A lone `# <test>` makes no pair of a file that has nothing else of one.
fn is_pair(markers: &[Marker]) -> bool {
    markers.iter().any(|marker| marker.exact || marker.kind != BlockKind::Test) || markers.len() > 1
}

/// Drops syntax trees, which takes as much stack as walking them.
fn dispose(parts: Vec<Parsed<ModModule>>) {
    on_deep_stack(depth(&parts), move || drop(parts));
}

fn depth(parts: &[Parsed<ModModule>]) -> usize {
    parts.iter().map(|part| longest_statement(part.tokens())).max().unwrap_or_default()
}

/// The most tokens in one statement: no expression is deeper.
fn longest_statement(tokens: &Tokens) -> usize {
    let (mut longest, mut length) = (0, 0);
    for token in tokens {
        length += 1;
        if token.kind() == TokenKind::Newline {
            longest = longest.max(length);
            length = 0;
        }
    }
    longest.max(length)
}

/// Runs something that recurses into a syntax tree, on a stack that the tree cannot exhaust.
fn on_deep_stack<T>(depth: usize, run: impl FnOnce() -> T) -> T {
    const SHALLOW: usize = 256;
    const FRAMES: usize = if cfg!(debug_assertions) { 6 << 10 } else { 2 << 10 };
    if depth <= SHALLOW {
        run()
    } else {
        stacker::maybe_grow(depth * FRAMES, depth * FRAMES + (1 << 20), run)
    }
}
