//! Finds a whole pair in what a model says: fenced or bare, in one piece or in several, with prose around it.

use fusewright_pair::{BlockKind, PairFile, Severity, Style};

use super::answer::{AnswerError, fenced_blocks, looks_like_code, without_reasoning};

/// The text of the pair in an answer: in the style that is wanted, lines ending in line feeds, and a docstring at its
/// start, made of `title` where the answer has none.
pub fn find_pair(answer: &str, style: Style, title: &str) -> Result<String, AnswerError> {
    let spoken = without_reasoning(answer)?.replace("\r\n", "\n");
    if spoken.trim().is_empty() {
        return Err(AnswerError::Empty);
    }
    let fenced = fenced_blocks(&spoken);
    // What was said last counts first: models mend themselves as they go.
    let mut candidates: Vec<String> = fenced.iter().rev().cloned().collect();
    if fenced.len() > 1 {
        candidates.push(fenced.join("\n\n"));
        candidates.extend(by_what_they_hold(&fenced));
    }
    if fenced.is_empty() {
        candidates.extend(bare(&spoken));
    }
    let mut nearest: Option<(u8, String)> = None;
    for text in candidates {
        let pair = PairFile::parse(without_tail(&text));
        match fault(&pair) {
            None => return Ok(finished(&pair, style, title)),
            Some(fault) if nearest.as_ref().is_none_or(|known| fault.0 > known.0) => nearest = Some(fault),
            Some(_) => {}
        }
    }
    match nearest {
        Some((_, message)) => Err(AnswerError::NoPair(message)),
        None if looks_like_code(&spoken) => {
            Err(AnswerError::NoPair("it has no `# <PYTHON>`, `# <TRITON>` and `# <TEST>` blocks".to_owned()))
        }
        None => {
            let begins = spoken.split_whitespace().take(12).collect::<Vec<_>>().join(" ");
            Err(AnswerError::NoCode { begins })
        }
    }
}

/// What keeps a file from being a pair that can be judged, and how near it is to one.
fn fault(pair: &PairFile) -> Option<(u8, String)> {
    let blocks = u8::try_from(pair.blocks().len().min(3)).unwrap_or(3);
    if blocks == 0 {
        return Some((0, "it has no `# <PYTHON>`, `# <TRITON>` and `# <TEST>` blocks".to_owned()));
    }
    if let Some(one) = pair.structure_error() {
        return Some((blocks, format!("line {}: {}", pair.line_of(one.range.start()), one.message)));
    }
    if pair.kernels().is_empty() {
        return Some((4, "its TRITON block has no function under `@triton.jit`".to_owned()));
    }
    if pair.entry_points().is_none() || pair.inputs().is_none() {
        let errors = pair.diagnostics().iter().filter(|one| one.severity == Severity::Error);
        let said = errors.map(|one| one.message.clone()).next();
        return Some((5, said.unwrap_or_else(|| "it does not say what is to be compared".to_owned())));
    }
    None
}

/// Blocks that came in a fence each, without markers, told apart by what they hold.
fn by_what_they_hold(fenced: &[String]) -> Option<String> {
    let kind = |code: &str| {
        if code.contains("triton.jit") {
            BlockKind::Triton
        } else if code.contains("def get_test_inputs") || code.contains("def get_inputs") {
            BlockKind::Test
        } else {
            BlockKind::Python
        }
    };
    let last = |wanted| fenced.iter().rev().find(|code| kind(code) == wanted && code.contains("def "));
    let mut text = String::new();
    for wanted in BlockKind::ALL {
        let code = last(wanted)?;
        let marker = wanted.opening_marker();
        let code = if code.contains(marker) { code.clone() } else { format!("{marker}\n{code}") };
        text.push_str(&code);
        text.push('\n');
    }
    Some(text)
}

/// A file that stands bare in the answer: from its docstring, or its first marker, on.
fn bare(spoken: &str) -> Option<String> {
    let lines: Vec<&str> = spoken.lines().collect();
    let first = lines.iter().position(|line| line.starts_with("# <") || line.starts_with("#<"))?;
    let docstring =
        lines.get(..first)?.iter().position(|line| line.starts_with("\"\"\"") || line.starts_with("'''"));
    Some(lines.get(docstring.unwrap_or(first)..)?.join("\n"))
}

/// The text without the prose behind it.
fn without_tail(text: &str) -> String {
    let lines: Vec<&str> = text.lines().collect();
    let code = |line: &&str| {
        let begins = ["import ", "from ", "@", "def ", "class ", "#", ")", "]", "if ", "\"\"\"", "'''"];
        line.starts_with([' ', '\t']) && !line.trim().is_empty()
            || begins.iter().any(|word| line.starts_with(word))
    };
    let assignment = |line: &&str| line.split_once('=').is_some_and(|(name, _)| !name.trim().contains(' '));
    let last = lines.iter().rposition(|line| code(line) || assignment(line)).unwrap_or(lines.len());
    let mut text = lines.get(..=last).unwrap_or(&lines).join("\n");
    text.push('\n');
    text
}

