//! Why an attempt failed, and what the next one will change: from the model, or from the verdict where there is none.

use crate::model::{fenced_blocks, looks_like_code};
use crate::prompts::Failure;
use crate::verdict::{Implementation, Output, Severity, Stage};

/// Root cause and planned fix.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Analysis {
    /// What made the attempt fail.
    pub root_cause: String,
    /// What the next one will change.
    pub planned_fix: String,
}

/// What models head the cause with.
const CAUSE: [&str; 3] = ["root cause analysis", "root cause", "cause"];

impl Analysis {
    /// What the verdict itself says.
    pub fn of_verdict(failure: &Failure) -> Self {
        let place = |line: Option<u32>, before: &str| {
            line.map(|line| format!("{before}line {line}")).unwrap_or_default()
        };
        let mut said = vec![match &failure.error {
            Some(error) => {
                let first = error.message.lines().next().unwrap_or_default();
                format!("{}{}: {first}", error.kind, place(error.line, " on "))
            }
            None => failure.reason.trim().to_owned(),
        }];
        // The harness's own sentence tells of the first output that differs.
        let told = usize::from(failure.error.is_none() && failure.reason.contains("first at"));
        said.extend(failure.outputs.iter().skip(told).map(difference));
        let grave = failure.findings.iter().filter(|finding| finding.severity == Severity::Error);
        said.extend(grave.map(|one| format!("{}{}: {}", one.code, place(one.line, ", "), one.message)));
        Self { root_cause: said.join("\n").trim().to_owned(), planned_fix: plan(failure).to_owned() }
    }

    /// What a model answered; what it left out comes from the verdict.
    pub(super) fn of_answer(answer: &str, failure: &Failure) -> Self {
        let known = Self::of_verdict(failure);
        // Some answer with the next attempt at once, which says nothing of the last.
        if fenced_blocks(answer).iter().any(|block| looks_like_code(block))
            && heading(answer, &CAUSE).is_none()
        {
            return known;
        }
        let (before, fix) = match heading(answer, &["planned fix", "plan", "fix"]) {
            Some((at, after)) => (answer.get(..at), answer.get(after..)),
            None => (Some(answer), None),
        };
        let before = before.unwrap_or_default();
        let cause = heading(before, &CAUSE).and_then(|(_, after)| before.get(after..)).unwrap_or(before);
        let said = |text: Option<&str>| text.map(tidy).filter(|text| !text.is_empty());
        Self {
            root_cause: said(Some(cause)).unwrap_or(known.root_cause),
            planned_fix: said(fix).unwrap_or(known.planned_fix),
        }
    }
}

fn difference(output: &Output) -> String {
    let Output { path, mismatched, total, .. } = output;
    let what = if path.is_empty() { "the output".to_owned() } else { format!("output {path}") };
    let first = output.first_mismatch.as_ref().map(|first| {
        let index = first.index.iter().map(u64::to_string).collect::<Vec<_>>().join(", ");
        format!(", first at [{index}]: expected {}, got {}", first.expected, first.got)
    });
    format!("{what} differs in {mismatched} of {total} elements{}", first.unwrap_or_default())
}

/// Where a heading of one of these names begins a line, and where what it heads begins.
fn heading(text: &str, names: &[&str]) -> Option<(usize, usize)> {
    let mut at = 0;
    for line in text.split_inclusive('\n') {
        let bare = line.trim_start_matches(|character: char| !character.is_alphabetic());
        let skipped = line.len() - bare.len();
        for name in names {
            let Some(head) = bare.get(..name.len()).filter(|head| head.eq_ignore_ascii_case(name)) else {
                continue;
            };
            let rest = bare.get(head.len()..)?;
            let mark = rest.trim_start_matches(['*', '_', ' ', '\t']);
            // A heading ends its line, or a colon follows it.
            let after_colon = mark.strip_prefix(':').map(|rest| rest.trim_start_matches(['*', '_']));
            if let Some(rest) = after_colon.or_else(|| mark.trim().is_empty().then_some(mark)) {
                return Some((at, at + skipped + bare.len() - rest.len()));
            }
        }
        at += line.len();
    }
    None
}

fn tidy(text: &str) -> String {
    let lines: Vec<&str> = text.trim().lines().map(str::trim_end).collect();
    lines.join("\n")
}

