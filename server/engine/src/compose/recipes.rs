//! Ideas that are no chains: each is written as a whole.

use super::Draft;
use super::chain::docstring;
use super::input::{Draw, Input, test_block};
use super::sizes::Choices;

/// The draft of a line that names a recipe, alone or before a colon: `adam step: moments, bias correction`.
pub(super) fn draft(line: &str) -> Option<Draft> {
    let name = line.split_once(':').map_or(line, |(name, _)| name).trim();
    let recipe = RECIPES.iter().find(|recipe| recipe.name == name)?;
    Some(recipe.draft(&Choices::of(line)))
}

struct Recipe {
    name: &'static str,
    title: &'static str,
    base: &'static str,
    /// The arguments that are tensors of one shape, and whether they are positive.
    tensors: &'static [(&'static str, bool)],
    /// Numbers, and what is handed over for them.
    numbers: &'static [(&'static str, &'static str)],
    says: &'static [&'static str],
    body: &'static str,
}

const RECIPES: [Recipe; 2] = [
    Recipe {
        name: "adam step",
        title: "Adam step: moments, bias correction and weight update in float32",
        base: "adam_step",
        tensors: &[("weight", false), ("gradient", false), ("first_moment", false), ("second_moment", true)],
        numbers: &[("step", "10"), ("rate", "0.01")],
        says: &[
            "move the first moment towards the gradient",
            "move the second moment towards the gradient's square",
            "correct both for their start at zero",
            "update the weight",
        ],
        body: "    first = 0.9 * first_moment + 0.1 * gradient
    second = 0.999 * second_moment + 0.001 * gradient * gradient
    first_corrected = first / (1 - 0.9**step)
    second_corrected = second / (1 - 0.999**step)
    update = first_corrected / (torch.sqrt(second_corrected) + 1e-8)
    return weight - rate * update, first, second
",
    },
    Recipe {
        name: "momentum step",
        title: "momentum step: velocity, weight decay and weight update in float32",
        base: "momentum_step",
        tensors: &[("weight", false), ("gradient", false), ("velocity", false)],
        numbers: &[("rate", "0.1"), ("decay", "0.01")],
        says: &["add the weight's decay to the gradient", "update the velocity", "update the weight"],
        body: "    decayed = gradient + decay * weight
    moved = 0.9 * velocity + decayed
    return weight - rate * moved, moved
",
    },
];

impl Recipe {
    fn draft(&self, choices: &Choices) -> Draft {
        const SHAPES: [[usize; 2]; 4] = [[1024, 1024], [768, 1536], [512, 2048], [640, 1280]];
        let shape = choices.pick(1, &SHAPES).map(|shape| shape.to_vec()).unwrap_or_default();
        let tensors = self.tensors.iter().map(|(name, positive)| Input {
            name: (*name).to_owned(),
            shape: shape.clone(),
            draw: if *positive { Draw::Positive } else { Draw::Normal },
            dtype: "float32",
        });
        let numbers = self.numbers.iter().map(|(name, value)| Input {
            name: (*name).to_owned(),
            shape: Vec::new(),
            draw: Draw::Written((*value).to_owned()),
            dtype: "float32",
        });
        let inputs: Vec<Input> = tensors.chain(numbers).collect();
        let parameters = inputs.iter().map(|input| input.name.as_str()).collect::<Vec<_>>().join(", ");
        let says: Vec<String> = self.says.iter().map(|says| (*says).to_owned()).collect();
        let reference = format!("{}_torch", self.base);
        Draft {
            title: self.title.to_owned(),
            candidate: format!("{}_triton", self.base),
            python: format!(
                "import torch\n\n\ndef {reference}({parameters}):\n{}{}",
                docstring(&says),
                self.body
            ),
            reference,
            test: test_block(&inputs),
        }
    }
}
