//! One line of the dataset.

use std::fmt::Write;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::tokens::{Token, tokens};

/// One example: exactly these fields, in this order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Example {
    /// One sentence that says what is computed.
    pub description: String,
    /// The whole text of the PYTHON block.
    pub python_code: String,
    /// The whole text of the TRITON block.
    pub triton_code: String,
    /// The whole text of the TEST block.
    pub test_code: String,
}

impl Example {
    /// The example as one line of JSON, without the line's end.
    pub fn to_line(&self) -> String {
        json_line(self)
    }

    /// Reads a line; `None` where it is not an object of exactly the four fields.
    pub fn from_line(line: &[u8]) -> Option<Self> {
        serde_json::from_slice(line).ok()
    }

    /// The example as a pair file in the closed style.
    pub fn to_pair(&self) -> String {
        let mut text = format!("{:?}\n", self.description);
        for (tag, code) in
            [("PYTHON", &self.python_code), ("TRITON", &self.triton_code), ("TEST", &self.test_code)]
        {
            let end = if code.ends_with(['\n', '\r']) || code.is_empty() { "" } else { "\n" };
            // Writing to a string cannot fail.
            let _ = write!(text, "\n# <{tag}>\n{code}{end}# </{tag}>\n");
        }
        text
    }

    /// A digest of the code that says the same for two examples which differ in comments, blanks and line
    /// ends alone. The inputs and the description do not count: other inputs do not make another example.
    pub fn code_hash(&self) -> String {
        let mut text = normalise(&self.python_code);
        text.push('\0');
        text.push_str(&normalise(&self.triton_code));
        format!("{:x}", Sha256::digest(text))
    }
}

/// A value as one line of JSON that every reader takes for one line: some split at the line separators of
/// Unicode too, so those are escaped.
pub(crate) fn json_line(value: &impl Serialize) -> String {
    let text = serde_json::to_string(value).unwrap_or_default();
    let mut line = String::with_capacity(text.len());
    for character in text.chars() {
        if matches!(character, '\u{85}' | '\u{2028}' | '\u{2029}') {
            // Writing to a string cannot fail.
            let _ = write!(line, "\\u{:04x}", u32::from(character));
        } else {
            line.push(character);
        }
    }
    line
}

/// A digest of one block's code that says the same for what differs in comments, blanks and line ends alone.
pub(crate) fn code_digest(code: &str) -> String {
    format!("{:x}", Sha256::digest(normalise(code)))
}

fn normalise(code: &str) -> String {
    let mut text = String::with_capacity(code.len());
    let mut after_word = false;
    for token in tokens(code) {
        let is_word = matches!(token, Token::Word(_));
        match token {
            Token::Word(word) => {
                if after_word {
                    text.push(' ');
                }
                text.push_str(word);
            }
            Token::Text(string) => text.extend(string.chars().filter(|character| *character != '\r')),
            Token::Mark(mark) => text.push(mark),
            Token::Newline => text.push('\n'),
            Token::Indent => text.push('\u{1}'),
            Token::Dedent => text.push('\u{2}'),
        }
        after_word = is_word;
    }
    text
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn example(python: &str) -> Example {
        Example {
            description: "d".into(),
            python_code: python.into(),
            triton_code: "t".into(),
            test_code: "i".into(),
        }
    }

    #[test]
    fn a_line_has_the_four_fields_in_order() {
        let line = example("a = \"\u{2028}é\"\r\n").to_line();
        assert_eq!(
            line,
            r#"{"description":"d","python_code":"a = \"\u2028é\"\r\n","triton_code":"t","test_code":"i"}"#
        );
    }

    #[test]
    fn layout_and_comments_make_no_other_example() {
        let one = example("import torch\ndef f(x):\n    return x+1\n").code_hash();
        let other = "import torch\r\n\r\n# adds\r\ndef f( x ):\r\n  return x + 1  # one\r\n";
        assert_eq!(example(other).code_hash(), one);
        for different in [
            "import torch\ndef f(x):\n    return x+2\n",
            "import torch\ndef f(x):\n    pass\nreturn x+1\n",
            "import torch\ndef f(x):\n    returnx+1\n",
        ] {
            assert_ne!(example(different).code_hash(), one, "{different}");
        }
        assert_ne!(example("'a b'").code_hash(), example("'ab'").code_hash());
        assert_ne!(example("if a:\n b\nc").code_hash(), example("if a:\n b\n c").code_hash());
    }

    proptest! {
        #[test]
        fn any_example_is_one_line_and_reads_back(code in "(?s).{0,60}", description in "(?s).{0,20}") {
            let example = Example { description, ..example(&code) };
            let line = example.to_line();
            let breaks = ['\n', '\r', '\u{85}', '\u{2028}', '\u{2029}'];
            prop_assert!(!line.contains(breaks));
            prop_assert_eq!(Example::from_line(line.as_bytes()), Some(example));
        }
    }
}
