//! Finds a whole pair in what a model says: fenced or bare, in one piece or in several, with prose around it.

use fusewright_pair::{BlockKind, PairFile, Rule, Severity, Style};

use super::answer::{AnswerError, looks_like_code};
use super::fences::{fenced_blocks, has_diff, plain, unescaped};
use super::reasoning::without_reasoning;

const NO_BLOCKS: &str = "it has no `# <PYTHON>`, `# <TRITON>` and `# <TEST>` blocks";

/// The text of the pair in an answer: in the style that is wanted, lines ending in line feeds, and a docstring at its
/// start, made of `title` where the answer has none.
pub fn find_pair(answer: &str, style: Style, title: &str) -> Result<String, AnswerError> {
    let spoken = without_reasoning(answer);
    let found = search(&spoken.text, style, title);
    match spoken.unclosed {
        None => found,
        // A model may forget to say that its reasoning is over; what it wrote last is then its answer.
        Some(rest) => found.or_else(|fault| {
            let last = fenced_blocks(&rest).pop().and_then(|block| find_in(vec![block], style, title).ok());
            last.ok_or(if fault == AnswerError::Empty { AnswerError::OnlyReasoning } else { fault })
        }),
    }
}

fn search(spoken: &str, style: Style, title: &str) -> Result<String, AnswerError> {
    if spoken.trim().is_empty() {
        return Err(AnswerError::Empty);
    }
    if let Some(meant) = unescaped(spoken).filter(|_| spoken.contains("&lt;PYTHON&gt;")) {
        return search(&meant, style, title);
    }
    let fenced = fenced_blocks(spoken);
    // What was said last counts first: models mend themselves as they go.
    let mut candidates: Vec<String> = fenced.iter().rev().cloned().collect();
    if fenced.len() > 1 {
        candidates.push(fenced.join("\n\n"));
        candidates.extend(by_what_they_hold(&fenced));
    }
    candidates.extend(in_json(spoken, &fenced));
    candidates.extend(bare(spoken));
    find_in(candidates, style, title).map_err(|fault| match fault {
        _ if has_diff(spoken) => AnswerError::Diff,
        AnswerError::Empty if looks_like_code(spoken) => AnswerError::NoPair(NO_BLOCKS.to_owned()),
        AnswerError::Empty => {
            let begins = spoken.split_whitespace().take(12).collect::<Vec<_>>().join(" ");
            AnswerError::NoCode { begins }
        }
        fault => fault,
    })
}

/// The first candidate that is a pair; [`AnswerError::Empty`] where there is none at all.
fn find_in(candidates: Vec<String>, style: Style, title: &str) -> Result<String, AnswerError> {
    let mut nearest: Option<(u8, String)> = None;
    for text in candidates {
        let text = without_tail(&text);
        // Whatever damaged it on its way here is undone where that makes it a pair.
        for text in [unescaped(&text), Some(text.clone()), plain(&text)].into_iter().flatten() {
            let pair = with_imports(PairFile::parse(text));
            match fault(&pair) {
                None => return Ok(finished(&pair, style, title)),
                Some(fault) if nearest.as_ref().is_none_or(|known| fault.0 > known.0) => {
                    nearest = Some(fault);
                }
                Some(_) => {}
            }
        }
    }
    Err(nearest.map_or(AnswerError::Empty, |(_, message)| AnswerError::NoPair(message)))
}

/// The pair with the imports that its blocks forgot, where a name stands for one module by custom.
pub(super) fn with_imports(mut pair: PairFile) -> PairFile {
    const MOST: usize = 12;
    for _ in 0..MOST {
        let missing = pair.diagnostics().iter().filter(|one| one.rule == Rule::UndefinedName);
        let Some(text) = missing.filter_map(|one| one.fix.as_ref()).find_map(|fix| fix.apply(pair.text()))
        else {
            break;
        };
        pair = PairFile::parse(text);
    }
    pair
}

/// The blocks in an answer that is a record, as the dataset has them.
fn in_json(spoken: &str, fenced: &[String]) -> Option<String> {
    let texts = std::iter::once(spoken.trim()).chain(fenced.iter().map(|block| block.trim()));
    let mut records =
        texts.filter(|text| text.starts_with('{')).filter_map(|text| serde_json::from_str(text).ok());
    records.find_map(|record: serde_json::Value| {
        let mut text = String::new();
        for kind in BlockKind::ALL {
            let name = format!("{}_code", kind.tag().to_ascii_lowercase());
            let code = record.get(&name)?.as_str()?.replace("\r\n", "\n");
            let marker = kind.opening_marker();
            let marker = if code.contains(marker) { String::new() } else { format!("{marker}\n") };
            text.extend([marker.as_str(), code.trim_end(), "\n\n"]);
        }
        Some(text)
    })
}

/// What keeps a file from being a pair that can be judged, and how near it is to one.
fn fault(pair: &PairFile) -> Option<(u8, String)> {
    let blocks = u8::try_from(pair.blocks().len().min(3)).unwrap_or(3);
    if blocks == 0 {
        return Some((0, NO_BLOCKS.to_owned()));
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
    fn a_damaged_or_wrapped_pair_is_made_whole() {
        let open = open();
        let escaped = open.replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;");
        let record = serde_json::json!({"description": "Adds.", "python_code": PYTHON, "triton_code": TRITON, "test_code": TEST});
        let answers = [
            escaped,
            format!("```json\n{record}\n```"),
            record.to_string(),
            format!("1. So:\n\n   ```python\n   {}\n   ```\n", open.trim_end().replace('\n', "\n   ")),
            format!("<think>Let me see.\n```python\n{open}```"),
            format!(
                "```python\n{}```",
                open.replace("import torch\nimport triton\nimport triton.language as tl\n\n\n", "")
            ),
            format!("```diff\n+{}\n```", open.trim_end().replace('\n', "\n+")),
            format!("```python\n{open}"),
        ];
        for answer in answers {
            let text = find_pair(&answer, Style::Open, "Add one")
                .unwrap_or_else(|error| panic!("{error}\n{answer}"));
            let pair = PairFile::parse(&*text);
            assert_eq!(pair.structure_error(), None, "{text}");
            for (kind, code) in
                [(BlockKind::Python, PYTHON), (BlockKind::Triton, TRITON), (BlockKind::Test, TEST)]
            {
                let lines = |code: &str| {
                    let mut lines: Vec<String> =
                        code.lines().filter(|line| !line.is_empty()).map(str::to_owned).collect();
                    lines.sort();
                    lines
                };
                assert_eq!(lines(pair.code(kind).unwrap()), lines(code), "{answer}");
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
