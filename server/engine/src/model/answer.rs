//! Finds the kernel in what a model says.
//!
//! Models answer with the block or with the whole file, fenced or bare, with prose around it and reasoning before it.
//! What is found here is Python that parses and holds what was asked for, or the answer is refused with a sentence
//! that says what came instead.

use fusewright_pair::{BlockKind, PairFile, Rule};
use thiserror::Error;

/// What the code must hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wanted {
    /// The wrapper's name.
    pub candidate: String,
}

/// Why an answer holds no kernel. The sentence is for the user, and for the model's next attempt.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum AnswerError {
    /// There is nothing in it.
    #[error("the answer is empty")]
    Empty,
    /// It never came to its end.
    #[error("the answer ends within its reasoning: no code came")]
    OnlyReasoning,
    /// It is prose.
    #[error("the answer holds no code; it begins: {begins}")]
    NoCode {
        /// Its first words.
        begins: String,
    },
    /// The code is no Python.
    #[error("the code in the answer is no Python: line {line}: {message}")]
    NoPython {
        /// The line, counted in the code.
        line: u32,
        /// What the parser says.
        message: String,
    },
    /// There is code, but not the kernel.
    #[error("the code in the answer has no function under `@triton.jit`")]
    NoKernel,
    /// There is a kernel, but nothing that calls it by the wanted name.
    #[error("the code in the answer does not define `{candidate}`, the wrapper that was asked for")]
    NoWrapper {
        /// The name that was asked for.
        candidate: String,
    },
    /// The code cannot stand in the file.
    #[error("the code in the answer cannot stand in the TRITON block: {0}")]
    NoBlock(String),
    /// The kernel is TorchInductor's, which was given as a hint, and the dataset takes none of those.
    #[error(
        "the answer repeats TorchInductor's own kernel, which was a place to start from: write one of your own"
    )]
    Copied,
    /// A whole pair was asked for, and what came is none.
    #[error("the answer holds no whole pair: {0}")]
    NoPair(String),
}

/// The code of the TRITON block, with a line feed at its end.
pub fn find_code(answer: &str, wanted: &Wanted) -> Result<String, AnswerError> {
    let spoken = without_reasoning(answer)?;
    if spoken.trim().is_empty() {
        return Err(AnswerError::Empty);
    }
    let fenced = fenced_blocks(&spoken);
    let mut candidates: Vec<String> = Vec::new();
    // What was said last counts first: models mend themselves as they go.
    candidates.extend(fenced.iter().rev().map(|block| triton_part(block)));
    if fenced.len() > 1 {
        candidates.push(fenced.iter().map(|block| triton_part(block)).collect::<Vec<_>>().join("\n\n"));
    }
    if fenced.is_empty() {
        candidates.push(triton_part(&spoken));
        candidates.extend(without_prose(&spoken));
    }
    let mut nearest = None;
    for code in candidates {
        match check(&code, wanted) {
            Ok(()) => return Ok(tidy(&code)),
            Err(fault) if nearest.as_ref().is_none_or(|known| rank(&fault) > rank(known)) => {
                nearest = Some(fault);
            }
            Err(_) => {}
        }
    }
    match nearest {
        // A sentence is no Python, which is no news to anybody.
        Some(AnswerError::NoPython { .. }) | None if fenced.is_empty() && !looks_like_code(&spoken) => {
            let begins = spoken.split_whitespace().take(12).collect::<Vec<_>>().join(" ");
            Err(AnswerError::NoCode { begins })
        }
        Some(fault) => Err(fault),
        None => Err(AnswerError::Empty),
    }
}

/// How near a fault is to success; the nearest is reported.
fn rank(fault: &AnswerError) -> u8 {
    match fault {
        AnswerError::NoWrapper { .. } => 3,
        AnswerError::NoKernel => 2,
        AnswerError::NoPython { .. } => 1,
        _ => 0,
    }
}

