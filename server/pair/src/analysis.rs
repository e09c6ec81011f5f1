//! From a text to what is known of it: one parse, one walk of each block, then the rules.

use ruff_python_ast::ModModule;
use ruff_python_ast::token::{TokenKind, Tokens};
use ruff_python_parser::Parsed;
use ruff_text_size::{Ranged, TextRange, TextSize};

use crate::block::BlockKind;
use crate::file::File;
use crate::layout::Layout;
use crate::lines::{Lines, to_u32};
use crate::marker::{Marker, candidates};
use crate::pair_file::Facts;
use crate::syntax::{Region, cut, parse_file, parse_part};

/// Longer texts are no pair files; they are not read.
const LONGEST_TEXT: usize = 4 << 20;

/// Reads a text.
pub(crate) fn analyse(text: &str) -> Facts {
    #[allow(
        clippy::redundant_closure_for_method_calls,
        reason = "the method alone is not general enough in its lifetime"
    )]
    match with_file(text, |file| file.into_facts()) {
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
    let whole = parse_file(text);
    let markers = choose(&candidates, &whole);
    if !is_pair(&markers) {
        return Err(lines);
    }
    let layout = Layout::of(&markers);
    let ranges = layout.regions(&lines, TextSize::new(to_u32(text.len())));
    // A valid file whose statements keep to their regions needs no second look: each region is valid alone.
    let valid = whole.errors().is_empty() && cut(whole.suite(), &ranges).is_some();
    let parts: Vec<_> =
        if valid { Vec::new() } else { ranges.iter().map(|range| parse_part(text, *range)).collect() };
    let depth = parts
        .iter()
        .chain([&whole])
        .map(|parsed| longest_statement(parsed.tokens()))
        .max()
        .unwrap_or_default();
    Ok(on_deep_stack(depth, move || {
        let regions =
            if valid { cut(whole.suite(), &ranges).unwrap_or_default() } else { separate(&parts, &ranges) };
        let result = read(File::new(text, lines, layout, &regions, &whole));
        // Dropping a deep tree takes as much stack as walking it.
        drop((whole, parts));
        result
    }))
}

fn separate<'a>(parts: &'a [Parsed<ModModule>], ranges: &[TextRange]) -> Vec<Region<'a>> {
    parts
        .iter()
        .zip(ranges)
        .map(|(part, range)| Region {
            range: *range,
            statements: part.suite(),
            error: part.errors().iter().min_by_key(|error| error.start()),
            tokens: Some(part.tokens()),
        })
        .collect()
}

/// The markers among the lines that look like one.
fn choose(candidates: &[Marker], whole: &Parsed<ModModule>) -> Vec<Marker> {
    let tokens = whole.tokens();
    let is_comment = |marker: &Marker| {
        tokens
            .binary_search_by_key(&marker.range.start(), Ranged::start)
            .is_ok_and(|at| tokens[at].kind() == TokenKind::Comment)
    };
    let comments: Vec<Marker> = candidates.iter().filter(|marker| is_comment(marker)).copied().collect();
    let commented = without_echoes(&comments);
    if whole.errors().is_empty() || commented.len() == candidates.len() {
        return commented;
    }
    // A string that was opened and not closed yet swallows the markers behind it. Where all lines taken as markers
    // make a better file than those outside of strings, the string is what is wrong.
    let all: Vec<Marker> = candidates.iter().filter(|marker| marker.exact).copied().collect();
    let problems = |markers: &[Marker]| Layout::of(markers).problems.len();
    if commented.is_empty() || problems(&all) < problems(&commented) { all } else { commented }
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
