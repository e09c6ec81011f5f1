//! What is printed of an attempt: the written failure analysis and the final report, in the layout that the loop
//! of tasks fixes. A task file's own main block prints the same.

use std::fmt::Write as _;

use crate::verdict::{Implementation, PairError, Ruling, Stage, VerdictLine};

/// How often a task file's own measurement runs each side; the report's seconds are those of as many runs.
pub const RUNS: u32 = 50;

const RULE: &str = "============================================================";

/// The written analysis of a failed attempt: what failed and where, from the verdict, and why and what next.
pub fn failure_analysis(attempt: u32, verdict: &VerdictLine, root_cause: &str, planned_fix: &str) -> String {
    let mut text = format!("{RULE}\nFAILURE ANALYSIS - ATTEMPT {attempt}\n{RULE}\n");
    let _ = write!(text, "❌ FAILURE: {}\n\n", what_failed(verdict));
    let _ = write!(text, "{}\n\n", failure_point(verdict));
    let _ = write!(text, "🔍 ROOT CAUSE ANALYSIS:\n{}\n\n", paragraph(root_cause));
    let _ = write!(text, "🔧 PLANNED FIX:\n{}\n\n{RULE}\n", paragraph(planned_fix));
    text
}

/// The last report of a task that succeeded.
pub fn final_report(attempt: u32, verdict: &VerdictLine) -> String {
    let mut text = head(attempt);
    text.push_str("PyTorch Implementation: ✓ SUCCESS\nTriton Implementation:  ✓ SUCCESS\n\n");
    let _ = writeln!(text, "PyTorch Time: {}", time(verdict.python_ms, verdict));
    let _ = write!(text, "Triton Time:  {}\n\n", time(verdict.triton_ms, verdict));
    let _ = write!(text, "🏆 RESULT: {}\n\n", result(verdict));
    text.push_str(
        "✅ SUCCESS: Both implementations completed successfully!\nTASK COMPLETED - Stopping execution.\n",
    );
    text
}

/// The last report of a task that was abandoned after `attempt` attempts.
pub fn final_failure(attempt: u32, verdict: &VerdictLine) -> String {
    let (python, triton) = sides(verdict);
    let word = |failed: bool| if failed { "❌ FAILURE" } else { "✓ SUCCESS" };
    let mut text = head(attempt);
    let _ = writeln!(text, "PyTorch Implementation: {}", word(python));
    let _ = write!(text, "Triton Implementation:  {}\n\n", word(triton));
    if verdict.python_ms.is_some() && verdict.triton_ms.is_some() {
        let _ = writeln!(text, "PyTorch Time: {}", time(verdict.python_ms, verdict));
        let _ = write!(text, "Triton Time:  {}\n\n", time(verdict.triton_ms, verdict));
    }
    let _ = write!(text, "{}\n\n", failure_point(verdict));
    let attempts = if attempt == 1 { "1 attempt".to_owned() } else { format!("{attempt} attempts") };
    let _ = write!(
        text,
        "❌ FAILURE: {}, after {attempts}.\nTASK FAILED - Stopping execution.\n",
        what_failed(verdict)
    );
    text
}

fn head(attempt: u32) -> String {
    format!("{RULE}\nFINAL TEST REPORT - ATTEMPT {attempt}\n{RULE}\n")
}

/// One line that says what failed.
fn what_failed(verdict: &VerdictLine) -> String {
    let side = implementation(verdict);
    let how = match (verdict.verdict, &verdict.error) {
        (Some(Ruling::Wrong), _) => "Triton computes something else than PyTorch".to_owned(),
        (Some(Ruling::Slower), _) => "Triton is slower than PyTorch".to_owned(),
        (Some(Ruling::Same), _) => "Triton is not measurably faster than PyTorch".to_owned(),
        (Some(Ruling::Untimed), _) => "Triton is right, but was not timed".to_owned(),
        (Some(Ruling::Rejected), Some(error)) => format!("the pair was rejected ({})", error.kind),
        (Some(Ruling::Rejected), None) => "the pair was rejected".to_owned(),
        (Some(Ruling::Error), Some(error)) => match error.stage {
            Stage::Parse | Stage::Compile => format!("{side} does not compile"),
            Stage::Timeout => format!("{side} did not end in time"),
            Stage::Inputs => "the test inputs cannot be made".to_owned(),
            _ => format!("{side} does not run"),
        },
        (Some(Ruling::Error), None) => format!("{side} does not run"),
        (None, _) => "the pair could not be judged".to_owned(),
        (Some(Ruling::Pass), _) => "the pair passed, but was not kept".to_owned(),
    };
    let mut letters = how.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}

