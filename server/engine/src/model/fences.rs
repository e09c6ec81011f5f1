//! Finds code in prose: fences of backticks or tildes, wherever they stand, and code that was damaged on its way.

/// A fence opened and not yet closed.
struct Open<'a> {
    fence: &'a str,
    kind: Kind,
    /// How far the fence is indented, as in a list.
    indent: usize,
    quoted: bool,
    lines: Vec<&'a str>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Python,
    /// Changes to a text, in place of a text.
    Diff,
    /// An answer within the answer.
    Markdown,
    /// Something else, unless it is a kernel all the same.
    Other,
}

/// The contents of fences that hold Python, say no language, or hold a kernel whatever they say; of a diff, what it
/// makes.
pub(crate) fn fenced_blocks(text: &str) -> Vec<String> {
    let mut blocks = Vec::new();
    let mut open: Option<Open<'_>> = None;
    for line in text.lines() {
        match &mut open {
            None => open = opened(line),
            Some(one) => {
                let line = if one.quoted { unquoted(line) } else { line };
                let trimmed = line.trim();
                if fence_of(trimmed).is_some_and(|found| found.starts_with(one.fence) && trimmed == found) {
                    blocks.extend(open.take().map(Open::blocks).unwrap_or_default());
                } else {
                    one.lines.push(line);
                }
            }
        }
    }
    // The answer is whole, so a fence that was not closed was forgotten.
    blocks.extend(open.map(Open::blocks).unwrap_or_default());
    blocks.retain(|block| !block.trim().is_empty());
    blocks
}

/// Whether an answer gives changes in place of code.
pub(super) fn has_diff(text: &str) -> bool {
    text.lines()
        .any(|line| line.starts_with("@@ ") || opened(line).is_some_and(|open| open.kind == Kind::Diff))
}

fn opened(line: &str) -> Option<Open<'_>> {
    let quoted = line.trim_start().starts_with('>');
    let inner = if quoted { unquoted(line) } else { line };
    let trimmed = after_item(inner.trim_start());
    let fence = fence_of(trimmed)?;
    let indent = inner.len() - trimmed.len();
    let language = trimmed.get(fence.len()..)?.trim().to_ascii_lowercase();
    // What holds a fence itself is code between backticks in a line.
    if language.contains('`') {
        return None;
    }
    let language = language.trim_start_matches(['{', '.']);
    let kind = match language.split([' ', '{', ',', ':', '}', '=']).next().unwrap_or_default() {
        "" | "python" | "py" | "python3" | "py3" | "triton" | "ipython" => Kind::Python,
        "diff" | "patch" => Kind::Diff,
        "markdown" | "md" => Kind::Markdown,
        _ => Kind::Other,
    };
    Some(Open { fence, kind, indent, quoted, lines: Vec::new() })
}

impl Open<'_> {
    fn blocks(self) -> Vec<String> {
        let blank = |line: &&str| line.len() - line.trim_start_matches([' ', '\t']).len();
        let written = self.lines.iter().filter(|line| !line.trim().is_empty());
        let indent = written.map(blank).min().unwrap_or_default().min(self.indent);
        let dedented = self.lines.iter().map(|line| line.get(blank(line).min(indent)..).unwrap_or_default());
        let text = dedented.collect::<Vec<_>>().join("\n");
        match self.kind {
            Kind::Python if text.lines().any(|line| line.starts_with("@@ ")) => vec![made_by_diff(&text)],
            Kind::Python => vec![text],
            Kind::Diff => vec![made_by_diff(&text)],
            Kind::Markdown => fenced_blocks(&text),
            Kind::Other if text.contains("triton.jit") => vec![text],
            Kind::Other => Vec::new(),
        }
    }
}

/// What a diff leaves: its new lines, and those that stay.
fn made_by_diff(diff: &str) -> String {
    const HEADS: [&str; 6] = ["--- ", "+++ ", "@@", "diff ", "index ", "\\ No newline"];
    let kept = diff.lines().filter(|line| !HEADS.iter().any(|head| line.starts_with(head)));
    let kept = kept.filter(|line| !line.starts_with('-'));
    kept.map(|line| line.strip_prefix(['+', ' ']).unwrap_or(line)).collect::<Vec<_>>().join("\n")
}

/// A line of a quotation.
fn unquoted(line: &str) -> &str {
    let trimmed = line.trim_start();
    trimmed.strip_prefix("> ").or_else(|| trimmed.strip_prefix('>')).unwrap_or(line)
}

/// What stands in an item of a list: `- `, `* `, `1. `.
fn after_item(line: &str) -> &str {
    let digits = line.trim_start_matches(|character: char| character.is_ascii_digit());
    let rest = if digits.len() < line.len() {
        digits.strip_prefix(['.', ')'])
    } else {
        line.strip_prefix(['-', '*', '+'])
    };
    rest.filter(|rest| rest.starts_with(' ')).map_or(line, str::trim_start)
}

/// The three or more backticks or tildes at the start of a line.
fn fence_of(line: &str) -> Option<&str> {
    let mark = line.chars().next().filter(|mark| matches!(mark, '`' | '~'))?;
    let count = line.chars().take_while(|&character| character == mark).count();
    if count >= 3 { line.get(..count) } else { None }
}

/// Bare code with prose before or after it: from the first line that can begin it, as much as may be code; the
/// longest first.
pub(super) fn without_prose(text: &str) -> Vec<String> {
    const MOST: usize = 40;
    let lines: Vec<&str> = text.lines().filter(|line| fence_of(line.trim()).is_none()).collect();
    let begins =
        |line: &&str| ["import ", "from ", "@", "def ", "class "].iter().any(|word| line.starts_with(word));
    let Some(first) = lines.iter().position(&begins) else { return Vec::new() };
    let code = lines.get(first..).unwrap_or_default();
    // Prose that follows begins after the last line that belongs to a definition.
    let inside = |line: &&str| line.starts_with([' ', '\t', ')', '@', '#']) || begins(line);
    let ends = (0..code.len()).rev().filter(|&at| code.get(at).is_some_and(&inside));
    ends.take(MOST).filter_map(|last| Some(code.get(..=last)?.join("\n"))).collect()
}

/// Code as it was before a page escaped it.
pub(super) fn unescaped(code: &str) -> Option<String> {
    const ENTITIES: [(&str, &str); 7] = [
        ("&lt;", "<"),
        ("&gt;", ">"),
        ("&quot;", "\""),
        ("&#39;", "'"),
        ("&#x27;", "'"),
        ("&nbsp;", " "),
        ("&amp;", "&"),
    ];
    let text = ENTITIES.iter().fold(code.to_owned(), |text, (entity, meant)| text.replace(entity, meant));
    (text != code).then_some(text)
}

/// Code as it was before a word processor made it pretty. Only for what is no Python otherwise: a text may hold such
/// characters.
pub(super) fn plain(code: &str) -> Option<String> {
    let text: String = code
        .chars()
        .filter(|character| !matches!(character, '\u{200b}' | '\u{feff}' | '\u{2060}'))
        .map(|character| match character {
            '\u{201c}' | '\u{201d}' | '\u{201e}' => '"',
            '\u{2018}' | '\u{2019}' | '\u{201a}' => '\'',
            '\u{a0}' | '\u{2007}' | '\u{202f}' => ' ',
            '\u{2013}' | '\u{2212}' => '-',
            other => other,
        })
        .collect();
    (text != code).then_some(text)
}
