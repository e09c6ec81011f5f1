//! A light cut of Python code into tokens, which never fails.
//!
//! It is for comparing and describing code that a parser has accepted before, thousands of examples at a time:
//! comments and blanks are gone, strings are whole, and blocks are told by indent and dedent.

/// One token of Python code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Token<'a> {
    /// A name, keyword or number.
    Word(&'a str),
    /// A string with its quotes; its prefix is a word before it.
    Text(&'a str),
    /// Any other character.
    Mark(char),
    /// The end of a statement's line.
    Newline,
    /// A block begins.
    Indent,
    /// A block ends.
    Dedent,
}

/// Cuts code into tokens.
pub(crate) fn tokens(code: &str) -> Vec<Token<'_>> {
    let mut cutter = Cutter { code, at: 0, depth: 0, indents: vec![0], tokens: Vec::new() };
    cutter.cut();
    cutter.tokens
}

struct Cutter<'a> {
    code: &'a str,
    at: usize,
    depth: usize,
    indents: Vec<usize>,
    tokens: Vec<Token<'a>>,
}

impl<'a> Cutter<'a> {
    fn cut(&mut self) {
        let mut line_starts = true;
        while let Some(next) = self.peek() {
            match next {
                '\n' | '\r' => {
                    self.at += 1;
                    if self.depth == 0 && !line_starts {
                        self.tokens.push(Token::Newline);
                        line_starts = true;
                    }
                }
                '#' => self.skip_comment(),
                '\\' if self.rest().starts_with("\\\n") => self.at += 2,
                '\\' if self.rest().starts_with("\\\r\n") => self.at += 3,
                _ if next.is_whitespace() || next == '\u{feff}' => self.at += next.len_utf8(),
                _ => {
                    if std::mem::take(&mut line_starts) {
                        self.indent();
                    }
                    self.token(next);
                }
            }
        }
        if !line_starts {
            self.tokens.push(Token::Newline);
        }
        self.tokens.extend(self.indents.drain(1..).map(|_| Token::Dedent));
    }

    fn rest(&self) -> &'a str {
        self.code.get(self.at..).unwrap_or_default()
    }

    fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    fn skip_comment(&mut self) {
        self.at += self.rest().find(['\n', '\r']).unwrap_or(self.rest().len());
    }

    /// Compares the indentation of the line that begins at `at` with the blocks that are open.
    fn indent(&mut self) {
        let before = self.code.get(..self.at).unwrap_or_default();
        let line = before.rfind(['\n', '\r']).map_or(0, |end| end + 1);
        let width = self.at - line;
        let open = |indents: &[usize]| indents.last().copied().unwrap_or(0);
        if width > open(&self.indents) {
            self.indents.push(width);
            self.tokens.push(Token::Indent);
        }
        while width < open(&self.indents) {
            self.indents.pop();
            self.tokens.push(Token::Dedent);
        }
    }

    fn token(&mut self, next: char) {
        let rest = self.rest();
        if next == '"' || next == '\'' {
            let end = string_end(rest);
            self.tokens.push(Token::Text(rest.get(..end).unwrap_or(rest)));
            self.at += end;
        } else if is_word(next) {
            let end = rest.find(|other| !is_word(other)).unwrap_or(rest.len());
            self.tokens.push(Token::Word(rest.get(..end).unwrap_or(rest)));
            self.at += end;
        } else {
            match next {
                '(' | '[' | '{' => self.depth += 1,
                ')' | ']' | '}' => self.depth = self.depth.saturating_sub(1),
                _ => {}
            }
            self.tokens.push(Token::Mark(next));
            self.at += next.len_utf8();
        }
    }
}

fn is_word(character: char) -> bool {
    character.is_alphanumeric() || character == '_'
}

/// Where the string that `text` begins with ends; an unclosed one ends with the text.
fn string_end(text: &str) -> usize {
    let quote = text.get(..1).unwrap_or_default();
    let triple = quote.repeat(3);
    let closing = if text.starts_with(&triple) { triple.as_str() } else { quote };
    let mut at = closing.len();
    while let Some(rest) = text.get(at..).filter(|rest| !rest.is_empty()) {
        if rest.starts_with(closing) {
            return at + closing.len();
        }
        let mut characters = rest.chars();
        let first = characters.next().map_or(1, char::len_utf8);
        let escaped = if rest.starts_with('\\') { characters.next().map_or(0, char::len_utf8) } else { 0 };
        at += first + escaped;
    }
    text.len()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn comments_and_blanks_are_gone_and_strings_are_whole() {
        use Token::{Dedent, Indent, Mark, Newline, Text, Word};
        let code =
            "# note\ndef f(x,\n      y):  # more\n\n    return r'a # \\' b' + \\\n  \"\"\"c\n\"d\"\"\"\nz\n";
        assert_eq!(
            tokens(code),
            [
                Word("def"),
                Word("f"),
                Mark('('),
                Word("x"),
                Mark(','),
                Word("y"),
                Mark(')'),
                Mark(':'),
                Newline,
                Indent,
                Word("return"),
                Word("r"),
                Text("'a # \\' b'"),
                Mark('+'),
                Text("\"\"\"c\n\"d\"\"\""),
                Newline,
                Dedent,
                Word("z"),
                Newline,
            ]
        );
    }

    proptest! {
        #[test]
        fn any_text_is_cut_without_a_panic(code in "(?s).{0,80}|[a('\"\\\\#\\n \\[\\]]{0,40}") {
            let tokens = tokens(&code);
            let indents = tokens.iter().filter(|token| **token == Token::Indent).count();
            let dedents = tokens.iter().filter(|token| **token == Token::Dedent).count();
            prop_assert_eq!(indents, dedents);
        }
    }
}
