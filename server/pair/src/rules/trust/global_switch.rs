//! FW411: a switch is set that changes how torch works for everybody in the process.

use ruff_text_size::TextRange;

use super::{add, uses};
use crate::block::BlockKind;
use crate::diagnostic::{Diagnostic, Severity};
use crate::facts::{Concern, When};
use crate::file::File;
use crate::pair_file::slice;
use crate::rules::{About, Rule};

pub(in crate::rules) const ABOUT: About = About {
    rule: Rule::GlobalSwitch,
    code: "FW411",
    name: "global-switch",
    severity: Severity::Error,
    summary: "A switch is set that changes how torch works for everybody in the process.",
    why: "Precision, determinism, the default dtype and the random generator's state are part of what is \
          compared. A pair that sets them is measured under other rules than it says. Pass what is wanted \
          to the call that wants it: `dtype=`, `input_precision=`.",
    fix: None,
    bad: include_str!("../examples/FW411-bad.py"),
    good: include_str!("../examples/FW411-good.py"),
};

pub(in crate::rules) fn check(file: &File<'_>, found: &mut Vec<Diagnostic>) {
    for (kind, when, range, path) in uses(file, &[Concern::Draw]) {
        if kind == BlockKind::Triton && when == When::Entry {
            let message = format!(
                "`{path}` draws numbers, so that calls differ by chance: take a seed or a mask as an input"
            );
            add(found, Rule::GlobalSwitch, range, message);
        }
    }
    for (kind, when, range, path) in uses(file, &[Concern::Switch, Concern::Seed]) {
        let seeds = ["seed", "rng_state", "Generator", "generator"].iter().any(|part| path.contains(part));
        let message = match kind {
            BlockKind::Test => continue,
            // Switches that make the reference exact are its own affair.
            BlockKind::Python if !seeds && is_exact(file, range) && !slows(path, when) => continue,
            _ if seeds => {
                format!(
                    "`{path}` sets the random generator, which is not this function's: take a seed or a mask as an input"
                )
            }
            _ => format!(
                "`{path}` is a switch for the whole process: pass what is wanted to the call that wants it"
            ),
        };
        add(found, Rule::GlobalSwitch, range, message);
    }
}

/// Whether a switch makes torch slower where it is on: in each call of the reference, or wherever it is set.
fn slows(path: &str, when: When) -> bool {
    path.contains("anomaly") || path.contains("determin") && when == When::Entry
}

/// Whether the line sets a switch to what is exact, or only makes the reference faster.
fn is_exact(file: &File<'_>, range: TextRange) -> bool {
    let line = file.lines.trimmed_range(file.text, file.lines.line_of(range.start()));
    let line = slice(file.text, line).unwrap_or_default();
    let exact = [
        "= False",
        "=False",
        "\"highest\"",
        "'highest'",
        "\"ieee\"",
        "'ieee'",
        "(False)",
        "(True)",
        "benchmark",
    ];
    exact.iter().any(|part| line.contains(part))
}
