//! What is wrong with a `fusewright.toml`, on its lines.

use std::path::Path;

use fusewright_engine::config::{self, ConfigProblem, ProblemKind};
use ropey::Rope;
use tower_lsp::ls_types::{Diagnostic, DiagnosticSeverity, Position, PublishDiagnosticsParams, Range, Uri};

use crate::lsp::encoding::{Encoding, size};
use crate::lsp::session::{Folder, Session, file_path};

/// The diagnostics of a settings file that is open, by its text in the editor.
pub(super) fn of_open(session: &Session, uri: &Uri) -> Option<(i32, Vec<Diagnostic>)> {
    let (version, text) = {
        let state = session.state();
        let document = state.documents.get(uri)?;
        (document.version(), document.text())
    };
    let (_, mut problems) = config::check_toml(&text);
    // Whether a key waits for the user's word is known of the file on disk alone.
    let path = file_path(uri)?;
    let folder = session.folder_of_path(&path);
    if std::fs::read_to_string(&path).is_ok_and(|saved| saved == text) {
        let waiting = |problem: &&ConfigProblem| problem.kind == ProblemKind::Untrusted;
        problems.extend(folder.loaded.problems.iter().filter(waiting).cloned());
    }
    Some((version, convert(&text, session.encoding(), &problems)))
}

/// Publishes the diagnostics of a folder's settings file, unless it is open and speaks for itself.
pub(crate) fn publish_closed(session: &Session, folder: &Folder) {
    let Some(path) = folder.loaded.file.as_deref() else { return };
    let Some(uri) = Uri::from_file_path(path) else { return };
    if session.state().documents.contains_key(&uri) {
        session.outgoing.publish(&uri);
        return;
    }
    let text = read(path);
    let diagnostics = convert(&text, session.encoding(), &folder.loaded.problems);
    session.outgoing.publish_closed(&PublishDiagnosticsParams { uri, diagnostics, version: None });
}

fn read(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap_or_default()
}

fn convert(text: &str, encoding: Encoding, problems: &[ConfigProblem]) -> Vec<Diagnostic> {
    let rope = Rope::from_str(text);
    let one = |problem: &ConfigProblem| {
        let range = if problem.range.is_empty() {
            let line = problem.line.saturating_sub(1);
            Range::new(Position::new(line, 0), Position::new(line + 1, 0))
        } else {
            let range = fusewright_pair::TextRange::new(
                size(problem.range.start.min(problem.range.end)),
                size(problem.range.end),
            );
            encoding.range(&rope, range)
        };
        let severity = match problem.kind {
            ProblemKind::Invalid => DiagnosticSeverity::ERROR,
            ProblemKind::Untrusted => DiagnosticSeverity::WARNING,
        };
        super::diagnostic(range, severity, None, problem.message.clone())
    };
    problems.iter().map(one).collect()
}
