//! Draws a diagnostic as a compiler does: the line, a caret under the place, and what helps.

use std::borrow::Cow;

use annotate_snippets::{AnnotationKind, Group, Level, Patch, Renderer, Snippet};
use fusewright_engine::config::ConfigProblem;
use fusewright_pair::{Diagnostic, PairFile, Severity, TextRange, TextSize};

/// A diagnostic of a pair file, with colours.
pub(super) fn diagnostic(file: &str, pair: &PairFile, diagnostic: &Diagnostic) -> String {
    let text = shown(pair.text());
    let rule = diagnostic.rule;
    let snippet = Snippet::source(text.as_ref())
        .path(file)
        .annotation(AnnotationKind::Primary.span(first_line(&text, bytes(diagnostic.range))));
    let explained = format!("{}: `fusewright rule {}` explains it", rule.name(), rule.code());
    let found = level(diagnostic.severity)
        .primary_title(diagnostic.message.as_str())
        .id(rule.code())
        .element(snippet)
        .element(Level::NOTE.message(explained));
    let mut report = vec![found];
    if let Some(fix) = &diagnostic.fix {
        let patches =
            fix.edits.iter().map(|edit| Patch::new(bytes(edit.range), edit.new_text.replace("\r\n", "\n")));
        report.push(
            Level::HELP
                .secondary_title(fix.title.as_str())
                .element(Snippet::source(text.as_ref()).path(file).patches(patches)),
        );
    }
    draw(&report)
}

/// A fault of a settings file, with colours.
pub(super) fn setting(file: &str, text: &str, problem: &ConfigProblem) -> String {
    let text = shown(text);
    let snippet = Snippet::source(text.as_ref())
        .path(file)
        .annotation(AnnotationKind::Primary.span(first_line(&text, problem.range.clone())));
    draw(&[Level::ERROR.primary_title(problem.message.as_str()).element(snippet)])
}

/// An error that stands on a line of a pair file, or on none, with colours.
pub(super) fn error(file: &str, pair: &PairFile, title: &str, line: Option<u32>) -> String {
    let text = shown(pair.text());
    let title = Level::ERROR.primary_title(title);
    let Some(line) = line else { return draw(&[Group::with_title(title)]) };
    let span = bytes(pair.line_range(line));
    let snippet = Snippet::source(text.as_ref()).path(file).annotation(AnnotationKind::Primary.span(span));
    draw(&[title.element(snippet)])
}

/// The 1-based line and column of an offset, the column in characters.
pub(super) fn place(pair: &PairFile, offset: TextSize) -> (u32, usize) {
    let before = pair.text().get(..offset.to_usize()).unwrap_or_default();
    let start = before.rfind(['\n', '\r']).map_or(0, |end| end + 1);
    let column = before.get(start..).unwrap_or_default().chars().count() + 1;
    (pair.line_of(offset), column)
}

/// The word for a severity.
pub(super) fn severity_word(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Info => "info",
    }
}

fn level(severity: Severity) -> Level<'static> {
    match severity {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
        Severity::Info => Level::INFO,
    }
}

fn draw(report: &[Group<'_>]) -> String {
    Renderer::styled().render(report)
}

fn bytes(range: TextRange) -> std::ops::Range<usize> {
    range.start().to_usize()..range.end().to_usize()
}

/// A range that spans many lines is shown by its first: a caret under a whole block says no more.
fn first_line(text: &str, range: std::ops::Range<usize>) -> std::ops::Range<usize> {
    let covered = text.get(range.clone()).unwrap_or_default();
    range.start..range.start + covered.find('\n').unwrap_or(covered.len())
}

/// The text as it is drawn: a lone CR ends a line of a pair file, but not one of the drawing. Every byte keeps
/// its place.
fn shown(text: &str) -> Cow<'_, str> {
    if !text.contains('\r') {
        return Cow::Borrowed(text);
    }
    let mut shown = String::with_capacity(text.len());
    let mut characters = text.chars().peekable();
    while let Some(character) = characters.next() {
        let lone = character == '\r' && characters.peek() != Some(&'\n');
        shown.push(if lone { '\n' } else { character });
    }
    Cow::Owned(shown)
}
