//! The rules about trust: what makes a pair prove something else than that its kernel is right and fast.
//!
//! None of these can be silenced: a model writes the file, comments and all.

#[cfg(test)]
mod cases;
pub(super) mod code_from_data;
pub(super) mod disguised_tensor;
pub(super) mod fallback;
pub(super) mod forged_verdict;
pub(super) mod global_switch;
pub(super) mod hard_coded_result;
pub(super) mod ignored_argument;
#[cfg(test)]
mod ignored_arguments;
pub(super) mod interpreter_internals;
pub(super) mod kept_between_calls;
pub(super) mod kernel_never_launched;
pub(super) mod kernel_result_unused;
pub(super) mod lowered_precision;
#[cfg(test)]
mod objects;
pub(super) mod outside_world;
pub(super) mod patched_library;
pub(super) mod reference_in_candidate;
pub(super) mod slowed_reference;
#[cfg(test)]
mod spellings;
pub(super) mod torch_compute;
pub(super) mod weak_inputs;
pub(super) mod work_out_of_sight;

use ruff_text_size::TextRange;

use super::Rule;
use crate::block::BlockKind;
use crate::diagnostic::Diagnostic;
use crate::facts::{Concern, Deed, Event, What, When};
use crate::file::File;
use crate::pair_file::slice;

/// The blocks that could be followed.
fn deeds<'f, 'a>(file: &'f File<'a>) -> impl Iterator<Item = (BlockKind, &'f Deed<'a>)> {
    BlockKind::ALL.into_iter().filter_map(|kind| file.deeds.block(kind).map(|deed| (kind, deed)))
}

/// The uses of names that cause a concern, with the text of each; the imports of what is not visibly used.
fn uses<'f>(
    file: &'f File<'_>,
    wanted: &'f [Concern],
) -> impl Iterator<Item = (BlockKind, When, TextRange, &'f str)> {
    deeds(file).flat_map(move |(kind, deed)| {
        let used = deed.trace.events.iter().filter_map(move |event| match event.what {
            What::Use(path, concern) if wanted.contains(&concern) => {
                Some((kind, event.when, event.range, deed.path(path)))
            }
            _ => None,
        });
        let imported = deed.trace.imports.iter().filter_map(move |(module, concern, range)| {
            let visibly = deed.trace.events.iter().any(|event| match event.what {
                What::Use(path, _) => deed.path(path).split('.').next() == Some(*module),
                _ => false,
            });
            (wanted.contains(concern) && !visibly).then_some((kind, When::Load, *range, *module))
        });
        used.chain(imported)
    })
}

/// The events of a block.
fn events<'f, 'a>(file: &'f File<'a>, kind: BlockKind) -> impl Iterator<Item = &'f Event<'a>> {
    file.deeds.block(kind).into_iter().flat_map(|deed| &deed.trace.events)
}

/// A piece of code as a message quotes it: one line, and not too much of it.
fn quote(file: &File<'_>, range: TextRange) -> String {
    const MOST: usize = 60;
    let code = slice(file.text, range).unwrap_or_default();
    let line = code.lines().next().unwrap_or_default().trim();
    let short: String = line.chars().take(MOST).collect();
    if short.len() < code.len() { format!("{}…", short.trim_end()) } else { short }
}

/// A name without what Python itself puts before it.
fn plain(path: &str) -> &str {
    path.strip_prefix("builtins.").unwrap_or(path)
}

/// Adds a diagnostic, unless the same is said of the same place already.
fn add(found: &mut Vec<Diagnostic>, rule: Rule, range: TextRange, message: impl Into<String>) {
    if !found.iter().any(|other| other.rule == rule && other.range == range) {
        found.push(Diagnostic::new(rule, range, message));
    }
}