fn check(code: &str, wanted: &Wanted) -> Result<(), AnswerError> {
    let pair = PairFile::parse(format!("# <TRITON>\n{code}\n# </TRITON>\n"));
    let fault = pair.diagnostics().iter().find(|diagnostic| diagnostic.rule == Rule::SyntaxError);
    if let Some(fault) = fault {
        let line = pair.line_of(fault.range.start()).saturating_sub(1).max(1);
        let message = fault.message.strip_prefix("syntax error in TRITON: ").unwrap_or(&fault.message);
        return Err(AnswerError::NoPython { line, message: message.to_owned() });
    }
    if pair.kernels().is_empty() {
        return Err(AnswerError::NoKernel);
    }
    if defines(code, &wanted.candidate) {
        Ok(())
    } else {
        Err(AnswerError::NoWrapper { candidate: wanted.candidate.clone() })
    }
}

/// Whether a name is bound at the top level: by `def`, `class` or an assignment.
fn defines(code: &str, name: &str) -> bool {
    code.lines().any(|line| {
        let rest = line.strip_prefix("def ").or_else(|| line.strip_prefix("class ")).unwrap_or(line);
        let Some(after) = rest.trim_start().strip_prefix(name) else { return false };
        let after = after.trim_start();
        if rest.len() == line.len() {
            after.starts_with('=') && !after.starts_with("==") || after.starts_with(':')
        } else {
            after.starts_with(['(', ':', '['])
        }
    })
}

/// What stands before and between: `<think>…</think>` and its like.
pub(super) fn without_reasoning(answer: &str) -> Result<String, AnswerError> {
    let mut text = answer.to_owned();
    for tag in ["think", "thinking", "reasoning", "thought"] {
        let (open, close) = (format!("<{tag}>"), format!("</{tag}>"));
        while let Some(start) = text.find(&open) {
            let Some(end) = text.get(start..).and_then(|rest| rest.find(&close)) else {
                return Err(AnswerError::OnlyReasoning);
            };
            text.replace_range(start..start + end + close.len(), "");
        }
        // Some servers send the opening tag as part of the prompt.
        if let Some(end) = text.find(&close) {
            text.replace_range(..end + close.len(), "");
        }
    }
    Ok(text)
}

/// The contents of fences of backticks or tildes that hold Python or say no language.
pub(crate) fn fenced_blocks(text: &str) -> Vec<String> {
    let mut blocks = Vec::new();
    let mut open: Option<(&str, bool, Vec<&str>)> = None;
    for line in text.lines() {
        let trimmed = line.trim_start();
        match &mut open {
            None => {
                let Some(fence) = fence_of(trimmed) else { continue };
                let language = trimmed.get(fence.len()..).unwrap_or_default().trim().to_ascii_lowercase();
                let language = language.split([' ', '{', ',']).next().unwrap_or_default();
                let python = matches!(language, "" | "python" | "py" | "python3" | "triton");
                open = Some((fence, python, Vec::new()));
            }
            Some((fence, python, lines)) => {
                let closes = fence_of(trimmed)
                    .is_some_and(|found| found.starts_with(*fence) && trimmed.trim_end() == found);
                if closes {
                    if *python {
                        blocks.push(lines.join("\n"));
                    }
                    open = None;
                } else {
                    lines.push(line);
                }
            }
        }
    }
    // The answer is whole, so a fence that was not closed was forgotten.
    if let Some((_, true, lines)) = open {
        blocks.push(lines.join("\n"));
    }
    blocks.retain(|block| !block.trim().is_empty());
    blocks
}

/// The three or more backticks or tildes at the start of a line.
fn fence_of(line: &str) -> Option<&str> {
    let mark = line.chars().next().filter(|mark| matches!(mark, '`' | '~'))?;
    let count = line.chars().take_while(|&character| character == mark).count();
    if count >= 3 { line.get(..count) } else { None }
}

/// The TRITON block of a text that is a whole pair file, else the text.
fn triton_part(text: &str) -> String {
    let pair = PairFile::parse(text);
    pair.code(BlockKind::Triton).map_or_else(|| text.to_owned(), str::to_owned)
}

/// Bare code with prose before or after it: from the first line that can begin it, as much as parses.
fn without_prose(text: &str) -> Option<String> {
    let lines: Vec<&str> = text.lines().collect();
    let begins =
        |line: &&str| ["import ", "from ", "@", "def ", "class "].iter().any(|word| line.starts_with(word));
    let first = lines.iter().position(begins)?;
    let code = lines.get(first..)?;
    // Prose that follows begins after the last line that belongs to a definition.
    let inside = |line: &&str| line.starts_with([' ', '\t', ')', '@', '#']) || begins(line);
    let last = code.iter().rposition(inside)?;
    Some(code.get(..=last)?.join("\n"))
}

