//! A verdict that an attempt failed on, as the templates see it.

use std::fmt::Write;

use serde::Serialize;

use crate::verdict::{Finding, Output, PairError, Severity, VerdictLine};

/// How many lines around a fault are shown.
const AROUND: usize = 2;
/// How many findings are shown; the first are the gravest.
const MOST_FINDINGS: usize = 12;

/// One failed attempt.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Failure {
    /// The TRITON block that was judged.
    pub triton: String,
    /// The ruling, in a word.
    pub verdict: &'static str,
    /// The verdict's one sentence.
    pub reason: String,
    /// What went wrong, where something did.
    pub error: Option<PairError>,
    /// The lines around the fault, numbered as in the file; empty where no line is known.
    pub lines: String,
    /// The outputs that differ.
    pub outputs: Vec<Output>,
    /// What was noticed.
    pub findings: Vec<Finding>,
    /// Why it failed and what comes next, as the model wrote it.
    pub analysis: Option<String>,
    /// The whole answer, where no kernel was found in it and so nothing was judged.
    pub answer: Option<String>,
}

impl Failure {
    /// What a verdict says of the TRITON block of the file with this text.
    pub fn of(verdict: &VerdictLine, triton: &str, text: &str) -> Self {
        let mut findings = verdict.findings.clone();
        findings.sort_by_key(|finding| match finding.severity {
            Severity::Error => 0,
            Severity::Warning => 1,
            Severity::Info => 2,
        });
        findings.truncate(MOST_FINDINGS);
        let line = verdict.error.as_ref().and_then(|error| error.line);
        Self {
            triton: super::whole_lines(triton),
            verdict: verdict.verdict.map_or("not judged", crate::verdict::Ruling::word),
            reason: verdict.reason.clone().unwrap_or_default(),
            error: verdict.error.clone(),
            lines: line.map(|line| excerpt(text, line)).unwrap_or_default(),
            outputs: verdict.outputs.iter().filter(|output| output.mismatched > 0).cloned().collect(),
            findings,
            analysis: None,
            answer: None,
        }
    }

    /// An answer that holds no kernel, and the sentence that says what came instead.
    pub fn unusable(answer: &str, reason: String) -> Self {
        Self {
            triton: String::new(),
            verdict: "no kernel",
            reason,
            error: None,
            lines: String::new(),
            outputs: Vec::new(),
            findings: Vec::new(),
            analysis: None,
            answer: Some(answer.to_owned()),
        }
    }
}

/// The lines around a 1-based line, numbered, the line itself marked.
fn excerpt(text: &str, line: u32) -> String {
    let wanted = usize::try_from(line).unwrap_or(usize::MAX);
    let mut shown = String::new();
    let lines = text.lines().enumerate().map(|(index, content)| (index + 1, content));
    for (number, content) in lines.filter(|(number, _)| number.abs_diff(wanted) <= AROUND) {
        let mark = if number == wanted { '>' } else { ' ' };
        // Writing to a string cannot fail.
        let _ = writeln!(shown, "{mark} {number:>4} | {content}");
    }
    shown
}
