//! Finds the kernel in what a model says.
//!
//! Models answer with the block or with the whole file, fenced or bare, with prose around it and reasoning before it.
//! What is found here is Python that parses and holds what was asked for, or the answer is refused with a sentence
//! that says what came instead.

use fusewright_pair::{BlockKind, PairFile, Rule};
use thiserror::Error;

use super::fences::{fenced_blocks, has_diff, plain, unescaped, without_prose};
use super::reasoning::without_reasoning;

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
    /// It is the call of a tool.
    #[error(
        "the answer is a call of the tool `{name}`, and no tool was offered: the code was to come as text"
    )]
    ToolCall {
        /// The tool's name.
        name: String,
    },
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
    /// The kernel has the wrapper's name.
    #[error(
        "the code in the answer gives the name `{candidate}` to a kernel: it is the wrapper's, which launches it"
    )]
    KernelAsWrapper {
        /// The name.
        candidate: String,
    },
    /// What came changes code, and nobody has that code.
    #[error("the answer gives changes (a diff), not the code: the whole block was asked for")]
    Diff,
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
    let spoken = without_reasoning(answer);
    let found = search(&spoken.text, wanted);
    match spoken.unclosed {
        None => found,
        // A model may forget to say that its reasoning is over; what it wrote last is then its answer.
        Some(rest) => found.or_else(|fault| {
            let last =
                fenced_blocks(&rest).pop().and_then(|block| find_in(vec![triton_part(&block)], wanted).ok());
            last.ok_or(if fault == AnswerError::Empty { AnswerError::OnlyReasoning } else { fault })
        }),
    }
}

fn search(spoken: &str, wanted: &Wanted) -> Result<String, AnswerError> {
    if spoken.trim().is_empty() {
        return Err(AnswerError::Empty);
    }
    let fenced = fenced_blocks(spoken);
    // What was said last counts first: models mend themselves as they go.
    let mut candidates: Vec<String> = fenced.iter().rev().map(|block| triton_part(block)).collect();
    if fenced.len() > 1 {
        let parts: Vec<String> = fenced.iter().map(|block| triton_part(block)).collect();
        // Without what only shows how the code is used, which would run with it.
        let defining: Vec<&str> =
            parts.iter().map(String::as_str).filter(|part| defines_something(part)).collect();
        candidates.extend([defining.join("\n\n"), parts.join("\n\n")]);
    }
    candidates.extend(in_json(spoken, &fenced));
    let whole = triton_part(spoken);
    let mut shorter = fenced.iter().rev().flat_map(|block| without_prose(block)).collect::<Vec<_>>();
    let mut bare = without_prose(spoken).into_iter();
    if fenced.is_empty() {
        candidates.push(whole);
        candidates.extend(bare.next());
    } else if whole != spoken {
        candidates.push(whole);
    }
    shorter.extend(bare);
    // What is wrong with a part of the code is no news of the whole.
    let found = find_in(candidates, wanted).or_else(|fault| find_in(shorter, wanted).map_err(|_| fault));
    found.map_err(|fault| match fault {
        _ if has_diff(spoken) => AnswerError::Diff,
        // A sentence is no Python, which is no news to anybody.
        AnswerError::NoPython { .. } | AnswerError::Empty
            if fenced.is_empty() && !looks_like_code(spoken) =>
        {
            let begins = spoken.split_whitespace().take(12).collect::<Vec<_>>().join(" ");
            AnswerError::NoCode { begins }
        }
        fault => fault,
    })
}

/// The first that is what was asked for, and better one that needs nothing from elsewhere.
fn find_in(candidates: Vec<String>, wanted: &Wanted) -> Result<String, AnswerError> {
    let mut nearest: Option<AnswerError> = None;
    let mut incomplete = None;
    for code in candidates {
        match checked(&code, wanted) {
            Ok(found) if found.needs.is_empty() => return Ok(found.code),
            Ok(found) => incomplete = incomplete.or(Some(found.code)),
            Err(fault) if nearest.as_ref().is_none_or(|known| rank(&fault) > rank(known)) => {
                nearest = Some(fault);
            }
            Err(_) => {}
        }
    }
    match (incomplete, nearest) {
        (Some(code), _) => Ok(with_imports(code)),
        (None, fault) => Err(fault.unwrap_or(AnswerError::Empty)),
    }
}

/// How near a fault is to success; the nearest is reported.
fn rank(fault: &AnswerError) -> u8 {
    match fault {
        AnswerError::KernelAsWrapper { .. } => 4,
        AnswerError::NoWrapper { .. } => 3,
        AnswerError::NoKernel => 2,
        AnswerError::NoPython { .. } => 1,
        _ => 0,
    }
}

