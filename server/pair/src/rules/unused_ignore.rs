//! FW209: comments that silence findings, and those of them that silence nothing.

use ruff_python_ast::token::TokenKind;
use ruff_text_size::{Ranged, TextRange, TextSize};

use super::{About, Rule};
use crate::diagnostic::{Diagnostic, Edit, Fix, Severity};
use crate::file::File;
use crate::lines::to_u32;
use crate::pair_file::slice;

pub(super) const ABOUT: About = About {
    rule: Rule::UnusedIgnore,
    code: "FW209",
    name: "unused-ignore",
    severity: Severity::Warning,
    summary: "A comment `# fusewright: ignore[…]` silences nothing.",
    why: "A comment of this form at the end of a line silences findings of the rules that it names, on that line. One that is \
          left behind when its reason is gone would hide the next fault there. It silences nothing too where it names no \
          rule, a rule that does not exist, or one about trust (FW4xx), which nothing silences: the model writes the file.",
    fix: Some("Takes the code, or the whole comment, away."),
    bad: include_str!("examples/FW209-bad.py"),
    good: include_str!("examples/FW209-good.py"),
};

/// How the comment begins, behind `#` and blanks.
const PREFIX: &str = "fusewright:";

/// One comment that silences.
struct Ignore<'a> {
    /// The whole comment, or the part of it from `#` on that is this.
    range: TextRange,
    line: u32,
    codes: Vec<(&'a str, TextRange, bool)>,
    /// Whether it could be read.
    readable: bool,
}

/// Takes away what comments silence, and reports the comments that silence nothing.
pub(super) fn apply(file: &File<'_>, found: &mut Vec<Diagnostic>) {
    // Nearly no file has such a comment, so that is asked first.
    if memchr::memmem::find(file.text.as_bytes(), PREFIX.as_bytes()).is_none() {
        return;
    }
    let mut ignores = comments(file);
    if ignores.is_empty() {
        return;
    }
    found.retain(|diagnostic| {
        if !diagnostic.rule.may_be_ignored() {
            return true;
        }
        let line = file.lines.line_of(diagnostic.range.start());
        // A finding on several lines may be silenced at the end of its last one.
        let last = file.lines.line_of(diagnostic.range.end());
        let mut silenced = false;
        for ignore in ignores.iter_mut().filter(|ignore| ignore.line == line || ignore.line == last) {
            for (code, _, used) in &mut ignore.codes {
                if *code == diagnostic.rule.code() {
                    *used = true;
                    silenced = true;
                }
            }
        }
        !silenced
    });
    for ignore in &ignores {
        report(file, ignore, found);
    }
}

/// The edit that silences a rule on a line: its code, added to the comment that is there, or to a new one. None where a
/// comment cannot stand: beside a marker, on a line that goes on in the next, inside a string.
pub(crate) fn silence(file: &File<'_>, rule: Rule, line: u32) -> Option<Fix> {
    if !rule.may_be_ignored() || rule == Rule::UnusedIgnore {
        return None;
    }
    // A marker stands alone on its line, and so does what is nearly one.
    let marks = |range: TextRange| file.lines.line_of(range.start()) == line;
    let is_of_markers = matches!(rule, Rule::MalformedMarker | Rule::UnmatchedMarker);
    if is_of_markers || file.layout.borders.iter().any(|border| marks(border.range)) {
        return None;
    }
    let code = rule.code();
    let title = format!("Ignore {code} on this line");
    if let Some(known) = comments(file).into_iter().find(|ignore| ignore.line == line && ignore.readable) {
        let codes: Vec<&str> = known.codes.iter().map(|(code, ..)| *code).chain([code]).collect();
        let text = format!("# {PREFIX} ignore[{}]", codes.join(", "));
        return Some(Fix::unsafe_(title, vec![Edit::replace(known.range, text)]));
    }
    let full = file.lines.full_range(line);
    let text = slice(file.text, full)?;
    let code_end = text.trim_end().len();
    let end = full.start() + size(code_end);
    let mut tokens = file.regions.iter().flat_map(|region| region.tokens);
    // A string, or a line that ends in a backslash, goes on behind the end of the line.
    let goes_on = text.trim_end().ends_with('\\')
        || tokens.any(|token| {
            token.start() < end
                && token.end() > end
                && !token.kind().is_trivia()
                && token.kind() != TokenKind::Newline
        });
    if goes_on || code_end == 0 {
        return None;
    }
    Some(Fix::unsafe_(title, vec![Edit::insert(end, format!("  # {PREFIX} ignore[{code}]"))]))
}

