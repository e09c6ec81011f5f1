//! From a text to what is known of it: one parse, one walk of each block, then the rules.

use std::sync::Arc;

use ruff_python_ast::token::TokenKind;
use ruff_python_parser::{LexicalErrorType, ParseErrorType};
use ruff_text_size::{Ranged, TextRange, TextSize};

use crate::block::BlockKind;
use crate::file::File;
use crate::layout::Layout;
use crate::lines::{Lines, to_u32};
use crate::marker::{Marker, candidates};
use crate::pair_file::Facts;
use crate::part::Part;
use crate::syntax::{Region, parse_file};
use crate::triton::Version;

/// Longer texts are no pair files; they are not read.
const LONGEST_TEXT: usize = 4 << 20;

/// Texts with more markers are no pair files either, but made to keep a reader busy: what is said of a marker depends on
/// all others.
const MOST_MARKERS: usize = 1000;

/// Reads a text.
pub(crate) fn analyse(text: &str, triton: Option<Version>) -> Facts {
    analyse_again(text, triton, &Arc::default(), &mut Parts::default())
}

/// The same for the next version of `old_text`, of which `parts` are the parts; they become those of `text`.
pub(crate) fn analyse_again(
    text: &str,
    triton: Option<Version>,
    old_text: &Arc<str>,
    parts: &mut Parts,
) -> Facts {
    let read = |mut file: File<'_>| {
        file.triton = triton;
        file.into_facts()
    };
    with_file_again(text, old_text, parts, read).unwrap_or_else(Facts::none)
}

/// Reads a text and hands over the file with its syntax tree; gives the lines back if the text is no pair.
pub(crate) fn with_file<T>(text: &str, read: impl FnOnce(File<'_>) -> T) -> Result<T, Lines> {
    with_file_again(text, &Arc::default(), &mut Parts::default(), read)
}

fn with_file_again<T>(
    text: &str,
    old_text: &Arc<str>,
    parts: &mut Parts,
    read: impl FnOnce(File<'_>) -> T,
) -> Result<T, Lines> {
    let old = std::mem::take(parts);
    if text.len() > LONGEST_TEXT {
        return Err(Lines::new(""));
    }
    let lines = Lines::new(text);
    let candidates = candidates(text, &lines);
    if candidates.is_empty() || candidates.len() > MOST_MARKERS {
        return Err(lines);
    }
    let mut markers = without_echoes(&candidates);
    let mut cut = Cut::again(text, &lines, &markers, old_text, old);
    // A candidate inside a string cuts the string in two, or lies in a part as what is no comment.
    let in_string = |marker: &Marker| cut.parts.iter().any(|part| part.holds_otherwise(marker.range.start()));
    if cut.parts.iter().any(ends_in_string) || markers.iter().any(in_string) {
        let outside = outside_strings(text, &candidates);
        if outside != markers {
            cut = Cut::again(text, &lines, &outside, &Arc::default(), Parts::default());
            markers = outside;
        }
    }
    if !is_pair(&markers) {
        return Err(lines);
    }
    *parts = cut.parts;
    let regions: Vec<_> = parts.iter().map(Region::new).collect();
    let layout = cut.layout;
    Ok(on_deep_stack(parts.depth(), move || read(File::new(text, lines, layout, &regions))))
}

/// The parts of a text, in its order.
#[derive(Debug, Default)]
pub(crate) struct Parts(Vec<Part>);

impl Parts {
    pub(crate) fn iter(&self) -> std::slice::Iter<'_, Part> {
        self.0.iter()
    }

    fn depth(&self) -> usize {
        self.iter().map(Part::depth).max().unwrap_or_default()
    }
}

impl Drop for Parts {
    /// Dropping a syntax tree takes as much stack as walking it.
    fn drop(&mut self) {
        let depth = self.depth();
        let parts = std::mem::take(&mut self.0);
        on_deep_stack(depth, move || drop(parts));
    }
}

/// A text, cut along its markers, each part parsed alone.
struct Cut {
    layout: Layout,
    parts: Parts,
}

impl Cut {
    /// Cuts a text; what is the same in the parts of an older one is taken from there.
    fn again(text: &str, lines: &Lines, markers: &[Marker], old_text: &Arc<str>, mut old: Parts) -> Self {
        let layout = Layout::of(markers);
        let ranges = layout.regions(lines, TextSize::new(to_u32(text.len())));
        let parts = if old.0.len() == ranges.len() {
            on_deep_stack(old.depth(), || {
                let old = std::mem::take(&mut old.0).into_iter().zip(ranges);
                Parts(old.map(|(part, range)| part.edited(old_text, text, range)).collect())
            })
        } else {
            Parts(ranges.into_iter().map(|range| Part::new(text, range)).collect())
        };
        Self { layout, parts }
    }
}

/// Whether a part breaks off inside a string that goes on over its lines.
fn ends_in_string(part: &Part) -> bool {
    use LexicalErrorType::{FStringError, TStringError, UnclosedStringError};
    part.errors.iter().any(|error| {
        matches!(
            &error.error,
            ParseErrorType::Lexical(UnclosedStringError | FStringError(_) | TStringError(_))
                | ParseErrorType::FStringError(_)
                | ParseErrorType::TStringError(_)
        ) && error.end() >= part.range.end()
    })
}

/// The markers among the candidates, as the tokens of the whole file have it.
fn outside_strings(text: &str, candidates: &[Marker]) -> Vec<Marker> {
    let range = TextRange::up_to(TextSize::new(to_u32(text.len())));
    let whole = Parts(vec![Part::of(parse_file(text), range)]);
    let Part { tokens, errors, .. } = &whole.0[0];
    let is_comment = |marker: &Marker| {
        tokens
            .binary_search_by_key(&marker.range.start(), Ranged::start)
            .is_ok_and(|at| tokens[at].kind() == TokenKind::Comment)
    };
    let comments: Vec<Marker> = candidates.iter().filter(|marker| is_comment(marker)).copied().collect();
    let commented = without_echoes(&comments);
    // A string that was opened and not closed yet swallows the markers behind it. Where all lines taken as markers
    // make a better file than those outside of strings, the string is what is wrong.
    let swallowed = !errors.is_empty() && comments.len() < candidates.len();
    let all: Vec<Marker> = candidates.iter().filter(|marker| marker.exact).copied().collect();
    let problems = |markers: &[Marker]| Layout::of(markers).problems.len();
    let better = swallowed && (commented.is_empty() || problems(&all) < problems(&commented));
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
