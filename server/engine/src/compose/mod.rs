//! From a line of text to the beginning of a pair: PYTHON and TEST for an idea or a task, the layouts of the files
//! that the loop works on, and its reports. Text goes in, text comes out.

mod chain;
mod input;
mod layout;
mod operations;
mod recipes;
mod report;
mod sizes;
mod vocabulary;

pub use layout::{Parts, open_file, task_file, with_attempt};
pub use report::{RUNS, failure_analysis, final_failure, final_report};

use chain::{Chain, Halt, Options};
use vocabulary::Found;

use crate::nearest::nearest;

/// The names that a task file gives its two functions.
pub const TASK_REFERENCE: &str = "fused_kernel_pytorch";
/// The wrapper of a task file.
pub const TASK_CANDIDATE: &str = "fused_kernel_triton_wrapper";

/// The beginning of a pair: everything but the kernel.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Draft {
    /// What is fused, as the file's docstring says it after `Fused Kernels:`.
    pub title: String,
    /// The name of the PyTorch function.
    pub reference: String,
    /// The name that the wrapper is to have.
    pub candidate: String,
    /// The text of the PYTHON block, without its markers.
    pub python: String,
    /// The text of the TEST block, without its markers; it holds `get_test_inputs()`.
    pub test: String,
}

impl Draft {
    /// The same with the names that a task file has.
    #[must_use]
    pub fn for_task(mut self) -> Self {
        // The function's name stands once, at its definition.
        self.python =
            self.python.replacen(&format!("def {}(", self.reference), &format!("def {TASK_REFERENCE}("), 1);
        TASK_REFERENCE.clone_into(&mut self.reference);
        TASK_CANDIDATE.clone_into(&mut self.candidate);
        self
    }
}

/// Why a line cannot be drafted without a model.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unknown {
    /// There is nothing on the line.
    #[error("the line names no operation: write operations separated by commas, such as `bias, gelu, scale`")]
    Empty,
    /// One of the operations is not known.
    #[error(
        "the operation `{name}` is not known{}: edit the line, or configure a model ([model] provider), which can write \
         what is not in the list", .nearest.as_ref().map(|nearest| format!(" (the nearest known one is `{nearest}`)")).unwrap_or_default()
    )]
    Operation {
        /// As it stands on the line.
        name: String,
        /// What may have been meant.
        nearest: Option<String>,
    },
    /// An operation does not fit what comes before it.
    #[error(
        "the operation `{name}` does not fit where it stands: {needs}; edit the line, or configure a model ([model] provider)"
    )]
    Misfit {
        /// As it stands on the line.
        name: String,
        /// What it would need.
        needs: String,
    },
}

/// Drafts PYTHON and TEST for an idea (`add residual, layernorm, gelu`) or for what a task's generator prints: its
/// first line with words on it counts. The same line gives the same draft, sizes and dtype included.
pub fn draft(operations_or_idea: &str) -> Result<Draft, Unknown> {
    let line =
        operations_or_idea.lines().map(str::trim).find(|line| !line.is_empty()).ok_or(Unknown::Empty)?;
    // The generator's second paragraph tells whether the input is a matrix or images.
    let images = operations_or_idea.contains("(batch, channels, height, width)");
    let line = vocabulary::normal(line);
    if line.is_empty() {
        return Err(Unknown::Empty);
    }
    if let Some(draft) = recipes::draft(&line) {
        return Ok(draft);
    }
    let names: Vec<&str> = line.split(',').map(str::trim).filter(|name| !name.is_empty()).collect();
    let found = names.iter().map(|name| vocabulary::find(name).ok_or_else(|| unknown(name)));
    let found: Vec<Found> = found.collect::<Result<_, _>>()?;
    let mut options = Options::new(&line, &found, images);
    loop {
        let mut chain = Chain::new(options.clone());
        match chain.run(&found) {
            Ok(()) => return Ok(chain.draft(&found)),
            // Each mends one thing that was not so before, so this ends.
            Err(Halt::Positive) if !options.positive => options.positive = true,
            Err(Halt::Float32) if !options.float32 => options.float32 = true,
            Err(Halt::Positive | Halt::Float32) => return Err(Unknown::Empty),
            Err(Halt::Misfit { name, needs }) => return Err(Unknown::Misfit { name, needs }),
        }
    }
}

fn unknown(name: &str) -> Unknown {
    let nearest = nearest(name, vocabulary::names()).map(str::to_owned);
    Unknown::Operation { name: name.to_owned(), nearest }
}

#[cfg(test)]
mod tests;
