//! What is asked of a model: templates filled with what is known of the pair.
//!
//! The shipped templates are jinja; a user's folder of the same names replaces them one by one. A template sees only
//! the values of [`Task`] and [`Failure`]: no file, no environment.

mod failure;
mod similar;
mod task;

pub use failure::Failure;
pub use similar::{nearest_examples, nearest_to_idea};
pub use task::{Commission, Task};

use std::path::{Path, PathBuf};

use fusewright_pair::Rule;
use minijinja::syntax::SyntaxConfig;
use minijinja::value::Serde;
use minijinja::{Environment, UndefinedBehavior};
use serde::Serialize;
use thiserror::Error;

use crate::model::{Prompt, Purpose, Role, Turn};

const SHIPPED: [(&str, &str); 6] = [
    ("system.md.j2", include_str!("templates/system.md.j2")),
    ("generate.md.j2", include_str!("templates/generate.md.j2")),
    ("candidate.md.j2", include_str!("templates/candidate.md.j2")),
    ("fix.md.j2", include_str!("templates/fix.md.j2")),
    (HINT, include_str!("templates/hint.md.j2")),
    ("analysis.md.j2", include_str!("templates/analysis.md.j2")),
];

/// The template of what TorchInductor's kernel is handed over with.
const HINT: &str = "hint.md.j2";

/// How much of an answer that held no kernel is repeated, in characters.
const LONGEST_QUOTE: usize = 4000;

/// Why no prompt could be made.
#[derive(Debug, Error)]
pub enum PromptError {
    /// A user's template cannot be read.
    #[error("the template {} cannot be read: {source}", path.display())]
    Unreadable {
        /// Where it is.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// A template is none, or asks for a value that there is not.
    #[error("the template {name}{}: {message}", line.map(|line| format!(", line {line}")).unwrap_or_default())]
    Template {
        /// Its name, or its path where it is the user's.
        name: String,
        /// The line, where it is known.
        line: Option<usize>,
        /// What is wrong.
        message: String,
    },
}

/// The templates in force.
#[derive(Debug)]
pub struct Prompts {
    environment: Environment<'static>,
    /// Where a template came from, where it is the user's.
    own: Vec<(&'static str, PathBuf)>,
}

/// A fact that models get wrong, from the documentation of the static rules.
#[derive(Debug, Serialize)]
struct Fact {
    code: &'static str,
    says: &'static str,
}

/// What the standing instructions are made of.
#[derive(Debug, Serialize)]
struct Standing<'a> {
    facts: Vec<Fact>,
    target: &'a str,
    triton: Option<&'a str>,
    /// Whether the whole file is asked for.
    whole: bool,
    /// Whether words are asked for, and no code.
    analysis: bool,
}

/// TorchInductor's kernel.
#[derive(Debug, Serialize)]
struct Beginning<'a> {
    triton: &'a str,
}

/// What a request to mend is made of; the kernel itself where it was not said before.
#[derive(Debug, Serialize)]
struct Mending<'a> {
    failure: &'a Failure,
    first: bool,
    triton: &'a str,
    /// Whether the whole file is asked for.
    whole: bool,
    /// What a whole file's retry is told of TorchInductor's kernel.
    hint: Option<&'a str>,
}

impl Prompts {
    /// The shipped templates, each replaced by the file of its name in `folder` where there is one.
    pub fn load(folder: Option<&Path>) -> Result<Self, PromptError> {
        let mut environment = Environment::new();
        environment.set_undefined_behavior(UndefinedBehavior::SemiStrict);
        // Tags stand on lines of their own and leave none behind.
        let mut syntax = SyntaxConfig::builder();
        syntax.trim_blocks(true).lstrip_blocks(true).keep_trailing_newline(true);
        environment.set_syntax(syntax.build().unwrap_or_default());
        let mut prompts = Self { environment, own: Vec::new() };
        for (name, shipped) in SHIPPED {
            let text = match folder.map(|folder| folder.join(name)) {
                Some(path) => match std::fs::read_to_string(&path) {
                    Ok(text) => {
                        prompts.own.push((name, path));
                        text
                    }
                    Err(error) if error.kind() == std::io::ErrorKind::NotFound => shipped.to_owned(),
                    Err(source) => return Err(PromptError::Unreadable { path, source }),
                },
                None => shipped.to_owned(),
            };
            let added = prompts.environment.add_template_owned(name, text);
            added.map_err(|error| prompts.fault(name, &error))?;
        }
        Ok(prompts)
    }

    /// Writes the shipped templates into `folder`, for a user to change; what is there is kept. Returns what was
    /// written.
    pub fn write_shipped(folder: &Path) -> std::io::Result<Vec<PathBuf>> {
        std::fs::create_dir_all(folder)?;
        let mut written = Vec::new();
        for (name, text) in SHIPPED {
            let path = folder.join(name);
            if !path.exists() {
                std::fs::write(&path, text)?;
                written.push(path);
            }
        }
        Ok(written)
    }

    /// Whether a hint would be handed on: a user's template may leave it out.
    pub fn hand_hints_on(&self) -> bool {
        let says = |name, word| {
            self.environment.get_template(name).is_ok_and(|template| template.source().contains(word))
        };
        says(HINT, "triton") && (says("generate.md.j2", "hint") || says("fix.md.j2", "hint"))
    }

    /// Asks for the kernel; each failure is an answer that was given before, and the verdict on it.
    pub fn generate(&self, task: &Task, failures: &[Failure]) -> Result<Prompt, PromptError> {
        let mut turns = vec![user(self.asked(task)?)];
        for failure in failures {
            turns.extend(self.retried(&failure.triton, failure, false, None)?);
        }
        self.prompt(task, turns, failures.len())
    }

