//! The draft that a chain makes: its function, its docstring, its title and its names.

use std::fmt::Write as _;

use super::Chain;
use crate::compose::Draft;
use crate::compose::input::{arguments, test_block};
use crate::compose::sizes::Kind;
use crate::compose::vocabulary::{Found, written};

impl Chain {
    /// The draft of what was written.
    pub(in crate::compose) fn draft(&self, found: &[Found]) -> Draft {
        let words: Vec<String> = found.iter().map(|one| written(&one.name)).collect();
        let base = base_name(found.iter().map(|one| one.name.as_str()));
        let reference = format!("{base}_torch");
        let candidate = format!("{base}_triton");
        let python = self.python(&reference);
        let title = format!("{}{}", listed(&words), self.subject(&words));
        Draft { title, reference, candidate, python, test: test_block(&self.inputs) }
    }

    fn python(&self, reference: &str) -> String {
        let parameters = arguments(&self.inputs).join(", ");
        let mut steps = self.steps.clone();
        let last = self.current.as_ref().map_or("x", |value| value.name.as_str());
        let returned = match steps.pop() {
            Some((name, expression)) if name == last && self.beside.is_empty() => expression,
            other => {
                steps.extend(other);
                let names = std::iter::once(last).chain(self.beside.iter().map(String::as_str));
                names.collect::<Vec<_>>().join(", ")
            }
        };
        let mut body = String::new();
        for (name, expression) in &steps {
            // Writing to a string cannot fail.
            let _ = writeln!(body, "    {name} = {expression}");
        }
        let code = format!("{}{body}    return {returned}\n", docstring(&self.says));
        let functional = if code.contains("F.") { "import torch.nn.functional as F\n" } else { "" };
        // Beside its functions, torch is what every reader of a block expects to see imported.
        format!("import torch\n{functional}\n\ndef {reference}({parameters}):\n{code}")
    }

    /// What the operations are applied to, for the title.
    fn subject(&self, words: &[String]) -> String {
        let dtype = self.dtype;
        if words
            .iter()
            .any(|word| word.contains(" of ") || word.contains("lookup") || word.contains("product"))
        {
            return format!(" in {dtype}");
        }
        match self.options.kind {
            Kind::Matrix => format!(" of a {dtype} matrix"),
            Kind::Batch => format!(" of a batch of {dtype} matrices"),
            Kind::Images => format!(" of {dtype} images"),
            Kind::Heads => format!(" of {dtype} heads"),
        }
    }
}

/// The docstring that lists what is combined.
pub(in crate::compose) fn docstring(says: &[String]) -> String {
    let mut steps = String::new();
    for (index, says) in says.iter().enumerate() {
        let _ = writeln!(steps, "    {}. {says}", index + 1);
    }
    format!("    \"\"\"\n    PyTorch implementation combining:\n{steps}    \"\"\"\n")
}

/// `a, b and c`.
fn listed(words: &[String]) -> String {
    match words {
        [rest @ .., last] if !rest.is_empty() => format!("{} and {last}", rest.join(", ")),
        _ => words.concat(),
    }
}

/// The first words of the names, as part of a Python name.
fn base_name<'a>(names: impl Iterator<Item = &'a str>) -> String {
    const LONGEST: usize = 40;
    let mut base = String::new();
    for word in names.flat_map(|name| name.split(|letter: char| !letter.is_ascii_alphanumeric())) {
        if word.is_empty() || matches!(word, "a" | "by" | "of" | "the" | "to" | "and") {
            continue;
        }
        if base.len() + word.len() >= LONGEST {
            break;
        }
        if !base.is_empty() {
            base.push('_');
        }
        base.push_str(word);
    }
    if base.starts_with(|letter: char| letter.is_ascii_digit()) { format!("fused_{base}") } else { base }
}
