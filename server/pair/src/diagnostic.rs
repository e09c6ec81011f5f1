//! What is wrong with a pair file, and how it is mended.

use ruff_text_size::TextRange;

use crate::rules::Rule;

/// How bad a diagnostic is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// The pair cannot be verified as it stands.
    Error,
    /// The pair can be verified, but not as its author is likely to think.
    Warning,
    /// Something that is worth knowing.
    Info,
}

/// One thing that a rule found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Diagnostic {
    /// The rule that found it.
    pub rule: Rule,
    /// How bad it is.
    pub severity: Severity,
    /// What is wrong, where, and what to do: one sentence.
    pub message: String,
    /// Where it is wrong.
    pub range: TextRange,
    /// The change that mends it, where one is known.
    pub fix: Option<Fix>,
}

impl Diagnostic {
    pub(crate) fn new(rule: Rule, range: TextRange, message: impl Into<String>) -> Self {
        Self { rule, severity: rule.severity(), message: message.into(), range, fix: None }
    }

    pub(crate) fn with_severity(mut self, severity: Severity) -> Self {
        self.severity = severity;
        self
    }

    pub(crate) fn with_fix(mut self, fix: Option<Fix>) -> Self {
        self.fix = fix;
        self
    }
}

/// A change to the text that mends a diagnostic.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fix {
    /// What the change does, as a menu shows it.
    pub title: String,
    /// The edits, in text order, none overlapping another.
    pub edits: Vec<Edit>,
    /// Whether it keeps the meaning of the code, so that it may be applied without a look.
    pub safe: bool,
}

impl Fix {
    pub(crate) fn safe(title: impl Into<String>, edits: Vec<Edit>) -> Self {
        Self::new(title, edits, true)
    }

    pub(crate) fn unsafe_(title: impl Into<String>, edits: Vec<Edit>) -> Self {
        Self::new(title, edits, false)
    }

    fn new(title: impl Into<String>, mut edits: Vec<Edit>, safe: bool) -> Self {
        edits.sort_by_key(|edit| (edit.range.start(), edit.range.end()));
        Self { title: title.into(), edits, safe }
    }

    /// The text with the fix applied, or nothing if the fix was not made for this text.
    pub fn apply(&self, text: &str) -> Option<String> {
        let mut changed = String::with_capacity(text.len());
        let mut at = 0;
        for edit in &self.edits {
            let (start, end) = (edit.range.start().to_usize(), edit.range.end().to_usize());
            changed.push_str(text.get(at..start)?);
            text.get(start..end)?;
            changed.push_str(&edit.new_text);
            at = end;
        }
        changed.push_str(text.get(at..)?);
        Some(changed)
    }
}

/// One replacement in the text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Edit {
    /// What is replaced; empty where text is inserted.
    pub range: TextRange,
    /// What stands there afterwards.
    pub new_text: String,
}

impl Edit {
    pub(crate) fn replace(range: TextRange, new_text: impl Into<String>) -> Self {
        Self { range, new_text: new_text.into() }
    }

    pub(crate) fn insert(at: ruff_text_size::TextSize, new_text: impl Into<String>) -> Self {
        Self { range: TextRange::empty(at), new_text: new_text.into() }
    }

    pub(crate) fn delete(range: TextRange) -> Self {
        Self { range, new_text: String::new() }
    }
}
