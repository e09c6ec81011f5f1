//! Pages for a person: a verdict in full, and what a block is for.

use fusewright_engine::verdict::{Output, VerdictLine};
use fusewright_pair::BlockKind;

use super::summary;

/// A verdict with all that is known of it.
pub(crate) fn verdict(line: &VerdictLine) -> String {
    let mut page = format!("**{}**\n\n{}\n", summary::label(line), escape(&summary::sentence(line)));
    let mut rows: Vec<(&str, String)> = Vec::new();
    if let (Some(python), Some(triton)) = (line.python_ms, line.triton_ms) {
        let times = format!(
            "{} reference, {} candidate",
            summary::milliseconds(python),
            summary::milliseconds(triton)
        );
        rows.push(("device time", times));
    }
    if let Some(host) = line.host_ms {
        let times = format!(
            "{} reference, {} candidate",
            summary::milliseconds(host.python),
            summary::milliseconds(host.triton)
        );
        rows.push(("host time", times));
    }
    if let Some(speedup) = line.speedup_vs_compile {
        rows.push(("over torch.compile", summary::times(speedup)));
    }
    if let Some(share) = line.roofline.and_then(|roofline| roofline.share()) {
        rows.push(("reached", share));
    }
    if let Some(foreign) = line.foreign_fraction {
        rows.push(("outside of its kernels", format!("{:.0} % of the device time", foreign * 100.0)));
    }
    rows.extend(line.outputs.iter().map(|one| ("output", output(one))));
    rows.extend(line.kernels.iter().map(|kernel| ("kernel", summary::kernel(kernel))));
    rows.extend(line.device.iter().map(|device| ("device", format!("{} ({})", device.name, device.mode))));
    if !line.pending.is_empty() {
        rows.push(("still to come", line.pending.join(", ")));
    }
    if !rows.is_empty() {
        page.push_str("\n| | |\n|---|---|\n");
        for (name, value) in rows {
            page.extend(["| ", name, " | ", &escape(&value), " |\n"]);
        }
    }
    if let Some(error) = line.error.as_ref().filter(|error| !error.traceback.trim().is_empty()) {
        page.extend(["\n", &code(error.traceback.trim()), "\n"]);
    }
    page
}

/// A verdict that an edit has overtaken.
pub(crate) fn stale(line: &VerdictLine) -> String {
    format!("**stale**: the code changed since its verdict. It was:\n\n{}", verdict(line))
}

/// What a block is for.
pub(crate) fn block(kind: BlockKind) -> &'static str {
    match kind {
        BlockKind::Python => {
            "**The reference**: plain PyTorch. What it returns is what the candidate must return, and its time is the time to beat."
        }
        BlockKind::Triton => {
            "**The candidate**: `@triton.jit` kernels and the wrapper that launches them. It is proved against the PYTHON block: run *Fusewright: Verify*."
        }
        BlockKind::Test => {
            "**The inputs**: `get_test_inputs()` returns the arguments that both sides are called with."
        }
    }
}

fn output(output: &Output) -> String {
    let shape: Vec<String> = output.shape.iter().map(ToString::to_string).collect();
    let name = if output.path.is_empty() { String::new() } else { format!("{} ", output.path) };
    let error = output.max_abs_error.map(|error| format!(", largest error {error:.3e}")).unwrap_or_default();
    let differ = match output.mismatched {
        0 => String::new(),
        count => format!(", {count} of {} elements differ", output.total),
    };
    format!("{name}{} [{}]{error}{differ}", output.dtype, shape.join(", "))
}

/// Text of the pair's own, which must not become formatting, a link or a command.
fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for char in text.chars() {
        match char {
            '\n' | '\r' => escaped.push(' '),
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            char if char.is_ascii_punctuation()
                && !matches!(char, ',' | '.' | ':' | ';' | '%' | '\'' | '"' | '/' | '=' | '?') =>
            {
                escaped.push('\\');
                escaped.push(char);
            }
            char => escaped.push(char),
        }
    }
    escaped
}

/// Text as it stands, in a fence that it cannot close.
fn code(text: &str) -> String {
    let longest = text.split(|char| char != '`').map(str::len).max().unwrap_or(0);
    let fence = "`".repeat((longest + 1).max(3));
    format!("{fence}text\n{text}\n{fence}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_of_the_pair_stays_text() {
        insta::assert_snapshot!(escape("[x](command:run) | `a` <b> &amp;\n# no"), @r"\[x\]\(command:run\) \| \`a\` &lt;b\> &amp;amp; \# no");
        insta::assert_snapshot!(code("a ``` b"), @r"
        ````text
        a ``` b
        ````
        ");
    }
}
