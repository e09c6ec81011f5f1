//! A verdict for a person: what was run on what, what came of it, and where to look.

use std::fmt::Write as _;

use annotate_snippets::{AnnotationKind, Group, Level, Renderer, Snippet};
use anstyle::Style;
use fusewright_engine::verdict::{
    Finding, Implementation, Kernel, Output, PairError, Ruling, Severity, Stage, VerdictLine,
};
use fusewright_pair::PairFile;

use super::output::{ERROR, GOOD, QUIET, WARNING};

/// The report. `text` is the pair's text, of which the lines at fault are shown.
pub(crate) fn of(line: &VerdictLine, text: Option<&str>) -> String {
    let mut report = headline(line);
    for section in
        [device(line), times(line), outputs(line), kernels(line), error(line, text), findings(line)]
    {
        for row in section {
            report.push('\n');
            report.push_str(&row);
        }
    }
    if let Some(total) = line.duration_ms.get("total").and_then(serde_json::Value::as_f64) {
        let _ = write!(report, "\n  {QUIET}took {:.1} s{QUIET:#}", total / 1000.0);
    }
    report
}

fn headline(line: &VerdictLine) -> String {
    let (style, word) = match line.verdict {
        Some(ruling @ Ruling::Pass) => (GOOD, ruling.word()),
        Some(ruling @ (Ruling::Untimed | Ruling::Same | Ruling::Slower)) => (WARNING, ruling.word()),
        Some(ruling) => (ERROR, ruling.word()),
        None => (ERROR, "not judged"),
    };
    let mut headline = format!("{style}{word}{style:#} {}", line.file);
    if let Some(speedup) = speedup(line) {
        let _ = write!(headline, ": {speedup}");
    }
    // What is an error's message is shown in full below.
    if let Some(reason) = line.reason.as_deref().filter(|_| line.error.is_none()) {
        let _ = write!(headline, ": {reason}");
    }
    headline
}

fn speedup(line: &VerdictLine) -> Option<String> {
    let speedup = line.speedup?;
    let interval = line.speedup_ci.map(|[low, high]| format!(" ({low:.2} to {high:.2})")).unwrap_or_default();
    Some(format!("{speedup:.2} x the reference's speed{interval}"))
}

fn row(label: &str, text: impl std::fmt::Display) -> String {
    format!("  {QUIET}{label:<10}{QUIET:#} {text}")
}

fn device(line: &VerdictLine) -> Vec<String> {
    let Some(device) = &line.device else { return Vec::new() };
    let mut text = if device.mode == "interpreter" {
        format!("Triton's interpreter on the CPU ({}), no GPU", device.name)
    } else {
        device.name.clone()
    };
    for name in ["torch", "triton", "driver"] {
        if let Some(version) = line.environment.get(name).and_then(serde_json::Value::as_str) {
            let _ = write!(text, ", {name} {version}");
        }
    }
    vec![row("device", text)]
}

fn times(line: &VerdictLine) -> Vec<String> {
    let mut rows = Vec::new();
    if let (Some(python), Some(triton)) = (line.python_ms, line.triton_ms) {
        let mut text =
            format!("reference {} ms, candidate {} ms on the device", short(python), short(triton));
        if let Some(host) = line.host_ms {
            let _ = write!(text, "; {} ms and {} ms with the launch", short(host.python), short(host.triton));
        }
        rows.push(row("time", text));
    }
    if let Some(compiled) = line.torch_compile_ms {
        let mut text = format!("{} ms", short(compiled));
        if let Some(speedup) = line.speedup_vs_compile {
            let _ = write!(text, ", the candidate has {speedup:.2} x its speed");
        }
        rows.push(row("compiled", format!("torch.compile's {text}")));
    }
    if let Some(share) = line.roofline.and_then(|roofline| roofline.share()) {
        rows.push(row("roofline", share));
    }
    if let Some(foreign) = line.foreign_fraction {
        rows.push(row(
            "foreign",
            format!("{:.0} % of the device time outside of its kernels", foreign * 100.0),
        ));
    }
    rows
}

fn outputs(line: &VerdictLine) -> Vec<String> {
    line.outputs.iter().flat_map(output).collect()
}

fn output(output: &Output) -> Vec<String> {
    let shape = output.shape.iter().map(u64::to_string).collect::<Vec<_>>().join(", ");
    let Output { path, dtype, mismatched, total, .. } = output;
    let place = if path.is_empty() { String::new() } else { format!("{path} ") };
    let mut text = format!("{place}{dtype} [{shape}]: ");
    let elements = thousands(*total);
    if *mismatched == 0 {
        let _ = write!(text, "{GOOD}right{GOOD:#} in all {elements} elements");
    } else {
        let _ = write!(text, "{ERROR}wrong{ERROR:#} in {} of {elements} elements", thousands(*mismatched));
    }
    if let Some(error) = output.max_abs_error {
        let _ = write!(text, ", largest error {}", short(error));
    }
    let mut rows = vec![row("output", text)];
    if let Some(first) = &output.first_mismatch {
        let index = first.index.iter().map(u64::to_string).collect::<Vec<_>>().join(", ");
        rows.push(row("", format!("first at [{index}]: expected {}, got {}", first.expected, first.got)));
    }
    rows
}

