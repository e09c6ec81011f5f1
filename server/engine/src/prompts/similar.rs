//! Worked pairs to learn from: those of the dataset whose references are most like the one at hand.

use std::collections::BTreeSet;

use crate::dataset::{Example, code_digest};
use crate::tokens::{Token, tokens};

/// Pairs longer than this would crowd out the task itself.
const LONGEST_PAIR: usize = 12_000;
/// Below this likeness a pair teaches nothing about the task.
const LEAST_LIKENESS: f64 = 0.15;

/// At most `count` examples, the most like `python` first, but not its own twins: to copy is no work. Likeness is the share of names and calls in common
/// (Jaccard's index of the sets of words).
pub fn nearest_examples(examples: &[Example], python: &str, count: usize) -> Vec<Example> {
    let wanted = words(python);
    let own = code_digest(python);
    let mut ranked: Vec<(f64, &Example)> = examples
        .iter()
        .filter(|example| example.python_code.len() + example.triton_code.len() <= LONGEST_PAIR)
        .map(|example| (likeness(&wanted, &words(&example.python_code)), example))
        .filter(|(likeness, example)| *likeness >= LEAST_LIKENESS && code_digest(&example.python_code) != own)
        .collect();
    ranked.sort_by(|(one, _), (other, _)| other.total_cmp(one));
    ranked.into_iter().take(count).map(|(_, example)| example.clone()).collect()
}

/// The words that say what is computed: names and attributes, but for the shortest and what all code has.
fn words(code: &str) -> BTreeSet<&str> {
    const COMMON: [&str; 10] =
        ["import", "torch", "def", "return", "from", "as", "functional", "Tensor", "self", "None"];
    let word = |token| match token {
        Token::Word(word) if word.len() > 1 && !COMMON.contains(&word) => Some(word),
        _ => None,
    };
    tokens(code).into_iter().filter_map(word).collect()
}

#[expect(clippy::cast_precision_loss, reason = "a block has few words")]
fn likeness(one: &BTreeSet<&str>, other: &BTreeSet<&str>) -> f64 {
    let common = one.intersection(other).count();
    let all = one.len() + other.len() - common;
    if all == 0 { 0.0 } else { common as f64 / all as f64 }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn example(python: &str, triton: usize) -> Example {
        Example {
            description: python.to_owned(),
            python_code: python.to_owned(),
            triton_code: " ".repeat(triton),
            test_code: String::new(),
        }
    }

    #[test]
    fn the_most_alike_come_first() {
        let examples = [
            example("def f(x): return torch.relu(x) + bias", 0),
            example("def f(x): return torch.softmax(x, dim=-1) * scale", 0),
            example("def f(x): return torch.softmax(x, dim=-1) * scale + mask", 0),
            example("def f(x): return torch.softmax(x, dim=-1) * scale + mask ", 20_000),
        ];
        let found =
            nearest_examples(&examples, "def g(x): return torch.softmax(x * scale + mask, dim=-1)", 2);
        let found: Vec<&str> = found.iter().map(|example| example.description.as_str()).collect();
        assert_eq!(found, [examples[2].description.as_str(), examples[1].description.as_str()]);
        assert_eq!(nearest_examples(&examples, "", 2), []);
    }
}