pub(crate) fn looks_like_code(text: &str) -> bool {
    text.lines().any(|line| line.starts_with("import ") || line.starts_with("def ") || line.starts_with('@'))
}

fn tidy(code: &str) -> String {
    format!("{}\n", code.trim_matches('\n').trim_end())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const KERNEL: &str = "import triton\nimport triton.language as tl\n\n\n@triton.jit\ndef k(x, n: tl.constexpr):\n    tl.store(x, n)";
    const WRAPPER: &str = "def scale_triton(x):\n    k[(1,)](x, 1)\n    return x";

    fn found(answer: &str) -> Result<String, AnswerError> {
        find_code(answer, &Wanted { candidate: "scale_triton".to_owned() })
    }

    fn code() -> String {
        format!("{KERNEL}\n\n\n{WRAPPER}\n")
    }

    #[test]
    fn the_code_is_found_in_every_wrapping() {
        let code = code();
        let answers = [
            code.clone(),
            format!("```python\n{code}```\n"),
            format!("Here it is:\n\n````py\n{code}````\n\nIt fuses both."),
            format!("<think>\n```python\ndef wrong(): pass\n```\n</think>\n```\n{code}\n```"),
            format!("reasoning without its tag</think>{code}"),
            format!("Here is the code.\n\n{code}\nThis is fast."),
            format!("~~~python\n{code}~~~"),
            format!("```python\n{code}"),
            format!("```python\n# <TRITON>\n{code}# </TRITON>\n```"),
            format!("# <PYTHON>\ndef scale_torch(x): return x\n# </PYTHON>\n# <TRITON>\n{code}# </TRITON>\n"),
            format!("First:\n```python\n{KERNEL}\n```\nthen:\n```python\n{WRAPPER}\n```\n"),
            format!("```python\ndef scale_triton(x): return x\n```\nNo, better:\n```python\n{code}```"),
            format!("```python\n{code}```\nUse it so:\n```bash\npython file.py\n```\n"),
            format!("```python\n{code}```\n```python\nprint(scale_triton(x))\n```"),
        ];
        for answer in answers {
            let got = found(&answer).unwrap_or_else(|error| panic!("{error}\n{answer}"));
            let squeezed: Vec<&str> = got.lines().filter(|line| !line.is_empty()).collect();
            let wanted: Vec<&str> = code.lines().filter(|line| !line.is_empty()).collect();
            assert_eq!(squeezed, wanted, "{answer}");
        }
    }

    #[test]
    fn what_came_instead_is_said() {
        let answers = [
            "",
            "<think>how about",
            "I cannot write that kernel, because the reference is stochastic and so on and on.",
            "```python\nimport triton\ndef broken(:\n    pass\n```",
            "```python\ndef scale_triton(x):\n    return x\n```",
            &format!("```python\n{KERNEL}\n```"),
            &format!("{KERNEL}\n\ndef scale_triton_backward(x):\n    return x"),
        ];
        let said: Vec<String> = answers.iter().map(|answer| found(answer).unwrap_err().to_string()).collect();
        insta::assert_snapshot!(said.join("\n"), @r"
        the answer is empty
        the answer ends within its reasoning: no code came
        the answer holds no code; it begins: I cannot write that kernel, because the reference is stochastic and so
        the code in the answer is no Python: line 2: expected a parameter or the end of the parameter list
        the code in the answer has no function under `@triton.jit`
        the code in the answer does not define `scale_triton`, the wrapper that was asked for
        the code in the answer does not define `scale_triton`, the wrapper that was asked for
        ");
    }

    #[test]
    fn an_alias_is_a_wrapper() {
        assert!(found(&format!("{KERNEL}\n\nclass Op: pass\n\nscale_triton = Op.apply\n")).is_ok());
    }

    proptest! {
        #[test]
        fn no_answer_panics(answer in r"(```|<think>|</think>|# <TRITON>|~~~|@triton\.jit|def k\(|\n|é|[ -~]){0,40}") {
            let _ = found(&answer);
        }
    }
}