fn comments<'a>(file: &File<'a>) -> Vec<Ignore<'a>> {
    let mut ignores = Vec::new();
    let tokens = file.regions.iter().flat_map(|region| region.tokens);
    for token in tokens.filter(|token| token.kind() == TokenKind::Comment) {
        let Some(text) = slice(file.text, token.range()) else { continue };
        let Some(at) = text.find(PREFIX) else { continue };
        // Another comment may stand before it: `# why  # fusewright: ignore[FW305]`.
        let Some(hash) = text[..at].rfind('#').filter(|hash| text[*hash + 1..at].trim().is_empty()) else {
            continue;
        };
        let rest = &text[at + PREFIX.len()..];
        let body = rest.trim_start();
        let Some(list) = body.strip_prefix("ignore") else { continue };
        let offset = text.len() - list.len();
        let start = token.start() + size(hash);
        let line = file.lines.line_of(token.start());
        let closed = list.trim_start().strip_prefix('[').and_then(|inside| inside.split_once(']'));
        let Some((inside, behind)) = closed else {
            ignores.push(Ignore {
                range: TextRange::new(start, token.end()),
                line,
                codes: Vec::new(),
                readable: false,
            });
            continue;
        };
        let mut at = offset + list.len() - list.trim_start().len() + 1;
        let mut codes = Vec::new();
        for part in inside.split(',') {
            let code = part.trim();
            let blanks = part.len() - part.trim_start().len();
            if !code.is_empty() {
                let begin = token.start() + size(at + blanks);
                codes.push((code, TextRange::at(begin, size(code.len())), false));
            }
            at += part.len() + 1;
        }
        // What stands behind it is another comment, or a reason.
        let end = token.end() - size(behind.len());
        ignores.push(Ignore { range: TextRange::new(start, end), line, codes, readable: true });
    }
    ignores
}

fn report(file: &File<'_>, ignore: &Ignore<'_>, found: &mut Vec<Diagnostic>) {
    let mut push = |range, message: String, fix| {
        found.push(Diagnostic::new(Rule::UnusedIgnore, range, message).with_fix(Some(fix)));
    };
    let all = || Fix::safe("Take the comment away", vec![without(file, ignore)]);
    if ignore.codes.is_empty() {
        let message = if ignore.readable {
            "this comment names no rule, so it silences nothing: write `# fusewright: ignore[FW305]`"
        } else {
            "this comment cannot be read, so it silences nothing: write `# fusewright: ignore[FW305]`"
        };
        push(ignore.range, message.to_owned(), all());
        return;
    }
    let used: Vec<&str> = ignore.codes.iter().filter(|(.., used)| *used).map(|(code, ..)| *code).collect();
    for (code, range, _) in ignore.codes.iter().filter(|(.., used)| !used) {
        let message = match Rule::from_code(code) {
            Some(rule) if !rule.may_be_ignored() => {
                format!("{code} is about trust and cannot be silenced: mend what it finds")
            }
            None if code.starts_with("FW5") => format!("{code} is a verdict's and cannot be silenced"),
            None => format!("there is no rule {code}"),
            Some(_) => format!("{code} finds nothing on this line, so this silences nothing: take it away"),
        };
        let fix = if used.is_empty() {
            all()
        } else {
            let text = format!("# {PREFIX} ignore[{}]", used.join(", "));
            Fix::safe(format!("Take {code} away"), vec![Edit::replace(ignore.range, text)])
        };
        push(*range, message, fix);
    }
}

/// The edit that takes a comment away. What stands behind it stays a comment.
fn without(file: &File<'_>, ignore: &Ignore<'_>) -> Edit {
    let line_end = file.lines.full_range(ignore.line).end();
    let behind = slice(file.text, TextRange::new(ignore.range.end(), line_end)).unwrap_or_default();
    let kept = behind.trim();
    if kept.is_empty() {
        return Edit::delete(with_blanks(file, ignore.range));
    }
    if kept.starts_with('#') {
        let blanks = behind.len() - behind.trim_start().len();
        return Edit::delete(TextRange::new(ignore.range.start(), ignore.range.end() + size(blanks)));
    }
    Edit::replace(ignore.range, "#")
}

/// A comment with the blanks before it, and with its line if nothing else stands there.
fn with_blanks(file: &File<'_>, range: TextRange) -> TextRange {
    let line = file.lines.start_of_line(range.start());
    let before = slice(file.text, TextRange::new(line, range.start())).unwrap_or_default();
    let kept = before.trim_end_matches([' ', '\t']);
    let next = file.lines.next_line(range.start());
    let behind = slice(file.text, TextRange::new(range.end(), next)).unwrap_or_default();
    if kept.is_empty() && behind.trim().is_empty() {
        return TextRange::new(line, next);
    }
    TextRange::new(line + size(kept.len()), range.end())
}

fn size(length: usize) -> TextSize {
    TextSize::new(to_u32(length))
}
