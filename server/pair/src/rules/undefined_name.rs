//! FW207: a block that needs names from elsewhere.

use rustc_hash::FxHashSet;

use super::imports::{add_import, import_of};
use super::{About, Rule};
use crate::block::BlockKind;
use crate::diagnostic::{Diagnostic, Fix, Severity};
use crate::file::{File, Section};
use crate::scope::Use;

pub(super) const ABOUT: About = About {
    rule: Rule::UndefinedName,
    code: "FW207",
    name: "undefined-name",
    severity: Severity::Error,
    summary: "A block uses a name that it neither imports nor defines.",
    why: "Each block is run and archived on its own, so it needs imports and helpers of its own, even where the file as a \
          whole would work. Only the tests in TEST may name the functions of the other blocks.",
    fix: Some(
        "Adds the import, where the name is imported elsewhere in the file or stands for one module by custom.",
    ),
    bad: include_str!("examples/FW207-bad.py"),
    good: include_str!("examples/FW207-good.py"),
};

pub(super) fn check(file: &File<'_>, found: &mut Vec<Diagnostic>) {
    for section in file.sections() {
        if !section.is_sound() || section.names.open_ended {
            continue;
        }
        let mut told: FxHashSet<&str> = FxHashSet::default();
        for used in &section.names.unbound {
            if told.contains(used.name) || is_named_in_a_test(file, section, used) {
                continue;
            }
            told.insert(used.name);
            found.push(diagnostic(file, section, used));
        }
    }
}

/// Whether this is a test that names the functions that it tests. The inputs themselves need nothing of them.
fn is_named_in_a_test(file: &File<'_>, section: &Section<'_>, used: &Use<'_>) -> bool {
    let gives_inputs = |owner| matches!(owner, "get_test_inputs" | "get_inputs" | "get_init_inputs");
    section.kind == BlockKind::Test
        && used.owner.is_some_and(|owner| !gives_inputs(owner))
        && [BlockKind::Python, BlockKind::Triton]
            .into_iter()
            .any(|kind| file.section(kind).is_some_and(|other| other.outline.callable(used.name).is_some()))
}

fn diagnostic(file: &File<'_>, section: &Section<'_>, used: &Use<'_>) -> Diagnostic {
    let (name, tag) = (used.name, section.kind.tag());
    let owner = file.sections().find(|other| other.outline.callable(name).is_some());
    let import = import_of(file, name).filter(|_| owner.is_none());
    let message = match (&import, owner) {
        (Some(statement), _) => {
            format!("`{name}` is not imported in {tag}, which must stand alone: add `{statement}`")
        }
        (None, Some(owner)) => {
            format!(
                "`{name}` is defined in {}, and {tag} must stand alone: define it there too",
                owner.kind.tag()
            )
        }
        (None, None) => format!("`{name}` is neither defined nor imported in {tag}: define it there"),
    };
    let fix = import.map(|statement| {
        Fix::safe(format!("Add `{statement}` to {tag}"), vec![add_import(file, section, &statement)])
    });
    Diagnostic::new(Rule::UndefinedName, used.range, message).with_fix(fix)
}
