//! The verdict's diagnostics, on the exact lines.

use fusewright_engine::verdict::{
    Finding, Implementation, Output, PairError, Ruling, Severity, Stage, VerdictLine,
};
use fusewright_pair::BlockKind;
use tower_lsp::ls_types::{
    Diagnostic, DiagnosticRelatedInformation, DiagnosticSeverity, Location, Position, Range,
};

use super::diagnostic;
use crate::lsp::document::Snapshot;
use crate::lsp::features::Features;
use crate::lsp::session::{Standing, Verdict};
use crate::lsp::summary;

/// The codes of a verdict's diagnostics.
mod code {
    pub(super) const WRONG: &str = "FW501";
    pub(super) const ERROR: &str = "FW502";
    pub(super) const NOT_FASTER: &str = "FW503";
    pub(super) const REJECTED: &str = "FW504";
    pub(super) const PASS: &str = "FW505";
    pub(super) const UNTIMED: &str = "FW506";
    pub(super) const STALE: &str = "FW507";
}

/// The diagnostics that a document's verdict gives.
pub(crate) fn of(snapshot: &Snapshot, standing: &Standing, features: Features) -> Vec<Diagnostic> {
    match standing {
        Standing::Unknown => Vec::new(),
        Standing::Stale(verdict) => vec![stale(snapshot, &verdict.line)],
        Standing::Judged(verdict) => judged(snapshot, verdict, features),
    }
}

fn judged(snapshot: &Snapshot, verdict: &Verdict, features: Features) -> Vec<Diagnostic> {
    let line = &verdict.line;
    let Some(ruling) = line.verdict else { return Vec::new() };
    let mut diagnostics: Vec<_> =
        line.findings.iter().filter_map(|finding| of_finding(snapshot, verdict, finding)).collect();
    if line.error.as_ref().is_some_and(|error| match error.stage {
        Stage::Parse => snapshot.pair.structure_error().is_some(),
        Stage::Trust => snapshot.pair.trust_error().is_some_and(|fault| fault.rule.code() == error.kind),
        _ => false,
    }) {
        // The rules say it already, on the present text.
        return diagnostics;
    }
    let (severity, code) = match ruling {
        Ruling::Wrong => (DiagnosticSeverity::ERROR, code::WRONG),
        Ruling::Error => (DiagnosticSeverity::ERROR, code::ERROR),
        Ruling::Rejected => (DiagnosticSeverity::ERROR, code::REJECTED),
        Ruling::Slower | Ruling::Same => (DiagnosticSeverity::WARNING, code::NOT_FASTER),
        Ruling::Pass => (DiagnosticSeverity::INFORMATION, code::PASS),
        Ruling::Untimed => (DiagnosticSeverity::INFORMATION, code::UNTIMED),
    };
    let range = match &line.error {
        Some(error) => place_of_error(snapshot, verdict, error),
        None => wrapper(snapshot),
    };
    let mut message = match (ruling, &line.error) {
        (Ruling::Error, Some(error)) => of_error(error),
        (Ruling::Wrong, _) => wrong(line),
        _ => summary::sentence(line),
    };
    if !verdict.is_final() {
        message = format!("{message} (first result; still to come: {})", line.pending.join(", "));
    }
    let related = if features.related_information { related(snapshot, verdict, range) } else { Vec::new() };
    diagnostics.push(Diagnostic {
        related_information: (!related.is_empty()).then_some(related),
        ..diagnostic(range, severity, Some(code), message)
    });
    diagnostics
}

fn stale(snapshot: &Snapshot, line: &VerdictLine) -> Diagnostic {
    let message = format!("The code changed since its verdict ({}): verify it again.", summary::short(line));
    diagnostic(wrapper(snapshot), DiagnosticSeverity::HINT, Some(code::STALE), message)
}

fn of_finding(snapshot: &Snapshot, verdict: &Verdict, finding: &Finding) -> Option<Diagnostic> {
    // The rules already report what they found, on the present text.
    if snapshot.pair.diagnostics().iter().any(|found| found.rule.code() == finding.code) {
        return None;
    }
    let range = finding.line.map_or_else(|| wrapper(snapshot), |line| at(snapshot, verdict, line));
    let severity = match finding.severity {
        Severity::Error => DiagnosticSeverity::ERROR,
        Severity::Warning => DiagnosticSeverity::WARNING,
        Severity::Info => DiagnosticSeverity::INFORMATION,
    };
    Some(diagnostic(range, severity, Some(&finding.code), finding.message.clone()))
}

