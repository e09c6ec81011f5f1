//! What is asked for: a kernel for a reference, or a whole pair.

use fusewright_pair::PairFile;
use serde::Serialize;

use super::whole_lines;
use crate::dataset::Example;

/// What a kernel is asked for.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Task {
    /// What the pair computes, where it is known.
    pub description: Option<String>,
    /// The reference's name.
    pub reference: String,
    /// The wrapper's name.
    pub candidate: String,
    /// Whether both are modules, not functions.
    pub module: bool,
    /// The text of the PYTHON block.
    pub python: String,
    /// The text of the TEST block.
    pub test: Option<String>,
    /// What the user adds in words.
    pub instructions: Option<String>,
    /// What the kernel runs on: a card's name or a target.
    pub target: String,
    /// The version of triton, where it is known.
    pub triton: Option<String>,
    /// Worked pairs to learn from.
    pub examples: Vec<Example>,
    /// TorchInductor's kernel for the same reference, where it could be had.
    pub hint: Option<String>,
    /// How recorded answers name the task.
    #[serde(skip)]
    pub subject: String,
}

impl Task {
    /// The task that a pair file sets, also where it has no TRITON block yet: `None` while its reference is not to be
    /// told.
    pub fn of(file: &PairFile, subject: &str) -> Option<Self> {
        use fusewright_pair::BlockKind::{Python, Test};
        let reference = file.reference()?.name.clone();
        let python = whole_lines(file.code(Python)?);
        let class = format!("class {reference}(");
        Some(Self {
            description: file.title().map(str::to_owned),
            module: python.lines().any(|line| line.starts_with(&class)),
            reference,
            candidate: file.candidate_name()?,
            python,
            test: file.code(Test).map(whole_lines),
            subject: subject.to_owned(),
            ..Self::default()
        })
    }
}

/// What a whole pair is asked for.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Commission {
    /// What the pair computes: an idea, or the operations of a task.
    pub about: String,
    /// What else is to be kept to, in words.
    pub instructions: Option<String>,
    /// The reference's name, where it is given.
    pub reference: Option<String>,
    /// The wrapper's name, where it is given.
    pub candidate: Option<String>,
    /// Whether each block ends at a closing marker.
    pub closed: bool,
    /// What the kernel runs on: a card's name or a target.
    pub target: String,
    /// The version of triton, where it is known.
    pub triton: Option<String>,
    /// Worked pairs to learn from.
    pub examples: Vec<Example>,
    /// How recorded answers name it.
    #[serde(skip)]
    pub subject: String,
}