/// What would mend a fault of this kind.
fn plan(failure: &Failure) -> &'static str {
    if failure.answer.is_some() {
        return "Answer with the code alone, in one fenced Python block that defines the kernel and the wrapper by the name that was asked for.";
    }
    let Some(error) = &failure.error else {
        return match failure.verdict {
            "wrong" => {
                "Follow the first element that differs through the kernel: its offsets, its masks and their neutral values, the order of the operations, and the type that sums are kept in."
            }
            "slower" | "same" => {
                "Read each input once, keep intermediate results in registers, and choose block sizes and warps that fill the card."
            }
            _ => "Mend what the verdict names.",
        };
    };
    match (error.implementation, error.stage) {
        (Implementation::Harness, _) => "Nothing in the pair: judge it again once the machine is mended.",
        (Implementation::Pytorch, _) => "Mend the reference in the PYTHON block.",
        (Implementation::Test, _) => "Mend the inputs in the TEST block.",
        (Implementation::Triton, Stage::Parse | Stage::Import) => {
            "Write a TRITON block that stands alone: its own imports, and names that Triton has."
        }
        (Implementation::Triton, Stage::Compile) => {
            "Rewrite the line that the compiler names with what Triton offers: sizes that are tl.constexpr, shapes that are powers of two, types that agree."
        }
        (Implementation::Triton, Stage::Trust) => {
            "Let the kernel compute the whole result from the arguments of the call, and let the wrapper only allocate and launch."
        }
        (Implementation::Triton, Stage::Timeout) => {
            "Launch less work, or loop less: the kernel did not end in time."
        }
        (Implementation::Triton, _) => {
            "Mend the line that the traceback ends on: shapes, strides and types of what the wrapper hands to the kernel."
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::verdict::{PairError, VerdictLine};

    fn failure() -> Failure {
        let error = PairError {
            implementation: Implementation::Triton,
            stage: Stage::Compile,
            kind: "CompilationError".to_owned(),
            message: "arange's arguments must be constexpr\nand more".to_owned(),
            line: Some(3),
            traceback: String::new(),
        };
        Failure::of(&VerdictLine::failed("scale.py", error), "def k(): pass\n", "one\n")
    }

    #[test]
    fn a_verdict_analyses_itself() {
        let Analysis { root_cause, planned_fix } = Analysis::of_verdict(&failure());
        assert_eq!(root_cause, "CompilationError on line 3: arange's arguments must be constexpr");
        assert!(planned_fix.contains("compiler"), "{planned_fix}");
        let output = |path: &str| {
            let wrong = serde_json::json!({
                "path": path, "shape": [8], "dtype": "float32", "mismatched": 2, "total": 8, "expected_from": "float64",
                "max_abs_error": 1.5, "max_rel_error": 1.0,
                "first_mismatch": {"index": [3], "expected": "1.5", "got": "0"},
            });
            serde_json::from_value(wrong).unwrap()
        };
        let reason = "output [0] differs at 2 of 8 elements; first at (3,): expected 1.5, got 0";
        let wrong = Failure {
            reason: reason.to_owned(),
            outputs: vec![output("[0]"), output("[1]")],
            ..Failure::unusable("", String::new())
        };
        let said = Analysis::of_verdict(&wrong).root_cause;
        assert_eq!(
            said,
            format!("{reason}\noutput [1] differs in 2 of 8 elements, first at [3]: expected 1.5, got 0")
        );
        let unusable = Failure::unusable("Sorry.", "the answer holds no code".to_owned());
        assert_eq!(Analysis::of_verdict(&unusable).root_cause, "the answer holds no code");
    }

    #[test]
    fn an_answer_is_read_however_it_is_set() {
        let wanted =
            Analysis { root_cause: "n is a runtime value.".into(), planned_fix: "Make it constexpr.".into() };
        for answer in [
            "ROOT CAUSE: n is a runtime value.\nPLANNED FIX: Make it constexpr.",
            "**Root cause:** n is a runtime value.\n\n**Planned fix:** Make it constexpr.\n",
            "**ROOT CAUSE**: n is a runtime value.\n\n**PLANNED FIX**: Make it constexpr.\n",
            "## Root cause\nn is a runtime value.\n\n## Planned fix\n\nMake it constexpr.",
            "🔍 ROOT CAUSE ANALYSIS:\nn is a runtime value.\n\n🔧 PLANNED FIX:\nMake it constexpr.",
            "Here it is.\n1. Root cause: n is a runtime value.\n2. Fix: Make it constexpr.",
        ] {
            assert_eq!(Analysis::of_answer(answer, &failure()), wanted, "{answer}");
        }
        let plain = Analysis::of_answer("The fix is hard.\nn varies.", &failure());
        assert_eq!(plain.root_cause, "The fix is hard.\nn varies.");
        for nothing in [" \n", "```python\nimport triton\n```\n"] {
            assert_eq!(
                Analysis::of_answer(nothing, &failure()),
                Analysis::of_verdict(&failure()),
                "{nothing}"
            );
        }
    }
}
