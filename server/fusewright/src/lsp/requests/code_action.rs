//! `textDocument/codeAction`

use std::sync::Arc;

use fusewright_pair::{Edit, Fix, TextRange};
use tower_lsp::ls_types::{
    CodeAction, CodeActionKind, CodeActionOrCommand, CodeActionParams, CodeActionResponse, Command,
    Diagnostic, Range,
};

use crate::lsp::document::Snapshot;
use crate::lsp::features::Features;
use crate::lsp::session::Session;
use crate::lsp::{diagnostics, edits, ideas, offers};

/// The kind of the action that mends all that is certain.
pub(crate) fn fix_all_kind() -> CodeActionKind {
    CodeActionKind::new("source.fixAll.fusewright")
}

/// The fixes at the range, the one for the whole file, and the commands that the lenses offer.
pub(crate) async fn run(session: &Arc<Session>, params: &CodeActionParams) -> Option<CodeActionResponse> {
    let Some(ideas) = ideas::of(session, &params.text_document.uri).await else {
        return of_document(session, params);
    };
    if params.context.only.is_some() {
        return None;
    }
    let lines = params.range.start.line..=params.range.end.line;
    let offers = ideas.offers(session).into_iter().filter(|offer| lines.contains(&offer.line));
    Some(offers.map(|offer| as_action(offer.command("Fusewright: "), None, session.features())).collect())
}

fn of_document(session: &Session, params: &CodeActionParams) -> Option<CodeActionResponse> {
    let snapshot = session.snapshot(&params.text_document.uri)?;
    let features = session.features();
    let wanted = |kind: &CodeActionKind| {
        params.context.only.as_deref().is_none_or(|only| only.iter().any(|only| includes(only, kind)))
    };
    if !snapshot.pair.is_pair() {
        if !wanted(&CodeActionKind::REFACTOR_EXTRACT) {
            return None;
        }
        let command = offers::extraction(session, &snapshot, params.range)?;
        return Some(vec![as_action(command, Some(CodeActionKind::REFACTOR_EXTRACT), features)]);
    }
    let mut actions = Vec::new();
    if features.code_action_literals {
        let folder = session.folder(&snapshot.uri);
        let found: Vec<_> = snapshot
            .pair
            .diagnostics()
            .iter()
            .filter(|found| !folder.settings.rules.ignores(found.rule.code()))
            .collect();
        if wanted(&CodeActionKind::QUICKFIX) {
            let range = snapshot.encoding.text_range(&snapshot.rope, params.range);
            let touched = found.iter().filter(|found| found.range.intersect(range).is_some());
            actions.extend(touched.filter_map(|found| {
                let fix = found.fix.as_ref()?;
                Some(CodeActionOrCommand::CodeAction(CodeAction {
                    title: fix.title.clone(),
                    kind: Some(CodeActionKind::QUICKFIX),
                    diagnostics: Some(vec![diagnostics::rule(&snapshot, found, features)]),
                    edit: Some(edits::of(&snapshot, &fix.edits, features)),
                    is_preferred: Some(fix.safe),
                    ..CodeAction::default()
                }))
            }));
        }
        if wanted(&CodeActionKind::QUICKFIX) {
            let range = snapshot.encoding.text_range(&snapshot.rope, params.range);
            let mut told = Vec::new();
            for found in found.iter().filter(|found| found.range.intersect(range).is_some()) {
                let Some(fix) = snapshot.pair.silencing(found).filter(|_| !told.contains(&found.rule)) else {
                    continue;
                };
                told.push(found.rule);
                actions.push(CodeActionOrCommand::CodeAction(CodeAction {
                    title: fix.title.clone(),
                    kind: Some(CodeActionKind::QUICKFIX),
                    diagnostics: Some(vec![diagnostics::rule(&snapshot, found, features)]),
                    edit: Some(edits::of(&snapshot, &fix.edits, features)),
                    ..CodeAction::default()
                }));
            }
        }
        if wanted(&CodeActionKind::QUICKFIX) {
            actions.extend(mending(session, &snapshot, params.range));
        }
        if wanted(&CodeActionKind::REFACTOR_REWRITE) {
            let pair = &snapshot.pair;
            let rewrites = [pair.scaffolding(), pair.drafted_inputs(), pair.moved_inputs()];
            actions.extend(rewrites.into_iter().flatten().map(|fix| {
                CodeActionOrCommand::CodeAction(CodeAction {
                    title: format!("Fusewright: {}", lower_first(&fix.title)),
                    kind: Some(CodeActionKind::REFACTOR_REWRITE),
                    edit: Some(edits::of(&snapshot, &fix.edits, features)),
                    ..CodeAction::default()
                })
            }));
        }
        if wanted(&fix_all_kind()) {
            let edits = compatible(found.iter().filter_map(|found| found.fix.as_ref()));
            if !edits.is_empty() {
                actions.push(CodeActionOrCommand::CodeAction(CodeAction {
                    title: "Fusewright: mend all that is certain".to_owned(),
                    kind: Some(fix_all_kind()),
                    edit: Some(edits::of(&snapshot, &edits, features)),
                    ..CodeAction::default()
                }));
            }
        }
    }
    if params.context.only.is_none() {
        for offer in offers::of(session, &snapshot) {
            // Without a kind it stands in the plain menu, where kinds of "source" would not.
            actions.push(as_action(offer.command("Fusewright: "), None, features));
        }
    }
    Some(actions)
}

