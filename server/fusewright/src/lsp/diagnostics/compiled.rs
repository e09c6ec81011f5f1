//! The compile check's diagnostics: an error on its line, and kernels that spill.

use fusewright_engine::verdict::{PairError, Stage};
use tower_lsp::ls_types::{Diagnostic, DiagnosticSeverity};

use super::{diagnostic, verdict};
use crate::lsp::document::Snapshot;
use crate::lsp::session::{CompileCheck, Standing};
use crate::lsp::summary;

/// The codes of its diagnostics.
mod code {
    pub(super) const ERROR: &str = "FW509";
    pub(super) const SPILLS: &str = "FW510";
}

/// The diagnostics of a compile check of the present text.
pub(super) fn of(snapshot: &Snapshot, check: &CompileCheck, standing: &Standing) -> Vec<Diagnostic> {
    let at = |line: Option<u32>| {
        let kernel = || snapshot.pair.kernels().first().map(|kernel| snapshot.range(kernel.name_range));
        match line {
            Some(line) => snapshot.line(check.line_in(&snapshot.pair, line)),
            None => kernel().unwrap_or_else(|| verdict::wrapper(snapshot)),
        }
    };
    if let Some(error) = &check.compiled.error {
        if is_told(standing, error) {
            return Vec::new();
        }
        let message = verdict::of_error(error);
        return vec![diagnostic(at(error.line), DiagnosticSeverity::ERROR, Some(code::ERROR), message)];
    }
    let spilling =
        check.compiled.kernels.iter().filter(|kernel| kernel.spills.is_some_and(|count| count > 0));
    spilling
        .map(|kernel| {
            let message = format!(
                "{}; smaller blocks or more warps spill less",
                summary::resources(kernel).unwrap_or_else(|| kernel.name.clone())
            );
            diagnostic(at(kernel.line), DiagnosticSeverity::INFORMATION, Some(code::SPILLS), message)
        })
        .collect()
}

/// Whether the verdict on the same text says it already.
fn is_told(standing: &Standing, error: &PairError) -> bool {
    let Standing::Judged(verdict) = standing else { return false };
    let told = verdict.line.error.as_ref();
    told.is_some_and(|told| {
        told.stage == error.stage && (told.stage != Stage::Compile || told.line == error.line)
    })
}
