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
