//! The loop: takes idea after idea to the dataset, or one task to its end.
//!
//! `next` decides what comes next, purely, from what was noted and what lies on the disk; `shift` does it. So the work
//! may be killed at any moment: whoever runs it next finds everything where it was.
//!
//! Architecture Invariant: a file that the loop did not write is never overwritten and never deleted.

mod book;
mod candidate;
mod entry;
mod error;
mod ideas;
mod journal;
mod judgement;
mod ledger;
mod lock;
mod next;
mod rulings;
mod script;
mod shift;
mod tasks;
mod writing;

pub use book::IdeaBook;
pub use entry::Kind;
pub use error::WorkError;
pub use ideas::{Became, IDEAS, IdeaState, ideas, line_of_idea};
pub use rulings::{Abandoned, abandon, reopen, skip};

use std::path::{Path, PathBuf};

use serde::Serialize;

use crate::config::Settings;
use crate::generate::Writer;
use crate::progress::{CancellationToken, Event, Progress};
use crate::verify::Verifier;
use crate::workspace::{DATA_FOLDER, Workspace};

use entry::Step;
use ideas::{ByHand, Idea, Ideas};
use ledger::{Ledger, State};
use shift::Shift;

/// The candidate of the idea at work, below the workspace's root.
pub const CANDIDATE: &str = "triton_training_data/examples/temp_candidate.py";

/// What is to be worked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum What {
    /// The idea on this line of `fusion_ideas.txt`, whatever comes before it.
    Idea(usize),
    /// The idea at work, or else the next one.
    Next,
    /// Every idea that is left.
    All,
    /// The idea on this line, from its first attempt on, whatever became of it.
    Redo(usize),
    /// The task at work, or else a new one, drawn with this seed.
    Task {
        /// The same seed draws the same task.
        seed: Option<u64>,
    },
}

/// What is worked with.
#[derive(Debug, Clone, Copy)]
pub struct Tools<'a> {
    /// The workspace's root.
    pub root: &'a Path,
    /// The settings in force.
    pub settings: &'a Settings,
    /// Who writes.
    pub writer: &'a Writer,
    /// Who judges.
    pub verifier: &'a Verifier,
}

/// An idea or a task that came to its end.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finished {
    /// What it was.
    pub kind: Kind,
    /// The idea's line.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub number: Option<usize>,
    /// The idea or the task.
    pub about: String,
    /// How many attempts were made.
    pub attempts: u32,
    /// How it ended.
    #[serde(flatten)]
    pub end: End,
}

/// How an idea or a task ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "end", rename_all = "snake_case")]
pub enum End {
    /// It is in the dataset.
    Archived {
        /// The dataset.
        path: PathBuf,
        /// The line there.
        line: u64,
        /// The sentence that describes it there.
        description: String,
        /// Whether the line is another's, whose code is the same.
        twin: bool,
    },
    /// A task's file lies with the finished ones.
    Moved {
        /// Where it lies.
        file: PathBuf,
        /// The line of the dataset, where the settings let it in.
        line: Option<u64>,
        /// The report that the task ends with.
        report: String,
    },
    /// It was given up.
    Abandoned {
        /// Why, in a sentence.
        reason: String,
        /// The report that a task ends with; empty for an idea.
        #[serde(skip_serializing_if = "String::is_empty")]
        report: String,
    },
}

impl Finished {
    /// Whether it came to a good end.
    pub fn is_good(&self) -> bool {
        !matches!(self.end, End::Abandoned { .. })
    }
}

/// What was done.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Outcome {
    /// What came to its end, in order.
    pub finished: Vec<Finished>,
    /// How many ideas are left.
    pub left: usize,
}