/// Mending the kernel, as a fix of what its verdict says at the range.
fn mending(session: &Session, snapshot: &Snapshot, range: Range) -> Option<CodeActionOrCommand> {
    let offer = offers::of(session, snapshot).into_iter().find(offers::Offer::mends)?;
    let standing = session.state().verdicts.standing(&snapshot.uri, &snapshot.pair);
    // A cursor anywhere on the line is meant for it.
    let meets = |found: &Diagnostic| {
        found.range.start.line <= range.end.line && range.start.line <= found.range.end.line
    };
    let mut found = diagnostics::verdict::of(snapshot, &standing, session.features());
    found.retain(meets);
    let command = offer.command("Fusewright: ");
    (!found.is_empty()).then(|| {
        CodeActionOrCommand::CodeAction(CodeAction {
            title: command.title.clone(),
            kind: Some(CodeActionKind::QUICKFIX),
            diagnostics: Some(found),
            command: Some(command),
            ..CodeAction::default()
        })
    })
}

/// A command as an action, for clients that take those.
fn as_action(command: Command, kind: Option<CodeActionKind>, features: Features) -> CodeActionOrCommand {
    if features.code_action_literals {
        CodeActionOrCommand::CodeAction(CodeAction {
            title: command.title.clone(),
            kind,
            command: Some(command),
            ..CodeAction::default()
        })
    } else {
        CodeActionOrCommand::Command(command)
    }
}

fn lower_first(title: &str) -> String {
    let mut rest = title.chars();
    rest.next().map(|first| first.to_lowercase().chain(rest).collect()).unwrap_or_default()
}

/// Whether an action of `kind` was asked for by `asked`, which may name a parent of it.
fn includes(asked: &CodeActionKind, kind: &CodeActionKind) -> bool {
    let (asked, kind) = (asked.as_str(), kind.as_str());
    asked.is_empty() || kind.strip_prefix(asked).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
}

/// The edits of all safe fixes of which no two touch the same text.
fn compatible<'a>(fixes: impl Iterator<Item = &'a Fix>) -> Vec<Edit> {
    let mut taken: Vec<Edit> = Vec::new();
    for fix in fixes.filter(|fix| fix.safe) {
        let free = |edit: &Edit| taken.iter().all(|other| apart(edit.range, other.range));
        if fix.edits.iter().all(free) {
            taken.extend(fix.edits.iter().cloned());
        }
    }
    taken.sort_by_key(|edit| (edit.range.start(), edit.range.end()));
    taken
}

/// Whether two edits can be made in either order; two insertions at one place cannot.
fn apart(a: TextRange, b: TextRange) -> bool {
    a.end() < b.start()
        || b.end() < a.start()
        || (a != b && !a.is_empty() && !b.is_empty() && a.intersect(b).is_none_or(TextRange::is_empty))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fix(safe: bool, edits: &[(u32, u32)]) -> Fix {
        let edit = |&(start, end): &(u32, u32)| Edit {
            range: TextRange::new(start.into(), end.into()),
            new_text: "x".to_owned(),
        };
        Fix { title: "t".to_owned(), edits: edits.iter().map(edit).collect(), safe }
    }

    #[test]
    fn a_kind_is_asked_for_by_itself_or_by_a_parent() {
        let asked = |only: &'static str| includes(&CodeActionKind::new(only), &fix_all_kind());
        assert!(asked("source") && asked("source.fixAll") && asked("source.fixAll.fusewright") && asked(""));
        assert!(!asked("quickfix") && !asked("source.fix") && !asked("source.organizeImports"));
    }

    #[test]
    fn only_safe_fixes_that_do_not_meet_are_made_together() {
        let fixes = [
            fix(true, &[(0, 3)]),
            fix(true, &[(2, 5)]),
            fix(false, &[(9, 9)]),
            fix(true, &[(3, 4)]),
            fix(true, &[(7, 7)]),
            fix(true, &[(7, 7)]),
        ];
        let edits = compatible(fixes.iter());
        let ranges: Vec<_> =
            edits.iter().map(|edit| (u32::from(edit.range.start()), u32::from(edit.range.end()))).collect();
        assert_eq!(ranges, [(0, 3), (3, 4), (7, 7)]);
    }
}