/// Code that is what was asked for.
struct Found {
    code: String,
    /// What it uses and does not hold.
    needs: Vec<String>,
}

/// The code, mended where only its way here damaged it, if it is what was asked for.
fn checked(code: &str, wanted: &Wanted) -> Result<Found, AnswerError> {
    let code = tidy(&without_main(code));
    if let Some(meant) = unescaped(&code)
        && let Ok(found) = check(meant, wanted)
    {
        return Ok(found);
    }
    let meant = plain(&code);
    let found = check(code, wanted);
    match (found, meant) {
        (Err(AnswerError::NoPython { line, message }), Some(meant)) => {
            check(meant, wanted).map_err(|fault| match fault {
                AnswerError::NoPython { .. } => AnswerError::NoPython { line, message },
                fault => fault,
            })
        }
        (found, _) => found,
    }
}

fn check(code: String, wanted: &Wanted) -> Result<Found, AnswerError> {
    let pair = alone(&code);
    let fault = pair.diagnostics().iter().find(|diagnostic| diagnostic.rule == Rule::SyntaxError);
    if let Some(fault) = fault {
        let line = pair.line_of(fault.range.start()).saturating_sub(1).max(1);
        let message = fault.message.strip_prefix("syntax error in TRITON: ").unwrap_or(&fault.message);
        return Err(AnswerError::NoPython { line, message: message.to_owned() });
    }
    if pair.kernels().is_empty() {
        return Err(AnswerError::NoKernel);
    }
    let candidate = || wanted.candidate.clone();
    if pair.kernels().iter().any(|kernel| kernel.name == wanted.candidate) {
        return Err(AnswerError::KernelAsWrapper { candidate: candidate() });
    }
    if !defines(&code, &wanted.candidate) {
        return Err(AnswerError::NoWrapper { candidate: candidate() });
    }
    let needs = pair.diagnostics().iter().filter(|one| one.rule == Rule::UndefinedName);
    Ok(Found { needs: needs.map(|one| one.message.clone()).collect(), code })
}

/// The code as the only block of a file.
fn alone(code: &str) -> PairFile {
    PairFile::parse(format!("# <TRITON>\n{code}\n# </TRITON>\n"))
}

/// The code with the imports that it forgot, where a name stands for one module by custom.
fn with_imports(code: String) -> String {
    let imported = super::whole::with_imports(alone(&code));
    imported.code(BlockKind::Triton).map_or(code, tidy)
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

/// Whether code holds a definition, or imports and nothing that runs.
fn defines_something(code: &str) -> bool {
    let begins = |line: &str, words: &[&str]| words.iter().any(|word| line.starts_with(word));
    let mut top = code.lines().filter(|line| !line.trim().is_empty() && !line.starts_with([' ', '\t', '#']));
    top.clone().any(|line| begins(line, &["def ", "class ", "@"]))
        || top.all(|line| begins(line, &["import ", "from ", ")"]))
}

/// The TRITON block of a text that is a whole pair file, else the text.
fn triton_part(text: &str) -> String {
    let pair = PairFile::parse(text);
    pair.code(BlockKind::Triton).map_or_else(|| text.to_owned(), str::to_owned)
}

/// The kernel in answers that are records, as the dataset has them.
fn in_json(spoken: &str, fenced: &[String]) -> Option<String> {
    let texts = std::iter::once(spoken.trim()).chain(fenced.iter().map(|block| block.trim()));
    let mut records =
        texts.filter(|text| text.starts_with('{')).filter_map(|text| serde_json::from_str(text).ok());
    records.find_map(|record: serde_json::Value| {
        let code =
            ["triton_code", "triton", "kernel", "code"].iter().find_map(|name| record.get(name)?.as_str())?;
        Some(fenced_blocks(code).pop().unwrap_or_else(|| triton_part(code)))
    })
}

/// Code without a main block, which no block of a pair has.
fn without_main(code: &str) -> String {
    let mut inside = false;
    let kept = code.lines().filter(|line| {
        if line.starts_with("if __name__") {
            inside = true;
        } else if !line.trim().is_empty() && !line.starts_with([' ', '\t', '#', ')', '}', ']']) {
            inside = false;
        }
        !inside
    });
    kept.collect::<Vec<_>>().join("\n")
}

pub(crate) fn looks_like_code(text: &str) -> bool {
    text.lines().any(|line| line.starts_with("import ") || line.starts_with("def ") || line.starts_with('@'))
}

fn tidy(code: &str) -> String {
    format!("{}\n", code.trim_matches('\n').trim_end())
}

#[cfg(test)]
mod tests;
