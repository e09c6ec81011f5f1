//! `fusewright check`: what is wrong with pair files, without running them.

mod compile;
mod fixes;
mod render;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, bail};
use fusewright_engine::config::{self, CONFIG_FILE, ConfigProblem, Options, RuleSettings};
use fusewright_engine::{files, source};
use fusewright_pair::{Diagnostic, PairFile, Severity, Version};
use serde_json::{Value, json};

use super::output::{self, COULD_NOT, ERROR, GOOD};
use super::{job, pairs, settings};
use compile::Compiler;

/// Arguments of `fusewright check`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The pair files, or folders of them, or a fusewright.toml
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// Apply the fixes that keep the meaning of the code
    #[arg(long)]
    fix: bool,
    /// Compile the kernels too, which runs the files' imports but no kernel and needs no GPU
    #[arg(long)]
    compile: bool,
    /// Print one line of JSON for each file
    #[arg(long)]
    json: bool,
}

/// What was found in all files.
#[derive(Debug, Default)]
struct Totals {
    files: usize,
    errors: usize,
    warnings: usize,
    notes: usize,
    fixable: usize,
    fixed: usize,
    unread: usize,
}

/// Checks each file. The status is 0 where nothing is an error, 1 where something is, 2 where a file could not
/// be read or its kernels could not be compiled for want of what compiles them.
pub(crate) fn run(args: &Args) -> anyhow::Result<ExitCode> {
    job::run(async |cancel| {
        let mut compiler = args.compile.then(|| Compiler::new(args.json, cancel.clone()));
        let status = check_all(args, compiler.as_mut()).await;
        if let Some(compiler) = compiler {
            compiler.shut_down().await;
        }
        status
    })?
}

async fn check_all(args: &Args, mut compiler: Option<&mut Compiler>) -> anyhow::Result<ExitCode> {
    let mut totals = Totals::default();
    for file in &pairs::named(&args.files) {
        let checked = if file.file_name().is_some_and(|name| name == CONFIG_FILE) {
            check_settings(file, args, &mut totals)
        } else {
            check_pair(file, args, &mut totals, compiler.as_deref_mut()).await
        };
        match checked {
            Ok(()) => totals.files += 1,
            Err(error) if output::is_closed(&error) => return Err(error),
            Err(error) => {
                totals.unread += 1;
                if args.json {
                    output::json(&json!({ "file": file, "error": format!("{error:#}") }))?;
                }
                output::note(format_args!("{ERROR}error{ERROR:#}: {error:#}"));
            }
        }
    }
    if !args.json && totals.files > 0 {
        output::line(totals.summary(args.fix))?;
    }
    Ok(ExitCode::from(match totals {
        Totals { unread: 1.., .. } => COULD_NOT,
        Totals { errors: 1.., .. } => 1,
        _ => 0,
    }))
}

async fn check_pair(
    file: &Path,
    args: &Args,
    totals: &mut Totals,
    compiler: Option<&mut Compiler>,
) -> anyhow::Result<()> {
    let text = source::read(file)?;
    let (_, settings) = settings::of(file, &Options::default());
    let triton = settings::triton(&settings);
    let mut pair = PairFile::parse_for(text, triton);
    if !pair.is_pair() {
        bail!("{} is not a pair file: {}", file.display(), source::NO_MARKER);
    }
    let mut fixed = 0;
    if args.fix {
        (pair, fixed) = fix(file, pair, &settings.rules, triton)?;
    }
    let found = reported(&pair, &settings.rules);
    totals.fixed += fixed;
    for diagnostic in &found {
        totals.count(diagnostic);
    }
    let name = file.display().to_string();
    if !args.json {
        for diagnostic in &found {
            output::line(format_args!("{}\n", render::diagnostic(&name, &pair, diagnostic)))?;
        }
    }
    // What is no whole pair cannot be compiled, and was said to be none just now.
    let outcome = match compiler.filter(|_| pair.structure_error().is_none()) {
        Some(compiler) => Some(compiler.compile(file, &pair, &settings).await?),
        None => None,
    };
    totals.errors += usize::from(outcome.as_ref().is_some_and(|outcome| outcome.error.is_some()));
    if args.json {
        let diagnostics: Vec<_> = found.iter().map(|diagnostic| record(&pair, diagnostic)).collect();
        let mut line = json!({ "file": file, "fixed": fixed, "diagnostics": diagnostics });
        if let Some(outcome) = outcome {
            line["kernels"] = json!(outcome.kernels);
            line["compile_error"] = json!(outcome.error);
        }
        return output::json(&line);
    }
    match outcome {
        Some(outcome) => output::line(format_args!("{}\n", compile::report(&name, &pair, &outcome))),
        None => Ok(()),
    }
}

