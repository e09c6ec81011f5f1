//! FW105: a closing marker closes nothing, or something else.

use ruff_text_size::TextRange;

use super::{About, Rule};
use crate::diagnostic::{Diagnostic, Edit, Fix, Severity};
use crate::file::File;
use crate::layout::{Problem, Unmatched};
use crate::marker::Marker;
use crate::syntax::is_inert;

pub(super) const ABOUT: About = About {
    rule: Rule::UnmatchedMarker,
    code: "FW105",
    name: "unmatched-marker",
    severity: Severity::Error,
    summary: "A closing marker closes no block, or a block of another name.",
    why: "It is a sign that a marker was forgotten, deleted or copied, and that the blocks are not what they seem.",
    fix: Some(
        "Renames the marker where it ends a block of another name, adds the opening marker where the code above it \
         belongs to no block, and deletes it where its block is closed already.",
    ),
    bad: include_str!("examples/FW105-bad.py"),
    good: include_str!("examples/FW105-good.py"),
};

pub(super) fn check(file: &File<'_>, found: &mut Vec<Diagnostic>) {
    for problem in &file.layout.problems {
        let Problem::Unmatched { marker, role } = *problem else { continue };
        let (written, opening) = (marker.text(), marker.kind.opening_marker());
        let (message, fix) = match role {
            Unmatched::Ends(kind) => {
                let right = kind.closing_marker();
                let fix = Fix::safe(
                    format!("Change to `{right}`"),
                    vec![Edit::replace(file.marker_line(marker), right)],
                );
                (format!("`{written}` ends the {} block: write `{right}`", kind.tag()), fix)
            }
            Unmatched::NeverOpened(region) => {
                let region = file.regions[region];
                let message = format!(
                    "`{written}` closes a block that is never opened: add `{opening}` where its code begins"
                );
                let fix = match region.statements.iter().find(|statement| !is_inert(statement)) {
                    Some(_) => {
                        let start = region.range.start().max(file.start());
                        let text = format!("{0}{opening}{0}", file.newline);
                        Fix::safe(format!("Add `{opening}` above its code"), vec![Edit::insert(start, text)])
                    }
                    None => delete(file, marker),
                };
                (message, fix)
            }
            Unmatched::Stray => (
                format!("`{written}` closes nothing: its block is not open here; delete the marker"),
                delete(file, marker),
            ),
        };
        found.push(Diagnostic::new(Rule::UnmatchedMarker, marker.range, message).with_fix(Some(fix)));
    }
}

fn delete(file: &File<'_>, marker: Marker) -> Fix {
    let start = file.lines.start_of_line(marker.range.start()).max(file.start());
    let line = TextRange::new(start, file.lines.next_line(marker.range.start()));
    Fix::safe("Delete the marker", vec![Edit::delete(line)])
}