pub(super) fn of_error(error: &PairError) -> String {
    let part = match error.implementation {
        Implementation::Pytorch => "PYTHON",
        Implementation::Triton => "TRITON",
        Implementation::Test => "TEST",
        Implementation::Harness => "the harness",
    };
    let what = match error.stage {
        Stage::Parse => format!("{part} cannot be read"),
        Stage::Import => format!("{part} fails when it is loaded"),
        Stage::Inputs => format!("{part} fails to make the inputs"),
        Stage::Compile => format!("{part} does not compile"),
        Stage::Run => format!("{part} fails when it runs"),
        Stage::Check => format!("{part} cannot be compared"),
        Stage::Timing => format!("{part} fails while it is timed"),
        Stage::Trust => format!("{part} may not count"),
        Stage::Timeout => format!("{part} did not end in time"),
    };
    let said = error.message.trim();
    match (error.kind.as_str(), said) {
        ("", "") => what,
        ("", said) => format!("{what}: {said}"),
        (kind, "") => format!("{what}: {kind}"),
        (kind, said) => format!("{what}: {kind}: {said}"),
    }
}

fn wrong(line: &VerdictLine) -> String {
    let reason = line.reason.as_deref().unwrap_or("The outputs differ");
    // The reason may name the first one already.
    let is_named = |output: &&Output| {
        let first = output.first_mismatch.as_ref();
        first.is_none_or(|first| reason.contains(&first.expected) && reason.contains(&first.got))
    };
    let mismatches: Vec<String> =
        line.outputs.iter().filter(|output| !is_named(output)).filter_map(mismatch).collect();
    if mismatches.is_empty() { reason.to_owned() } else { format!("{reason}\n{}", mismatches.join("\n")) }
}

fn mismatch(output: &Output) -> Option<String> {
    let first = output.first_mismatch.as_ref()?;
    let index: Vec<String> = first.index.iter().map(ToString::to_string).collect();
    let name = if output.path.is_empty() { "output" } else { output.path.as_str() };
    Some(format!(
        "{name}[{}]: expected {}, got {} ({} of {} elements differ{})",
        index.join(", "),
        first.expected,
        first.got,
        output.mismatched,
        output.total,
        output.max_abs_error.map(|error| format!(", largest error {error:.3e}")).unwrap_or_default(),
    ))
}

fn place_of_error(snapshot: &Snapshot, verdict: &Verdict, error: &PairError) -> Range {
    if let Some(line) = error.line {
        return at(snapshot, verdict, line);
    }
    let marker = |kind| snapshot.pair.block(kind).map(|block| snapshot.range(block.opening));
    let kernel = || snapshot.pair.kernels().first().map(|kernel| snapshot.range(kernel.name_range));
    match error.implementation {
        Implementation::Pytorch => reference(snapshot).or_else(|| marker(BlockKind::Python)),
        Implementation::Triton if error.stage == Stage::Compile => kernel(),
        Implementation::Triton | Implementation::Harness => None,
        Implementation::Test => marker(BlockKind::Test).or_else(|| main_block(snapshot)),
    }
    .unwrap_or_else(|| wrapper(snapshot))
}

fn main_block(snapshot: &Snapshot) -> Option<Range> {
    let main = snapshot.pair.main_block()?;
    Some(snapshot.line(snapshot.pair.line_of(main.start())))
}

fn at(snapshot: &Snapshot, verdict: &Verdict, line: u32) -> Range {
    snapshot.line(verdict.line_in(&snapshot.pair, line))
}

/// The name of the wrapper; where there is none, the block's marker, else the file's first line.
pub(crate) fn wrapper(snapshot: &Snapshot) -> Range {
    let name = snapshot.pair.entry_points().map(|entry| entry.candidate.name_range);
    let marker = || snapshot.pair.block(BlockKind::Triton).map(|block| block.opening);
    name.or_else(marker)
        .map_or_else(|| Range::new(Position::new(0, 0), Position::new(0, 0)), |range| snapshot.range(range))
}

fn reference(snapshot: &Snapshot) -> Option<Range> {
    snapshot.pair.entry_points().map(|entry| snapshot.range(entry.reference.name_range))
}

fn related(snapshot: &Snapshot, verdict: &Verdict, range: Range) -> Vec<DiagnosticRelatedInformation> {
    let line = &verdict.line;
    let information = |range: Range, message: String| DiagnosticRelatedInformation {
        location: Location::new(snapshot.uri.clone(), range),
        message,
    };
    let mut related = Vec::new();
    if line.verdict == Some(Ruling::Wrong)
        && let Some(place) = reference(snapshot)
    {
        let from = line.outputs.first().map(|output| output.expected_from.as_str());
        let how = if from == Some("float64") { ", evaluated in float64" } else { "" };
        related.push(information(place, format!("the expected values come from here{how}")));
    }
    for kernel in &line.kernels {
        if let Some(at_line) = kernel.line {
            related.push(information(at(snapshot, verdict, at_line), summary::kernel(kernel)));
        }
    }
    if line.error.as_ref().is_some_and(|error| error.implementation == Implementation::Triton) {
        let place = wrapper(snapshot);
        if place != range {
            related.push(information(place, "called by this wrapper".to_owned()));
        }
    }
    related
}