fn kernels(line: &VerdictLine) -> Vec<String> {
    line.kernels.iter().map(|kernel| row("kernel", describe(kernel))).collect()
}

fn describe(kernel: &Kernel) -> String {
    let mut text = kernel.name.clone();
    if let Some(line) = kernel.line {
        let _ = write!(text, " (line {line})");
    }
    let _ =
        write!(text, ": {} {}", kernel.launches, if kernel.launches == 1 { "launch" } else { "launches" });
    if let Some(ms) = kernel.device_ms {
        let _ = write!(text, ", {} ms", short(ms));
    }
    if let Some(registers) = kernel.registers {
        let _ = write!(text, ", {registers} registers");
    }
    if let Some(spills) = kernel.spills {
        let style = if spills == 0 { Style::new() } else { WARNING };
        let _ = write!(text, ", {style}{spills} spilled{style:#}");
    }
    if let Some(bytes) = kernel.shared_bytes {
        let _ = write!(text, ", {} bytes shared", thousands(bytes));
    }
    text
}

/// The error, under the line it names.
fn error(line: &VerdictLine, text: Option<&str>) -> Vec<String> {
    let Some(error) = &line.error else { return Vec::new() };
    let message = error.message.trim_end();
    let (first, rest) = message.split_once('\n').unwrap_or((message, ""));
    let mut group = Group::with_title(Level::ERROR.primary_title(format!("{}: {first}", what_failed(error))));
    if let (Some(at), Some(text)) = (error.line, text) {
        let range = PairFile::parse(text).line_range(at);
        let span = range.start().to_usize()..range.end().to_usize();
        group = group
            .element(Snippet::source(text).path(&*line.file).annotation(AnnotationKind::Primary.span(span)));
    }
    if !rest.trim().is_empty() {
        group = group.element(Level::NOTE.message(rest.trim()));
    }
    let mut rows: Vec<String> = Renderer::styled().render(&[group]).lines().map(str::to_owned).collect();
    let said = error.traceback.trim_end();
    if error.implementation == Implementation::Harness && !said.is_empty() {
        rows.push("the end of the harness's log:".to_owned());
        let skipped = said.lines().count().saturating_sub(15);
        rows.extend(said.lines().skip(skipped).map(|line| format!("  {QUIET}{line}{QUIET:#}")));
    }
    rows
}

fn what_failed(error: &PairError) -> String {
    let doing = match error.stage {
        Stage::Parse => "reading the pair",
        Stage::Import => "importing",
        Stage::Inputs => "making the inputs",
        Stage::Compile => "compiling",
        Stage::Run => "running",
        Stage::Check => "checking",
        Stage::Timing => "timing",
        Stage::Trust => "trust",
        Stage::Timeout => "time limit",
    };
    let whose = match error.implementation {
        Implementation::Pytorch => "PYTHON",
        Implementation::Triton => "TRITON",
        Implementation::Test => "TEST",
        Implementation::Harness => return error.kind.clone(),
    };
    format!("{whose}, {doing}: {}", error.kind)
}

fn findings(line: &VerdictLine) -> Vec<String> {
    // The finding that is the error is shown above already.
    let shown = |finding: &&Finding| {
        line.error.as_ref().is_none_or(|error| finding.line != error.line || finding.message != error.message)
    };
    line.findings
        .iter()
        .filter(shown)
        .map(|Finding { code, severity, message, line }| {
            let (style, word) = match severity {
                Severity::Error => (ERROR, "error"),
                Severity::Warning => (WARNING, "warning"),
                Severity::Info => (QUIET, "info"),
            };
            let place = line.map(|line| format!(" line {line}")).unwrap_or_default();
            format!("  {style}{word:<10}{style:#} {code}{place}: {message}")
        })
        .collect()
}

/// A number with three significant digits.
fn short(number: f64) -> String {
    if number == 0.0 {
        return "0".to_owned();
    }
    match number.abs() {
        100.0..1e6 => format!("{number:.0}"),
        10.0..100.0 => format!("{number:.1}"),
        1.0..10.0 => format!("{number:.2}"),
        0.001..1.0 => {
            let text = format!("{number:.4}");
            text.trim_end_matches('0').to_owned()
        }
        _ => format!("{number:.2e}"),
    }
}

