//! Worked pairs to learn from: those of the dataset whose references are most like the one at hand.

use std::collections::{BTreeSet, HashMap};

use crate::dataset::{Example, code_digest};
use crate::tokens::{Token, tokens};

/// Pairs longer than this would crowd out the task itself.
const LONGEST_PAIR: usize = 12_000;
/// Below this likeness a pair teaches nothing about the task.
const LEAST_LIKENESS: f64 = 0.15;

/// At most `count` examples, the most like `python` first, but not its own twins: to copy is no work. Likeness is the
/// share of words in common (Jaccard's index), where a word counts the less the more examples have it: all have `dim`, few
/// `softmax`.
pub fn nearest_examples(examples: &[Example], python: &str, count: usize) -> Vec<Example> {
    let own = code_digest(python);
    let wanted = words(python);
    nearest(examples, count, |example, weigh| {
        if code_digest(&example.python_code) == own {
            return 0.0;
        }
        let other = words(&example.python_code);
        share(weigh(&mut wanted.intersection(&other)), weigh(&mut wanted.union(&other)))
    })
}

/// The same for what is only described so far: likeness is the share of the description's words that an example has.
pub fn nearest_to_idea(examples: &[Example], idea: &str, count: usize) -> Vec<Example> {
    let idea = idea.to_lowercase();
    let wanted = words(&idea);
    nearest(examples, count, |example, weigh| {
        let said = format!("{} {}", example.description, example.python_code).to_lowercase();
        share(weigh(&mut wanted.intersection(&words(&said))), weigh(&mut wanted.iter()))
    })
}

/// Weighs words.
type Weigh<'a> = &'a dyn Fn(&mut dyn Iterator<Item = &&str>) -> f64;

#[expect(clippy::cast_precision_loss, reason = "a dataset's recent part is small")]
fn nearest(
    examples: &[Example],
    count: usize,
    likeness: impl Fn(&Example, Weigh<'_>) -> f64,
) -> Vec<Example> {
    let short = |example: &&Example| example.python_code.len() + example.triton_code.len() <= LONGEST_PAIR;
    let examples: Vec<&Example> = examples.iter().filter(short).collect();
    let mut holders: HashMap<String, usize> = HashMap::new();
    for example in &examples {
        let said = format!("{} {}", example.description, example.python_code).to_lowercase();
        for word in words(&said) {
            *holders.entry(word.to_owned()).or_default() += 1;
        }
    }
    let all = examples.len() as f64;
    let weight = |word: &&&str| {
        let holders = holders.get(&word.to_lowercase()).copied().unwrap_or(0) as f64;
        ((all + 1.0) / (holders + 0.5)).ln()
    };
    let weigh = |words: &mut dyn Iterator<Item = &&str>| words.map(|word| weight(&word)).sum::<f64>();
    let mut ranked: Vec<(f64, &Example)> = examples
        .into_iter()
        .map(|example| (likeness(example, &weigh), example))
        .filter(|(likeness, _)| *likeness >= LEAST_LIKENESS)
        .collect();
    ranked.sort_by(|(one, _), (other, _)| other.total_cmp(one));
    ranked.into_iter().take(count).map(|(_, example)| example.clone()).collect()
}

fn share(part: f64, whole: f64) -> f64 {
    if whole > 0.0 { part / whole } else { 0.0 }
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

    #[test]
    fn what_all_examples_have_makes_none_of_them_alike() {
        let named = |what: &str| {
            let python = format!(
                "def fused_kernel_pytorch(scores, scale):\n    out = scores * scale\n    return {what}"
            );
            Example { description: String::new(), python_code: python, ..example("", 0) }
        };
        let examples =
            [named("out.relu().mean(dim=-1)"), named("F.gelu(out)"), named("torch.softmax(out, dim=-1)")];
        let mine =
            "def fused_kernel_pytorch(x, keep):\n    return torch.softmax(x.masked_fill(keep, 0), dim=-1)";
        assert_eq!(nearest_examples(&examples, mine, 1), examples[2..]);
    }

    #[test]
    fn an_idea_finds_what_is_described_alike() {
        let described =
            |what: &str, python: &str| Example { description: what.to_owned(), ..example(python, 0) };
        let examples = [
            described("Fused bias and GELU.", "def f(x, bias): return F.gelu(x + bias, approximate='tanh')"),
            described("Fused layer normalisation.", "def f(x): return F.layer_norm(x, x.shape[-1:])"),
            described("Fused residual and ReLU.", "def f(x, residual): return torch.relu(x + residual)"),
        ];
        let found = |idea| nearest_to_idea(&examples, idea, 1).pop().map(|example| example.description);
        assert_eq!(found("Residual, GELU, bias"), Some("Fused bias and GELU.".to_owned()));
        assert_eq!(found("relu, residual"), Some("Fused residual and ReLU.".to_owned()));
        assert_eq!(found("convolution"), None);
    }
}
