//! What the server publishes on a document.

mod compiled;
mod config;
mod rule_pages;
mod rules;
pub(crate) mod verdict;

use tower_lsp::ls_types::{
    Diagnostic, DiagnosticSeverity, NumberOrString, Position, PublishDiagnosticsParams, Range, Uri,
};

use super::document::{MAX_BYTES, Snapshot};
use super::session::{Session, file_path};

/// The name under which editors show the diagnostics.
pub(crate) const SOURCE: &str = "fusewright";

/// The diagnostics of an open document at its present text; `None` if it is not open.
pub(crate) fn of_open(session: &Session, uri: &Uri) -> Option<PublishDiagnosticsParams> {
    let (version, diagnostics) = of_document(session, uri)?;
    tracing::debug!(uri = uri.as_str(), version, count = diagnostics.len(), "diagnostics");
    Some(PublishDiagnosticsParams { uri: uri.clone(), diagnostics, version: Some(version) })
}

/// Takes away the diagnostics of a document that is no longer open, or no longer there.
pub(crate) fn clear(session: &Session, uri: &Uri) {
    let params = PublishDiagnosticsParams { uri: uri.clone(), diagnostics: Vec::new(), version: None };
    session.outgoing.publish_closed(&params);
}

fn of_document(session: &Session, uri: &Uri) -> Option<(i32, Vec<Diagnostic>)> {
    if is_config(uri) {
        return config::of_open(session, uri);
    }
    let encoding = session.encoding();
    let triton = session.folder(uri).triton;
    let (snapshot, standing, check) = {
        let mut state = session.state();
        for (other, document) in &mut state.documents {
            if other != uri {
                document.rest();
            }
        }
        let document = state.documents.get_mut(uri)?;
        // The settings may name another Python than when the document was opened.
        document.set_triton(triton);
        if document.is_unread_pair() {
            return Some((document.version(), vec![too_large()]));
        }
        let snapshot = document.snapshot(encoding);
        let standing = state.verdicts.standing(uri, &snapshot.pair);
        let check = state.compiled.of(uri, &snapshot.pair);
        (snapshot, standing, check)
    };
    let mut diagnostics = of_pair(session, &snapshot, &standing);
    if let Some(check) = check {
        diagnostics.extend(compiled::of(&snapshot, &check, &standing));
    }
    Some((snapshot.version, diagnostics))
}

fn of_pair(session: &Session, snapshot: &Snapshot, standing: &super::session::Standing) -> Vec<Diagnostic> {
    if !snapshot.pair.is_pair() {
        return Vec::new();
    }
    let features = session.features();
    let folder = session.folder(&snapshot.uri);
    let mut diagnostics = rules::of(snapshot, &folder.settings.rules, features);
    diagnostics.extend(verdict::of(snapshot, standing, features));
    diagnostics
}

/// Whether the document is a workspace's settings file.
pub(crate) fn is_config(uri: &Uri) -> bool {
    file_path(uri).is_some_and(|path| {
        path.file_name().is_some_and(|name| name == fusewright_engine::config::CONFIG_FILE)
    })
}

pub(crate) use config::publish_closed as publish_closed_config;
pub(crate) use rules::convert as rule;

fn too_large() -> Diagnostic {
    let message = format!(
        "This file is larger than {} MiB, so it is not checked as a pair: split it.",
        MAX_BYTES / 1024 / 1024
    );
    diagnostic(
        Range::new(Position::new(0, 0), Position::new(1, 0)),
        DiagnosticSeverity::WARNING,
        None,
        message,
    )
}

/// A diagnostic of ours.
fn diagnostic(range: Range, severity: DiagnosticSeverity, code: Option<&str>, message: String) -> Diagnostic {
    Diagnostic {
        range,
        severity: Some(severity),
        code: code.map(|code| NumberOrString::String(code.to_owned())),
        source: Some(SOURCE.to_owned()),
        message,
        ..Diagnostic::default()
    }
}