fn failure_point(verdict: &VerdictLine) -> String {
    format!(
        "🔍 FAILURE POINT:\n- Implementation: {}\n- Stage: {}\n- Error: {}",
        implementation(verdict),
        stage(verdict),
        message(verdict)
    )
}

/// Which implementation failed: "PyTorch", "Triton" or, where neither could be judged, "Both".
fn implementation(verdict: &VerdictLine) -> &'static str {
    match sides(verdict) {
        (true, true) => "Both",
        (true, false) => "PyTorch",
        _ => "Triton",
    }
}

/// Whether the reference failed, and whether the candidate did.
fn sides(verdict: &VerdictLine) -> (bool, bool) {
    match verdict.error.as_ref().map(|error| error.implementation) {
        Some(Implementation::Pytorch) => (true, false),
        Some(Implementation::Test | Implementation::Harness) => (true, true),
        // What is wrong or slow is the candidate's fault.
        Some(Implementation::Triton) | None => (false, true),
    }
}

fn stage(verdict: &VerdictLine) -> &'static str {
    match verdict.error.as_ref().map(|error| error.stage) {
        Some(Stage::Parse | Stage::Compile) => "Compilation",
        Some(Stage::Import | Stage::Inputs | Stage::Run | Stage::Timeout) => "Execution",
        Some(Stage::Check | Stage::Timing | Stage::Trust) | None => "Testing",
    }
}

/// The exact message, with its exception and its line; the verdict's own sentence where nothing was raised.
fn message(verdict: &VerdictLine) -> String {
    let Some(PairError { kind, message, line, .. }) = &verdict.error else {
        return verdict.reason.clone().unwrap_or_else(|| result(verdict));
    };
    let place = line.map(|line| format!(" (line {line})")).unwrap_or_default();
    // The continuation of a message stays in its item.
    format!("{kind}{place}: {}", message.trim().replace('\n', "\n  "))
}

/// `0.0012s (0.02ms per run)`: the seconds are those of [`RUNS`] runs.
fn time(ms: Option<f64>, verdict: &VerdictLine) -> String {
    match ms {
        Some(ms) => format!("{:.4}s ({ms:.2}ms per run)", ms * f64::from(RUNS) / 1000.0),
        None if verdict.verdict == Some(Ruling::Untimed) => "not measured (no GPU)".to_owned(),
        None => "not measured".to_owned(),
    }
}

fn result(verdict: &VerdictLine) -> String {
    match verdict.speedup {
        Some(speedup) if verdict.verdict == Some(Ruling::Same) => {
            format!("Triton is as fast as PyTorch ({speedup:.2}x)")
        }
        Some(speedup) if speedup >= 1.0 => format!("Triton is {speedup:.2}x FASTER than PyTorch"),
        Some(speedup) if speedup > 0.0 => format!("Triton is {:.2}x SLOWER than PyTorch", 1.0 / speedup),
        _ if verdict.verdict == Some(Ruling::Untimed) => {
            "Triton gives PyTorch's results; its speed is not known without a GPU".to_owned()
        }
        _ => "Triton's speed is not known".to_owned(),
    }
}

/// A person's or a model's text without blank ends, and without a line that could be taken for the block's end.
fn paragraph(text: &str) -> String {
    let lines = text.trim().lines().map(str::trim_end).filter(|line| {
        let bare = line.trim();
        bare.len() < 10 || bare.chars().any(|character| character != '=')
    });
    lines.collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests;
