//! FW108: code that belongs to no block.

use ruff_python_ast::Stmt;
use ruff_text_size::{Ranged, TextRange};

use super::imports::add_import;
use super::{About, Rule};
use crate::diagnostic::{Diagnostic, Edit, Fix, Severity};
use crate::file::File;
use crate::outline::Outline;
use crate::syntax::{is_future_import, is_inert};

pub(super) const ABOUT: About = About {
    rule: Rule::CodeOutsideBlocks,
    code: "FW108",
    name: "code-outside-blocks",
    severity: Severity::Warning,
    summary: "Code stands before, between or behind the blocks, and belongs to none of them.",
    why: "Only the blocks are run and archived (and the main block, where the inputs come from it). What stands outside \
          works when the file is run as a script, and is missing everywhere else. A docstring at the top, \
          `from __future__` imports and the main block are where they belong.",
    fix: Some("Moves imports into the blocks that use them."),
    bad: include_str!("examples/FW108-bad.py"),
    good: include_str!("examples/FW108-good.py"),
};

pub(super) fn check(file: &File<'_>, found: &mut Vec<Diagnostic>) {
    for group in &file.outside {
        if file.is_claimed(group) {
            continue;
        }
        let stray: Vec<&Stmt> =
            group.iter().filter(|statement| !is_inert(statement) && !is_future_import(statement)).collect();
        let Some(first) = stray.first() else { continue };
        let line = file.lines.trimmed_range(file.text, file.lines.line_of(first.start()));
        let range = TextRange::new(first.start(), first.end().min(line.end()).max(first.start()));
        let what = match stray.len() {
            1 => "this statement belongs".to_owned(),
            count => format!("these {count} statements belong"),
        };
        let message =
            format!("{what} to no block and will not be archived: move the code into the block that uses it");
        let fix = fix(file, group, &stray);
        found.push(Diagnostic::new(Rule::CodeOutsideBlocks, range, message).with_fix(fix));
    }
}

/// Moves imports into the blocks that use them.
fn fix(file: &File<'_>, group: &[Stmt], stray: &[&Stmt]) -> Option<Fix> {
    if !file.errors.is_empty()
        || !stray.iter().all(|statement| matches!(statement, Stmt::Import(_) | Stmt::ImportFrom(_)))
    {
        return None;
    }
    let outline = Outline::of_imports([group]);
    let mut edits = Vec::new();
    for import in &outline.imports {
        if import.module == Some("__future__") {
            continue;
        }
        if import.relative || import.imported == "*" {
            return None;
        }
        let mut known = false;
        for section in file.sections() {
            known |= section.outline.imports.iter().any(|other| other.name == import.name);
            if section.names.unbound.iter().any(|used| used.name == import.name) {
                known = true;
                edits.push(add_import(file, section, &import.statement()));
            }
        }
        // What no block has, the main block may be using.
        if !known && !file.main_statements.is_empty() {
            return None;
        }
    }
    for statement in stray {
        let start = file.lines.start_of_line(statement.start()).max(file.start());
        let end = file.lines.next_line(statement.end());
        let alone = |other: &&Stmt| other.end() <= start || other.start() >= end;
        if !group.iter().filter(|other| other.range() != statement.range()).all(|other| alone(&other)) {
            return None;
        }
        edits.push(Edit::delete(TextRange::new(start, end)));
    }
    Some(Fix::safe("Move the imports into the blocks that use them", edits))
}