fn thousands(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// A verdict as the harness sends it, with some keys set otherwise.
    fn verdict(changes: &serde_json::Value) -> VerdictLine {
        let mut line = json!({
            "status": "SUCCESS", "correct": true, "verdict": "pass", "reason": null, "speedup": null,
            "speedup_ci": null, "python_ms": null, "triton_ms": null, "host_ms": null, "torch_compile_ms": null,
            "speedup_vs_compile": null, "roofline": null, "error": null, "file": "softmax.py",
            "device": {"name": "NVIDIA H200", "mode": "cuda"},
            "environment": {"torch": "2.15.0", "triton": "3.9.0", "driver": "570.1", "fusewright": "0.1.0"},
            "duration_ms": {"total": 1931.0},
            "outputs": [{"path": "", "shape": [4096, 1024], "dtype": "float16", "max_abs_error": 0.00098,
                "max_rel_error": 0.001, "mismatched": 0, "total": 4_194_304, "first_mismatch": null,
                "expected_from": "float64"}],
        });
        for (key, value) in changes.as_object().unwrap() {
            line[key] = value.clone();
        }
        serde_json::from_value(line).unwrap()
    }

    fn plain(line: &VerdictLine, text: Option<&str>) -> String {
        anstream::adapter::strip_str(&of(line, text)).to_string()
    }

    #[test]
    fn a_pass() {
        let line = verdict(&json!({
            "speedup": 2.314, "speedup_ci": [2.25, 2.38], "python_ms": 0.4123, "triton_ms": 0.1782,
            "host_ms": {"python": 0.431, "triton": 0.19}, "torch_compile_ms": 0.21, "speedup_vs_compile": 1.178,
            "roofline": {"bytes": 16_777_216, "flops": null, "fraction": 0.72, "limit": "bandwidth"},
            "kernels": [{"name": "softmax_kernel", "line": 24, "launches": 1, "device_ms": 0.1782, "registers": 32,
                "shared_bytes": 4096, "spills": 0}],
            "findings": [{"code": "FW206", "severity": "warning", "message": "an input is made on the CPU", "line": 61}],
        }));
        insta::assert_snapshot!(plain(&line, None));
    }

    #[test]
    fn a_wrong_one() {
        let line = verdict(&json!({
            "correct": false, "verdict": "wrong", "reason": "the second output differs",
            "outputs": [
                {"path": "[0]", "shape": [8], "dtype": "int64", "max_abs_error": 0.0, "max_rel_error": 0.0,
                    "mismatched": 0, "total": 8, "first_mismatch": null, "expected_from": "declared"},
                {"path": "[1]", "shape": [128, 64], "dtype": "float32", "max_abs_error": 0.31, "max_rel_error": 0.2,
                    "mismatched": 812, "total": 8192, "expected_from": "float64",
                    "first_mismatch": {"index": [0, 3], "expected": "0.1234", "got": "nan"}},
            ],
        }));
        insta::assert_snapshot!(plain(&line, None));
    }

    #[test]
    fn a_compile_error() {
        let text = "# <TRITON>\nimport triton\n@triton.jit\ndef kernel(N: tl.constexpr):\n    columns = tl.arange(0, N)\r\n    pass\n";
        let line = verdict(&json!({
            "status": "FAILED", "correct": false, "verdict": "error", "reason": "arange's range must be a power of 2",
            "outputs": [], "error": {"implementation": "triton", "stage": "compile", "type": "CompilationError",
                "message": "arange's range must be a power of 2\nN is 1000", "line": 5, "traceback": "…"},
        }));
        insta::assert_snapshot!(plain(&line, Some(text)));
    }

    #[test]
    fn an_untimed_one() {
        let line = verdict(&json!({
            "verdict": "untimed", "reason": "right, but there is no GPU to time it on",
            "device": {"name": "AMD EPYC 9B14", "mode": "interpreter", "compiled_for": "sm_90"},
            "kernels": [{"name": "softmax_kernel", "line": 24, "launches": 1, "device_ms": null, "registers": 255,
                "shared_bytes": 0, "spills": 12}],
        }));
        insta::assert_snapshot!(plain(&line, None));
    }

    #[test]
    fn one_that_was_not_judged() {
        let line = verdict(&json!({
            "status": "FAILED", "correct": false, "verdict": null, "reason": "the harness ended",
            "outputs": [], "device": null, "duration_ms": {}, "error": {"implementation": "harness", "stage": "run",
                "type": "HarnessDied", "message": "the harness ended with signal: 9 before it answered",
                "line": null, "traceback": "starting\nMemoryError"},
        }));
        insta::assert_snapshot!(plain(&line, None));
    }

    #[test]
    fn numbers_are_short() {
        let numbers = [0.0, 1.5e-7, 0.00098, 0.25, 3.456, 42.123, 1234.5, 3.2e7];
        insta::assert_snapshot!(numbers.map(short).join(" "));
        assert_eq!([0, 999, 1000, 1_234_567].map(thousands).join(" "), "0 999 1,000 1,234,567");
    }
}
