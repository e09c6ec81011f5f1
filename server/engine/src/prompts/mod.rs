//! What is asked of a model: templates filled with what is known of the pair.
//!
//! The shipped templates are jinja; a user's folder of the same names replaces them one by one. A template sees only
//! the values of [`Task`] and [`Failure`]: no file, no environment.

mod failure;
mod similar;

pub use failure::Failure;
pub use similar::{nearest_examples, nearest_to_idea};

use std::path::{Path, PathBuf};

use fusewright_pair::{PairFile, Rule};
use minijinja::syntax::SyntaxConfig;
use minijinja::value::Serde;
use minijinja::{Environment, UndefinedBehavior};
use serde::Serialize;
use thiserror::Error;

use crate::dataset::Example;
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

/// What a kernel is asked for.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Task {
    /// What the pair computes, where it is known.
    pub description: Option<String>,
    /// The reference's name.
    pub reference: String,
    /// The wrapper's name.
    pub candidate: String,
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
        Some(Self {
            description: file.title().map(str::to_owned),
            reference: file.reference()?.name.clone(),
            candidate: file.candidate_name()?,
            python: whole_lines(file.code(Python)?),
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
        let standing = Standing {
            facts: facts().collect(),
            target: &task.target,
            triton: task.triton.as_deref(),
            whole: false,
        };
        self.whole(standing, turns, &task.subject, failures)
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
mod tests {
    use super::*;
    use crate::verdict::{Implementation, PairError, Stage, VerdictLine};

    fn task() -> Task {
        Task {
            description: Some("Scale and shift".to_owned()),
            reference: "scale_torch".to_owned(),
            candidate: "scale_triton".to_owned(),
            python: "import torch\n\ndef scale_torch(x):\n    return 2 * x + 1\n".to_owned(),
            test: Some("def get_test_inputs():\n    return (torch.randn(8, device='cuda'),)\n".to_owned()),
            target: "sm_90".to_owned(),
            triton: Some("3.9.0".to_owned()),
            subject: "scale".to_owned(),
            ..Task::default()
        }
    }

    fn failure() -> Failure {
        let error = PairError {
            implementation: Implementation::Triton,
            stage: Stage::Compile,
            kind: "CompilationError".to_owned(),
            message: "arange's arguments must be constexpr".to_owned(),
            line: Some(3),
            traceback: String::new(),
        };
        let text = "one\ntwo\n    o = tl.arange(0, n)\nfour\nfive\nsix\n";
        Failure::of(&VerdictLine::failed("scale.py", error), "@triton.jit\ndef k(): pass\n", text)
    }

    fn shown(prompt: &Prompt) -> String {
        let turns = prompt.turns.iter().map(|turn| format!("--- {}\n{}", turn.role.word(), turn.text));
        turns.collect::<Vec<_>>().join("\n")
    }

    #[test]
    fn a_first_request() {
        let example = Example {
            description: "Double.".to_owned(),
            python_code: "def double_torch(x):\n    return x + x\n".to_owned(),
            triton_code: "def double_triton(x): ...\n".to_owned(),
            test_code: String::new(),
        };
        let task = Task {
            examples: vec![example],
            instructions: Some("Use 1024 elements a program.".into()),
            ..task()
        };
        insta::assert_snapshot!(shown(&Prompts::load(None).unwrap().generate(&task, &[]).unwrap()));
    }

    #[test]
    fn the_standing_instructions() {
        let prompt = Prompts::load(None).unwrap().generate(&task(), &[]).unwrap();
        let (rules, facts) = prompt.system.split_once("What is easily wrong").unwrap_or((&prompt.system, ""));
        insta::assert_snapshot!(rules);
        assert!(facts.is_empty() || facts.starts_with(" in Triton 3.9.0:\n- "), "{facts}");
    }

    #[test]
    fn a_hint_is_labelled_as_what_it_is() {
        let hint = "import triton\n\ndef scale_triton(x): ...\n".to_owned();
        let prompts = Prompts::load(None).unwrap();
        let task = Task { hint: Some(hint.clone()), ..task() };
        insta::assert_snapshot!(prompts.generate(&task, &[]).unwrap().turns[0].text);

        let commission = Commission { about: "scale, shift".to_owned(), ..Commission::default() };
        let tried = [("# one\n".to_owned(), failure()), ("# two\n".to_owned(), failure())];
        let retry = prompts.candidate(&commission, &tried, Some(&hint)).unwrap();
        let hinted = retry.turns.iter().map(|turn| turn.text.contains(&hint)).collect::<Vec<_>>();
        assert_eq!(hinted, [false, false, false, false, true], "the last one alone is about this reference");
    }

    #[test]
    fn a_users_template_may_leave_the_hint_out() {
        let folder = tempfile::tempdir().unwrap();
        let wanted = |name: &str, text: &str| {
            std::fs::write(folder.path().join(name), text).unwrap();
            Prompts::load(Some(folder.path())).unwrap().hand_hints_on()
        };
        assert!(Prompts::load(None).unwrap().hand_hints_on());
        assert!(wanted("generate.md.j2", "Please: {{ reference }}"), "a retry hands it on");
        assert!(!wanted("fix.md.j2", "Again."));
        assert!(wanted("fix.md.j2", "Again: {{ hint }}"));
        assert!(!wanted("hint.md.j2", ""));
    }

    #[test]
    fn a_retry() {
        let failure = Failure { analysis: Some("ROOT CAUSE: n is a runtime value.".into()), ..failure() };
        let prompt = Prompts::load(None).unwrap().generate(&task(), &[failure]).unwrap();
        assert_eq!(prompt.attempt, 2);
        assert_eq!(prompt.turns.len(), 3);
        insta::assert_snapshot!(prompt.turns[2].text);
    }

    #[test]
    fn a_fix() {
        insta::assert_snapshot!(shown(&Prompts::load(None).unwrap().fix(&task(), &failure(), &[]).unwrap()));
    }

    #[test]
    fn an_analysis_asks_for_no_code() {
        let prompt = Prompts::load(None).unwrap().analysis(&task(), &[failure()]).unwrap();
        let last = &prompt.turns[2].text;
        assert!(!last.contains("whole mended") && last.contains("ROOT CAUSE:"), "{last}");
    }

    #[test]
    fn a_users_template_replaces_the_shipped_one() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("generate.md.j2"), "Please: {{ reference }}").unwrap();
        let prompts = Prompts::load(Some(folder.path())).unwrap();
        assert_eq!(prompts.generate(&task(), &[]).unwrap().turns[0].text, "Please: scale_torch");

        let fault = |text: &str| {
            std::fs::write(folder.path().join("generate.md.j2"), text).unwrap();
            let made = Prompts::load(Some(folder.path())).and_then(|prompts| prompts.generate(&task(), &[]));
            made.unwrap_err().to_string().replace(&folder.path().display().to_string(), "FOLDER")
        };
        let faults = [fault("{% if %}"), fault("one\n{{ referense }}"), fault("{{ reference.secret() }}")];
        insta::assert_snapshot!(faults.join("\n"), @r"
        the template FOLDER/generate.md.j2, line 1: unexpected end of block
        the template FOLDER/generate.md.j2, line 2: `referense` is undefined
        the template FOLDER/generate.md.j2, line 1: string has no method named secret
        ");
    }

    #[test]
    fn the_shipped_templates_can_be_written_out() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(Prompts::write_shipped(folder.path()).unwrap().len(), SHIPPED.len());
        assert_eq!(Prompts::write_shipped(folder.path()).unwrap().len(), 0, "what is there is kept");
        assert!(Prompts::load(Some(folder.path())).is_ok());
    }
}
