//! Compiles the kernels of pair files, without running them.

use std::path::Path;

use anyhow::anyhow;
use fusewright_engine::config::Settings;
use fusewright_engine::harness::Compiled;
use fusewright_engine::progress::CancellationToken;
use fusewright_engine::verdict::{Implementation, Kernel};
use fusewright_engine::verify::{Verifier, VerifierOptions, VerifyRequest};
use fusewright_pair::PairFile;

use super::super::job::Shown;
use super::super::output::GOOD;
use super::render;

/// Compiles one file after the other; files of one workspace share its harness.
pub(super) struct Compiler {
    shown: Shown,
    cancel: CancellationToken,
    current: Option<(Settings, Verifier)>,
}

impl Compiler {
    pub(super) fn new(quiet: bool, cancel: CancellationToken) -> Self {
        let shown = if quiet { Shown::notes_only() } else { Shown::new() };
        Self { shown, cancel, current: None }
    }

    /// Compiles a whole pair. The error says why it could not be tried.
    pub(super) async fn compile(
        &mut self,
        file: &Path,
        pair: &PairFile,
        settings: &Settings,
    ) -> anyhow::Result<Compiled> {
        if self.current.as_ref().is_none_or(|(current, _)| current != settings)
            && let Some((_, verifier)) = self.current.take()
        {
            verifier.shut_down().await;
        }
        let (_, verifier) = self
            .current
            .get_or_insert_with(|| (settings.clone(), Verifier::new(VerifierOptions::new(settings.clone()))));
        let request = VerifyRequest::new(file, pair.text());
        match verifier.compile(request, &self.shown, &self.cancel).await {
            Ok(compiled) => Ok(compiled),
            Err(line) => match line.error {
                Some(error) if error.implementation != Implementation::Harness => {
                    Ok(Compiled { kernels: Vec::new(), error: Some(error) })
                }
                Some(error) => Err(anyhow!("{} was not compiled: {}", file.display(), error.message)),
                None => Err(anyhow!("{} was not compiled", file.display())),
            },
        }
    }

    pub(super) async fn shut_down(self) {
        if let Some((_, verifier)) = self.current {
            verifier.shut_down().await;
        }
    }
}

/// What came of compiling a pair, for a person.
pub(super) fn report(file: &str, pair: &PairFile, compiled: &Compiled) -> String {
    if let Some(error) = &compiled.error {
        let title = format!("{}: {}", error.kind, error.message);
        return render::error(file, pair, &title, error.line);
    }
    compiled.kernels.iter().map(|kernel| describe(file, kernel)).collect::<Vec<_>>().join("\n")
}

fn describe(file: &str, kernel: &Kernel) -> String {
    let place = kernel.line.map_or_else(|| file.to_owned(), |line| format!("{file}:{line}"));
    let facts = [
        kernel.registers.map(|count| format!("{count} registers")),
        kernel.shared_bytes.map(|count| format!("{count} bytes of shared memory")),
        kernel.spills.map(|count| format!("{count} spilled")),
    ];
    let facts: Vec<_> = facts.into_iter().flatten().collect();
    format!("{GOOD}compiled{GOOD:#} {place} {}: {}", kernel.name, facts.join(", "))
}