/// Works at what is asked for. Each thing that comes to its end is also told as [`Event::Finished`]. Where it stops, by
/// an error, by cancelling or by a kill, the next run goes on from there.
pub async fn run(
    what: What,
    tools: Tools<'_>,
    progress: &dyn Progress,
    cancel: &CancellationToken,
) -> Result<Outcome, WorkError> {
    let shift = Shift::begin(tools, progress, cancel)?;
    if let What::Task { seed } = what {
        let finished = vec![tasks::work(&shift, seed).await?];
        return Ok(Outcome { finished, left: 0 });
    }
    if tools.writer.is_inductor() && !tools.settings.dataset.allow_inductor {
        return Err(WorkError::InductorKeptOut);
    }
    let mut finished = Vec::new();
    loop {
        // Read each time: a user may edit the file, and skip ideas, while the loop is at work.
        let mut ledger = shift.ledger()?;
        let ideas = Ideas::read(tools.root)?;
        let by_hand = ByHand::read(&shift.dataset(), &ledger);
        let Some(idea) = choose(what, &ideas, &mut ledger, &by_hand, &shift)? else {
            if what == What::Next && finished.is_empty() {
                return Err(WorkError::NothingLeft(ideas::ideas_file(tools.root)));
            }
            break;
        };
        let end = shift.work_at(&mut ledger, &idea.subject(), CANDIDATE, "", Some(idea.number)).await?;
        finished.push(end);
        if what != What::All {
            break;
        }
    }
    let ledger = shift.ledger()?;
    let left = waiting(&Ideas::read(tools.root)?, &ledger, &ByHand::read(&shift.dataset(), &ledger)).count();
    Ok(Outcome { finished, left })
}

/// The idea to work at now, if there is one.
fn choose(
    what: What,
    ideas: &Ideas,
    ledger: &mut Ledger,
    by_hand: &ByHand,
    shift: &Shift<'_>,
) -> Result<Option<Idea>, WorkError> {
    match what {
        What::Idea(number) => {
            let idea = ideas.on_line(number)?;
            let became = match ledger.state(&idea.subject()) {
                Some(State::Over(step)) => over(step),
                Some(State::AtWork(_)) => return Ok(Some(idea.clone())),
                None => match by_hand.find(&idea.text) {
                    Some(Became::ByHand { line, .. }) => {
                        format!("was archived by hand, as it seems, as line {line} of the dataset")
                    }
                    _ => return Ok(Some(idea.clone())),
                },
            };
            Err(WorkError::Over { number: idea.number, about: idea.text.clone(), became })
        }
        What::Redo(number) => {
            let idea = ideas.on_line(number)?;
            if ledger.state(&idea.subject()).is_some() {
                shift.note(ledger, &idea.subject(), Step::Reopened)?;
            }
            Ok(Some(idea.clone()))
        }
        What::Next | What::All | What::Task { .. } => {
            let at_work = ledger.at_work(Kind::Idea).map(|(subject, _)| subject.about.as_str());
            let begun = ideas.all().iter().find(|idea| Some(idea.text.as_str()) == at_work);
            Ok(begun.or_else(|| waiting(ideas, ledger, by_hand).next()).cloned())
        }
    }
}

/// The ideas that are left, in order.
fn waiting<'a>(ideas: &'a Ideas, ledger: &'a Ledger, by_hand: &'a ByHand) -> impl Iterator<Item = &'a Idea> {
    ideas.all().iter().filter(|idea| match ledger.state(&idea.subject()) {
        Some(State::AtWork(_)) => true,
        Some(State::Over(_)) => false,
        None => by_hand.find(&idea.text).is_none(),
    })
}

/// What became of an idea that is over, to follow its name.
fn over(step: &Step) -> String {
    match step {
        Step::Archived { line, .. } => format!("is archived as line {line} of the dataset"),
        Step::Abandoned { reason, .. } => format!("was abandoned ({reason})"),
        _ => "is skipped".to_owned(),
    }
}

/// The workspace's dataset.
fn dataset(root: &Path, settings: &Settings) -> PathBuf {
    Workspace { root: root.to_owned() }.dataset(settings)
}

fn check_workspace(root: &Path) -> Result<(), WorkError> {
    if root.join(DATA_FOLDER).is_dir() { Ok(()) } else { Err(WorkError::NoWorkspace(root.to_owned())) }
}

/// Tells of something that came to its end.
fn tell(progress: &dyn Progress, finished: &Finished) {
    progress.report(Event::Finished(Box::new(finished.clone())));
}
