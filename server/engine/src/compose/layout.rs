//! The files that the loop works on: the candidate of an idea, in the open style, and the numbered file of a task,
//! closed, with a measurement and a main block of its own.

use std::fmt::Write as _;

use fusewright_pair::{BlockKind, Convention, Inputs, PairFile};

use super::Draft;

/// What a task file measures with; it stands behind `get_test_inputs()`.
const TEST: &str = include_str!("assets/task_test.py");
/// What a task file does when it is run.
const MAIN: &str = include_str!("assets/task_main.py");

/// The line of the main block that names the attempt, and the one that counts it.
const ATTEMPT_LINE: &str = "print(\"=== ATTEMPT ";
const ATTEMPT_COUNT: &str = "    attempt, num_runs = ";

/// The candidate of an idea. An empty `triton` leaves that block out, for the kernel's writer to add.
pub fn open_file(draft: &Draft, triton: &str) -> String {
    let mut text = docstring(&draft.title);
    for (kind, code) in blocks(&draft.python, triton, &draft.test) {
        let blank = if kind == BlockKind::Python { "\n" } else { "\n\n" };
        let _ = write!(text, "{blank}{}\n{}", kind.opening_marker(), whole(code));
    }
    text
}

/// The file of a task, which `python FILE` runs: both sides, measured, with the reports. An empty `triton` leaves that
/// block out.
pub fn task_file(draft: &Draft, triton: &str, attempt: u32) -> String {
    let measured = with_measurement(&draft.test);
    let mut text = docstring(&draft.title);
    for (kind, code) in blocks(&draft.python, triton, &measured) {
        let (opening, closing) = (kind.opening_marker(), kind.closing_marker());
        let _ = write!(text, "\n{opening}\n{}\n\n{closing}\n", whole(code));
    }
    let main = MAIN.replace("REFERENCE", &draft.reference).replace("CANDIDATE", &draft.candidate);
    text.push('\n');
    text.push_str(&main);
    with_attempt(&text, attempt, &draft.title)
}

/// The parts of a pair that somebody else wrote, to be laid out anew.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Parts {
    /// PYTHON and TEST, with the names that they have.
    pub draft: Draft,
    /// The TRITON block.
    pub triton: String,
}

impl Parts {
    /// The parts of a pair's text, where it has all three blocks, two functions to compare and inputs for them;
    /// `about` is the title where the file has none.
    pub fn of(text: &str, about: &str) -> Option<Self> {
        let pair = PairFile::parse(text);
        let pair = pair.with_test_inputs().unwrap_or(pair);
        let entry = pair.entry_points()?;
        if entry.convention == Convention::Modules || !matches!(pair.inputs(), Some(Inputs::GetTestInputs(_)))
        {
            return None;
        }
        let code = |kind| pair.code(kind).map(whole);
        Some(Self {
            draft: Draft {
                title: pair.title().unwrap_or(about).to_owned(),
                reference: entry.reference.name.clone(),
                candidate: entry.candidate.name.clone(),
                python: code(BlockKind::Python)?,
                test: code(BlockKind::Test)?,
            },
            triton: code(BlockKind::Triton)?,
        })
    }
}

/// The same file with the attempt that it is: the line that its main block prints, and what it counts by. A file
/// without a main block stays as it is.
pub fn with_attempt(text: &str, attempt: u32, about: &str) -> String {
    let about = one_line(about).replace('\\', "\\\\").replace('"', "\\\"");
    let printed = format!("{ATTEMPT_LINE}{attempt}: {about} ===\")");
    let Some(main) = PairFile::parse(text).main_block() else { return text.to_owned() };
    let (before, main) = text.split_at(main.start().to_usize());
    let newline = if text.contains("\r\n") { "\r\n" } else { "\n" };
    let mut lines: Vec<String> = Vec::new();
    let mut found = false;
    for line in main.split_inclusive('\n') {
        let bare = line.trim_end();
        let indent = &bare[..bare.len() - bare.trim_start().len()];
        if !found && bare.trim_start().starts_with(ATTEMPT_LINE) {
            found = true;
            lines.push(format!("{indent}{printed}{newline}"));
        } else if let Some((_, runs)) =
            bare.strip_prefix(ATTEMPT_COUNT).and_then(|rest| rest.split_once(", "))
        {
            lines.push(format!("{ATTEMPT_COUNT}{attempt}, {runs}{newline}"));
        } else {
            lines.push(line.to_owned());
        }
    }
    if !found {
        // Behind `if __name__ == "__main__":`, which is the block's first line of code.
        let at = lines
            .iter()
            .position(|line| line.trim_start().starts_with("if "))
            .map_or(lines.len(), |at| at + 1);
        lines.insert(at, format!("    {printed}{newline}"));
    }
    format!("{before}{}", lines.concat())
}

fn docstring(title: &str) -> String {
    let title = one_line(title).replace('\\', "/").replace("\"\"\"", "'''");
    // A quote at the end would join the three that close the string.
    format!("\"\"\"Fused Kernels: {}\"\"\"\n", title.trim_end_matches('"'))
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn blocks<'a>(python: &'a str, triton: &'a str, test: &'a str) -> Vec<(BlockKind, &'a str)> {
    let all = [(BlockKind::Python, python), (BlockKind::Triton, triton), (BlockKind::Test, test)];
    all.into_iter().filter(|(_, code)| !code.trim().is_empty()).collect()
}

/// A block's text without blank lines at its ends.
fn whole(code: &str) -> String {
    format!("{}\n", code.trim_matches(['\n', '\r']).trim_end())
}

/// TEST with the measurement of the task files in the place of any that it has.
fn with_measurement(test: &str) -> String {
    let mut test = without_function(test, "test_performance");
    for import in ["import torch", "import time"] {
        if test.lines().any(|line| line.trim_end() == import) {
            continue;
        }
        // Behind torch's, as the layout has it.
        test = match test.strip_prefix("import torch\n") {
            Some(rest) => format!("import torch\n{import}\n{rest}"),
            None => format!("{import}\n{test}"),
        };
    }
    format!("{}\n\n\n{TEST}", test.trim_end())
}

/// The text without the top-level function of this name.
fn without_function(text: &str, name: &str) -> String {
    let heads = [format!("def {name}("), format!("async def {name}(")];
    let mut kept = String::new();
    let mut inside = false;
    // A line at the margin ends a function, unless it closes the brackets of its signature.
    for line in text.split_inclusive('\n') {
        let starts = heads.iter().any(|head| line.starts_with(head.as_str()));
        let margin = !line.trim().is_empty() && !line.starts_with([' ', '\t', ')', ']']);
        inside = starts || inside && !margin;
        if !inside {
            kept.push_str(line);
        }
    }
    kept
}