fn finished(pair: &PairFile, style: Style, title: &str) -> String {
    let styled = pair.conversion_to(style).filter(|_| pair.style() != Some(style));
    let text = styled.and_then(|fix| fix.apply(pair.text())).unwrap_or_else(|| pair.text().to_owned());
    let text = format!("{}\n", text.trim());
    if pair.title().is_some() || title.is_empty() {
        return text;
    }
    let title = title.replace(['\\', '"'], "'").split_whitespace().collect::<Vec<_>>().join(" ");
    format!("\"\"\"{title}\"\"\"\n\n{text}")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const PYTHON: &str = "import torch\n\n\ndef add_torch(x):\n    return x + 1\n";
    const TRITON: &str = "import torch\nimport triton\nimport triton.language as tl\n\n\n@triton.jit\ndef add_kernel(x_ptr, out_ptr):\n    tl.store(out_ptr, tl.load(x_ptr) + 1)\n\n\ndef add_triton(x):\n    out = torch.empty_like(x)\n    add_kernel[(1,)](x, out)\n    return out\n";
    const TEST: &str =
        "import torch\n\n\ndef get_test_inputs():\n    return (torch.randn(1, device=\"cuda\"),)\n";

    fn open() -> String {
        format!("# <PYTHON>\n{PYTHON}\n# <TRITON>\n{TRITON}\n# <TEST>\n{TEST}")
    }

    fn closed() -> String {
        format!(
            "# <PYTHON>\n{PYTHON}# </PYTHON>\n\n# <TRITON>\n{TRITON}# </TRITON>\n\n# <TEST>\n{TEST}# </TEST>\n"
        )
    }

    #[test]
    fn the_pair_is_found_in_every_wrapping() {
        let (open, closed) = (open(), closed());
        let answers = [
            open.clone(),
            closed.clone(),
            format!("```python\n\"\"\"Add one.\"\"\"\n\n{open}```\n"),
            format!("Here is the pair.\n\n```python\n{closed}```\n\nIt is fused: one launch."),
            format!("Here is the pair.\n\n\"\"\"Add one.\"\"\"\n{open}\nThis is fast, I think.\n"),
            format!("<think>\n```python\n# <PYTHON>\nx = 1\n```\n</think>\n```\n{open}\n```"),
            format!(
                "```python\n# <PYTHON>\n{PYTHON}```\n```python\n# <TRITON>\n{TRITON}```\n```python\n# <TEST>\n{TEST}```\n"
            ),
            format!(
                "### PYTHON\n```python\n{PYTHON}```\n### TRITON\n```python\n{TRITON}```\n### TEST\n```python\n{TEST}```\n"
            ),
            format!(
                "First:\n```python\n{}```\nno, better:\n```python\n{open}```",
                open.replace("def add_triton", "def (")
            ),
            format!("```python\n{open}```\nRun it:\n```bash\npython pair.py\n```\n"),
            open.replace('\n', "\r\n"),
        ];
        for answer in answers {
            for style in [Style::Open, Style::Closed] {
                let text =
                    find_pair(&answer, style, "Add one").unwrap_or_else(|error| panic!("{error}\n{answer}"));
                let pair = PairFile::parse(&*text);
                assert_eq!((pair.style(), pair.structure_error()), (Some(style), None), "{text}");
                for (kind, code) in
                    [(BlockKind::Python, PYTHON), (BlockKind::Triton, TRITON), (BlockKind::Test, TEST)]
                {
                    assert_eq!(pair.code(kind).unwrap().trim(), code.trim(), "{answer}");
                }
                assert_eq!(pair.title().unwrap().trim_end_matches('.'), "Add one", "{text}");
                assert!(text.starts_with("\"\"\"") && text.ends_with('\n') && !text.contains('\r'));
            }
        }
    }

    #[test]
    fn what_came_instead_is_said() {
        let open = open();
        let answers = [
            String::new(),
            "I would rather not.".to_owned(),
            format!("```python\n{TRITON}```"),
            format!("```python\n# <PYTHON>\n{PYTHON}# <TRITON>\n{TRITON}```"),
            format!("```python\n{}```", open.replace("@triton.jit\n", "")),
            format!("```python\n{}```", open.replace("def get_test_inputs", "def inputs")),
            format!("```python\n{}```", open.replace("tl.load(x_ptr) +", "tl.load(x_ptr +")),
        ];
        let said = answers.map(|answer| find_pair(&answer, Style::Open, "").unwrap_err().to_string());
        insta::assert_snapshot!(said.join("\n"), @r"
        the answer is empty
        the answer holds no code; it begins: I would rather not.
        the answer holds no whole pair: it has no `# <PYTHON>`, `# <TRITON>` and `# <TEST>` blocks
        the answer holds no whole pair: line 7: the TEST block is missing: add `# <TEST>` after TRITON with `get_test_inputs()`
        the answer holds no whole pair: its TRITON block has no function under `@triton.jit`
        the answer holds no whole pair: nothing gives the inputs: add `get_test_inputs()`, which returns a tuple of tensors on the GPU
        the answer holds no whole pair: line 16: syntax error in TRITON: expected `)`, found newline
        ");
    }

    proptest! {
        #[test]
        fn no_answer_panics(answer in r"(```|<think>|</think>|# <(PYTHON|TRITON|TEST)>|~~~|@triton\.jit|def k\(|\n|é|[ -~]){0,40}") {
            let _ = find_pair(&answer, Style::Closed, "é");
        }
    }
}
