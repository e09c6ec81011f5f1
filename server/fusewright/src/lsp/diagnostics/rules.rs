//! The static rules' findings, as the protocol has them.

use fusewright_engine::config::RuleSettings;
use fusewright_pair::Severity;
use tower_lsp::ls_types::{CodeDescription, Diagnostic, DiagnosticSeverity};

use super::rule_pages;
use crate::lsp::document::Snapshot;
use crate::lsp::features::Features;

/// The findings on `snapshot` that the settings do not silence.
pub(super) fn of(snapshot: &Snapshot, settings: &RuleSettings, features: Features) -> Vec<Diagnostic> {
    reported(snapshot, settings).map(|found| convert(snapshot, found, features)).collect()
}

fn reported<'a>(
    snapshot: &'a Snapshot,
    settings: &'a RuleSettings,
) -> impl Iterator<Item = &'a fusewright_pair::Diagnostic> {
    snapshot.pair.diagnostics().iter().filter(|found| !settings.ignores(found.rule.code()))
}

/// One finding.
pub(crate) fn convert(
    snapshot: &Snapshot,
    found: &fusewright_pair::Diagnostic,
    features: Features,
) -> Diagnostic {
    let severity = match found.severity {
        Severity::Error => DiagnosticSeverity::ERROR,
        Severity::Warning => DiagnosticSeverity::WARNING,
        Severity::Info => DiagnosticSeverity::INFORMATION,
    };
    let code = found.rule.code();
    let page = if features.code_description { rule_pages::address(code) } else { None };
    Diagnostic {
        code_description: page.map(|href| CodeDescription { href }),
        ..super::diagnostic(snapshot.range(found.range), severity, Some(code), found.message.clone())
    }
}
