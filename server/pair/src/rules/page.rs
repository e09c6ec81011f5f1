//! The pages of the rules.

use std::fmt::Write;

use super::{About, TABLE};
use crate::diagnostic::Severity;

/// One rule's page.
pub(super) fn page(about: &About) -> String {
    let About { code, name, severity, summary, why, fix, bad, good, .. } = about;
    let severity = word(*severity);
    let fix = fix.unwrap_or("There is none: only the author knows what is meant.");
    format!(
        "# {code} {name}\n\n{summary} ({severity})\n\n## Why\n\n{why}\n\n## Quick fix\n\n{fix}\n\n## Example\n\n\
         Reported:\n\n```python\n{bad}```\n\nMended:\n\n```python\n{good}```\n"
    )
}

/// The index of the pages.
pub(super) fn index() -> String {
    let mut index = String::from(
        "# The rules\n\nFW1xx are about the structure of a pair file: while one of them is an error the pair cannot be \
         run. FW2xx are about what the blocks promise each other, FW3xx about Triton, FW4xx about trust. A finding is \
         silenced by its code under `[rules] ignore` in fusewright.toml, or by `# fusewright: ignore[FW305]` at the end of \
         its line; FW4xx by nothing. FW5xx are verdicts: [how a pair is judged](../verification.md) tells of them.\n\n| code | name | severity | what it looks for | \
         quick fix |\n|---|---|---|---|---|\n",
    );
    for About { code, name, severity, summary, fix, .. } in TABLE {
        let fix = if fix.is_some() { "yes" } else { "" };
        // Writing to a string cannot fail.
        let _ = writeln!(index, "| [{code}]({code}.md) | {name} | {} | {summary} | {fix} |", word(*severity));
    }
    index
}

fn word(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Info => "information",
    }
}
