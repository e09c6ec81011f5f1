//! FW106: a comment that was meant to be a marker.

use super::{About, Rule};
use crate::diagnostic::{Diagnostic, Edit, Fix, Severity};
use crate::file::File;
use crate::layout::Problem;
use crate::pair_file::slice;

pub(super) const ABOUT: About = About {
    rule: Rule::MalformedMarker,
    code: "FW106",
    name: "malformed-marker",
    severity: Severity::Error,
    summary: "A comment is nearly a marker: `#<TRITON>`, `# <triton>`, `# <TRITION>`, or a marker that is indented.",
    why: "A marker is a comment alone on its line, at its very beginning, written exactly so. Other tools look for \
          exactly that text and would not see the block.",
    fix: Some("Writes the marker as it should be."),
    bad: include_str!("examples/FW106-bad.py"),
    good: include_str!("examples/FW106-good.py"),
};

pub(super) fn check(file: &File<'_>, found: &mut Vec<Diagnostic>) {
    let stray = file.layout.problems.iter().filter_map(|problem| match problem {
        Problem::Unmatched { marker, .. } if !file.layout.borders.contains(marker) => Some(*marker),
        _ => None,
    });
    let mut markers: Vec<_> =
        file.layout.borders.iter().copied().chain(stray).filter(|marker| !marker.exact).collect();
    markers.sort_by_key(|marker| marker.range.start());
    for marker in markers {
        let right = marker.text();
        let written = slice(file.text, marker.range).unwrap_or_default();
        let message = if written == right {
            format!("the marker `{right}` is indented: put it at the beginning of its line")
        } else {
            format!("`{written}` is not a marker: write `{right}`")
        };
        let fix =
            Fix::safe(format!("Change to `{right}`"), vec![Edit::replace(file.marker_line(marker), right)]);
        found.push(Diagnostic::new(Rule::MalformedMarker, marker.range, message).with_fix(Some(fix)));
    }
}