/// Applies the safe fixes to a file; gives the pair as it is then, and how many fixes there were.
fn fix(
    file: &Path,
    pair: PairFile,
    rules: &RuleSettings,
    triton: Option<Version>,
) -> anyhow::Result<(PairFile, usize)> {
    let (mended, count) = fixes::apply_safe(&pair, rules, triton);
    if count == 0 {
        return Ok((pair, 0));
    }
    // What was written in the meantime, in an editor for instance, is not thrown away.
    if source::read(file)?.as_ref() != pair.text() {
        bail!(
            "{} was changed by another program just now, so nothing was fixed: run this again",
            file.display()
        );
    }
    files::replace(file, mended.text().as_bytes())
        .with_context(|| format!("{} cannot be written", file.display()))?;
    Ok((mended, count))
}

fn check_settings(file: &Path, args: &Args, totals: &mut Totals) -> anyhow::Result<()> {
    let text = source::read(file)?;
    let (_, problems) = config::check_toml(&text);
    totals.errors += problems.len();
    if args.json {
        let records: Vec<_> = problems
            .iter()
            .map(|ConfigProblem { line, message, .. }| json!({ "severity": "error", "line": line, "message": message }))
            .collect();
        return output::json(&json!({ "file": file, "fixed": 0, "diagnostics": records }));
    }
    let name = file.display().to_string();
    for problem in &problems {
        output::line(format_args!("{}\n", render::setting(&name, &text, problem)))?;
    }
    Ok(())
}

/// What is reported of a file under the settings.
fn reported<'a>(pair: &'a PairFile, rules: &RuleSettings) -> Vec<&'a Diagnostic> {
    pair.diagnostics().iter().filter(|diagnostic| !rules.ignores(diagnostic.rule.code())).collect()
}

impl Totals {
    fn count(&mut self, diagnostic: &Diagnostic) {
        match diagnostic.severity {
            Severity::Error => self.errors += 1,
            Severity::Warning => self.warnings += 1,
            Severity::Info => self.notes += 1,
        }
        self.fixable += usize::from(diagnostic.fix.as_ref().is_some_and(|fix| fix.safe));
    }

    fn summary(&self, fixing: bool) -> String {
        let Self { errors, warnings, notes, fixable, fixed, files, .. } = self;
        let files = plural(*files, "file");
        let found = match (errors, warnings) {
            (0, 0) if *notes > 0 => {
                format!("{GOOD}no problems{GOOD:#} and {} in {files}", plural(*notes, "note"))
            }
            (0, 0) => format!("{GOOD}no problems{GOOD:#} in {files}"),
            (errors, 0) => format!("{} in {files}", plural(*errors, "error")),
            (0, warnings) => format!("{} in {files}", plural(*warnings, "warning")),
            _ => format!("{}, {} in {files}", plural(*errors, "error"), plural(*warnings, "warning")),
        };
        match (fixing, fixable) {
            (true, _) => format!("{found}; {fixed} fixed"),
            (false, 0) => found,
            (false, fixable) => format!("{found}; `fusewright check --fix` mends {fixable}"),
        }
    }
}

fn plural(count: usize, word: &str) -> String {
    if count == 1 { format!("1 {word}") } else { format!("{count} {word}s") }
}

/// A diagnostic as JSON. Lines and columns count from 1, columns in characters.
fn record(pair: &PairFile, diagnostic: &Diagnostic) -> Value {
    let (line, column) = render::place(pair, diagnostic.range.start());
    let (end_line, end_column) = render::place(pair, diagnostic.range.end());
    json!({
        "code": diagnostic.rule.code(),
        "name": diagnostic.rule.name(),
        "severity": render::severity_word(diagnostic.severity),
        "message": diagnostic.message,
        "line": line,
        "column": column,
        "end_line": end_line,
        "end_column": end_column,
        "fix": diagnostic.fix.as_ref().map(|fix| json!({ "title": fix.title, "safe": fix.safe })),
    })
}

#[cfg(test)]
mod tests;