    /// Asks to mend the present kernel, which failed first; each later failure is an answer that was given since.
    pub fn fix(&self, task: &Task, failure: &Failure, later: &[Failure]) -> Result<Prompt, PromptError> {
        let values = Mending { failure, first: true, triton: &failure.triton, whole: false, hint: None };
        let asked = self.asked(task)?;
        let mut turns = vec![user(format!("{asked}\n{}", self.render("fix.md.j2", values)?))];
        for failure in later {
            turns.extend(self.retried(&failure.triton, failure, false, None)?);
        }
        self.prompt(task, turns, later.len() + 1)
    }

    /// Asks for a whole pair; each failure is a file that was answered before, and the verdict on it. `hint` is
    /// TorchInductor's kernel for the last one's reference.
    pub fn candidate(
        &self,
        commission: &Commission,
        failures: &[(String, Failure)],
        hint: Option<&str>,
    ) -> Result<Prompt, PromptError> {
        let mut turns = vec![user(self.render("candidate.md.j2", commission)?)];
        let hint = hint.map(|hint| self.render(HINT, Beginning { triton: hint })).transpose()?;
        let hint = hint.as_deref().map(str::trim);
        for (number, (text, failure)) in (1..).zip(failures) {
            turns.extend(self.retried(text, failure, true, hint.filter(|_| number == failures.len()))?);
        }
        let standing = Standing {
            facts: facts().collect(),
            target: &commission.target,
            triton: commission.triton.as_deref(),
            whole: true,
            analysis: false,
        };
        self.whole(standing, turns, &commission.subject, failures.len())
    }

    /// Asks why the last of `failures` failed and what the next attempt will change.
    pub fn analysis(&self, task: &Task, failures: &[Failure]) -> Result<Prompt, PromptError> {
        let mut prompt = self.generate(task, failures)?;
        if let Some(last) = prompt.turns.last_mut() {
            last.text = last.text.replace("\nAnswer with the whole mended TRITON block.\n", "\n");
            last.text.push_str(&self.render("analysis.md.j2", task)?);
        }
        prompt.system = self.render("system.md.j2", Self::standing(task, true))?;
        prompt.attempt -= 1;
        prompt.purpose = Purpose::Analysis;
        Ok(prompt)
    }

    /// The first request, whose hint is told of in the words of its template.
    fn asked(&self, task: &Task) -> Result<String, PromptError> {
        let Some(triton) = task.hint.as_deref() else { return self.render("generate.md.j2", task) };
        let hint = Some(self.render(HINT, Beginning { triton })?.trim().to_owned());
        self.render("generate.md.j2", Task { hint, ..task.clone() })
    }

    /// What was answered before, and the verdict on it.
    fn retried(
        &self,
        code: &str,
        failure: &Failure,
        whole: bool,
        hint: Option<&str>,
    ) -> Result<[Turn; 2], PromptError> {
        let values = Mending { failure, first: false, triton: "", whole, hint };
        let asked = user(self.render("fix.md.j2", values)?);
        Ok([Turn { role: Role::Assistant, text: answered(code, failure) }, asked])
    }

    fn prompt(&self, task: &Task, turns: Vec<Turn>, failures: usize) -> Result<Prompt, PromptError> {
        let standing = Self::standing(task, false);
        self.whole(standing, turns, &task.subject, failures)
    }

    fn standing(task: &Task, analysis: bool) -> Standing<'_> {
        let (target, triton) = (task.target.as_str(), task.triton.as_deref());
        Standing { facts: facts().collect(), target, triton, whole: false, analysis }
    }

    fn whole(
        &self,
        standing: Standing<'_>,
        turns: Vec<Turn>,
        subject: &str,
        failures: usize,
    ) -> Result<Prompt, PromptError> {
        Ok(Prompt {
            system: self.render("system.md.j2", standing)?,
            turns,
            subject: subject.to_owned(),
            attempt: u32::try_from(failures).unwrap_or(u32::MAX).saturating_add(1),
            purpose: Purpose::Code,
        })
    }

    fn render(&self, name: &'static str, values: impl Serialize) -> Result<String, PromptError> {
        let rendered =
            self.environment.get_template(name).and_then(|template| template.render(Serde(values)));
        rendered.map_err(|error| self.fault(name, &error))
    }

    fn fault(&self, name: &str, error: &minijinja::Error) -> PromptError {
        let own = self.own.iter().find(|(known, _)| *known == name);
        PromptError::Template {
            name: own.map_or_else(|| name.to_owned(), |(_, path)| path.display().to_string()),
            line: error.line(),
            message: error.detail().map_or_else(|| error.kind().to_string(), str::to_owned),
        }
    }
}

fn facts() -> impl Iterator<Item = Fact> {
    let rules = Rule::ALL.iter().filter(|rule| rule.code().starts_with("FW3"));
    rules.map(|rule| Fact { code: rule.code(), says: rule.summary() })
}

fn user(text: String) -> Turn {
    Turn { role: Role::User, text }
}

/// What was answered before: the code alone, or an answer without any.
fn answered(code: &str, failure: &Failure) -> String {
    let Some(answer) = &failure.answer else { return fenced(code) };
    let words: String = answer.trim().chars().take(LONGEST_QUOTE).collect();
    // No protocol takes a turn without words.
    if words.is_empty() { "(nothing)".to_owned() } else { words }
}

fn fenced(code: &str) -> String {
    format!("```python\n{}```\n", whole_lines(code))
}

/// A text with one line feed at its end and none at its start.
pub(crate) fn whole_lines(text: &str) -> String {
    format!("{}\n", text.replace("\r\n", "\n").trim_matches('\n'))
}

#[cfg(test)]
mod tests;
