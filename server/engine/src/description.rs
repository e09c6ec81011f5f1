//! One sentence that says what a pair computes.

use fusewright_pair::{BlockKind, PairFile};

use crate::tokens::{Token, tokens};

/// Names that say nothing about what is computed.
const GENERIC: [&str; 12] = [
    "fused",
    "kernel",
    "kernels",
    "pytorch",
    "torch",
    "python",
    "model",
    "forward",
    "ref",
    "reference",
    "fn",
    "f",
];

/// Calls that make, move or shape tensors, and say little about what is computed.
const PLUMBING: [&str; 12] = [
    "empty",
    "zeros",
    "ones",
    "empty_like",
    "zeros_like",
    "ones_like",
    "tensor",
    "arange",
    "contiguous",
    "float",
    "no_grad",
    "cuda",
];

/// A pair's description: its title, else what the reference's docstring says, else a sentence made from the
/// reference's name, else one from the operations that it calls.
pub fn describe(pair: &PairFile) -> String {
    let code = pair.code(BlockKind::Python).unwrap_or_default();
    let name = pair.entry_points().map(|entry| entry.reference.name.as_str());
    let found = pair
        .title()
        .and_then(sentence)
        .or_else(|| name.and_then(|name| docstring(code, name)).and_then(from_docstring))
        .or_else(|| name.and_then(from_name))
        .or_else(|| from_calls(code));
    found.unwrap_or_else(|| "Fused kernel.".to_owned())
}

/// A text as one sentence; `None` where it says nothing.
fn sentence(text: &str) -> Option<String> {
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let first = text.chars().find(|character| character.is_alphanumeric())?;
    let stop = if text.ends_with(['.', '!', '?']) { "" } else { "." };
    // A title such as "Fused Kernels: linear, relu" is handed over without its first words.
    // So is one that begins with a name such as ReLU or LayerNorm.
    let mut word = text.split([' ', ',']).next().unwrap_or_default().chars().skip(1);
    let named = word.any(|letter| letter.is_uppercase() || letter.is_numeric());
    let start = if first.is_lowercase() || named && !text.starts_with("Fused") { "Fused " } else { "" };
    Some(format!("{start}{text}{stop}"))
}

/// The docstring of a top-level function or class, without its quotes.
fn docstring<'a>(code: &'a str, name: &str) -> Option<&'a str> {
    let tokens = tokens(code);
    let start = tokens.windows(2).position(
        |pair| matches!(pair, [Token::Word("def" | "class"), Token::Word(defined)] if *defined == name),
    )?;
    let body = tokens.iter().skip(start).position(|token| *token == Token::Newline)? + start + 1;
    let mut body = tokens.iter().skip(body);
    match (body.next()?, body.next()?) {
        (Token::Indent, Token::Text(text)) => Some(text.trim_matches(['"', '\''])),
        _ => None,
    }
}

/// The numbered steps that a docstring lists, else its first line.
fn from_docstring(text: &str) -> Option<String> {
    let steps: Vec<&str> = text
        .lines()
        .filter_map(|line| {
            let (number, step) = line.trim().split_once(['.', ')'])?;
            let numbered = !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit());
            numbered.then(|| step.trim().trim_end_matches('.')).filter(|step| !step.is_empty())
        })
        .collect();
    if steps.len() > 1 {
        return Some(format!("Fused {}.", list(&steps)));
    }
    sentence(text.lines().map(str::trim).find(|line| !line.is_empty())?.trim_end_matches(':'))
}

fn from_name(name: &str) -> Option<String> {
    let words: Vec<&str> = name
        .split('_')
        .filter(|word| !word.is_empty() && !GENERIC.contains(&word.to_lowercase().as_str()))
        .collect();
    (!words.is_empty()).then(|| format!("Fused {}.", words.join(" ")))
}

fn from_calls(code: &str) -> Option<String> {
    let tokens = tokens(code);
    let mut calls: Vec<&str> = Vec::new();
    for window in tokens.windows(3) {
        if let [Token::Mark('.'), Token::Word(name), Token::Mark('(')] = window
            && !PLUMBING.contains(name)
            && !calls.contains(name)
        {
            calls.push(name);
        }
    }
    (!calls.is_empty()).then(|| format!("Fused {}.", list(&calls)))
}

/// `a, b and c`.
fn list(words: &[&str]) -> String {
    match words {
        [rest @ .., last] if !rest.is_empty() => format!("{} and {last}", rest.join(", ")),
        _ => words.concat(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const STEPS: &str = "def fused_kernel_pytorch(x):\n    \"\"\"\n    PyTorch implementation combining:\n    1. linear\n    2. relu.\n    3. scale\n    \"\"\"\n    return x\n";

    #[test]
    fn a_title_becomes_a_sentence() {
        assert_eq!(sentence("linear, relu").as_deref(), Some("Fused linear, relu."));
        assert_eq!(sentence("  Softmax of\n rows. ").as_deref(), Some("Softmax of rows."));
        let text = "ReLU, square and scale of a float32 matrix";
        assert_eq!(sentence(text).as_deref(), Some("Fused ReLU, square and scale of a float32 matrix."));
        assert_eq!(sentence(" - "), None);
    }

    #[test]
    fn a_docstring_gives_its_steps_or_its_first_line() {
        let text = docstring(STEPS, "fused_kernel_pytorch").unwrap();
        assert_eq!(from_docstring(text).as_deref(), Some("Fused linear, relu and scale."));
        let code = "class Model(nn.Module):\n    'Softmax over rows'\n";
        let text = docstring(code, "Model").unwrap();
        assert_eq!(from_docstring(text).as_deref(), Some("Softmax over rows."));
        assert_eq!(docstring("def f(x):\n    return 'a'\n", "f"), None);
    }

    #[test]
    fn a_name_or_the_calls_give_the_rest() {
        assert_eq!(from_name("bias_gelu_torch").as_deref(), Some("Fused bias gelu."));
        assert_eq!(from_name("fused_kernel_pytorch"), None);
        let code =
            "def f(x):\n    # F.elu(x)\n    y = F.relu(x) + torch.exp(x)\n    return F.relu(y).sum(dim=1)\n";
        assert_eq!(from_calls(code).as_deref(), Some("Fused relu, exp and sum."));
        assert_eq!(from_calls("def f(x):\n    return x * 2\n"), None);
    }
}
