//! `fusewright run`: the loop over ideas, or one task.

use std::path::Path;
use std::process::ExitCode;

use fusewright_engine::config::{DatasetOptions, LoopOptions, Options};
use fusewright_engine::verify::{Verifier, VerifierOptions};
use fusewright_engine::work::{self, Outcome, Tools, What, WorkError};
use serde_json::json;

use super::job::INTERRUPTED;
use super::loop_view::LoopView;
use super::output::{self, COULD_NOT, ERROR, QUIET};
use super::writer_args::WriterArgs;
use super::{job, settings};

/// Arguments of `fusewright run`. The workspace is the one that the present folder belongs to.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    what: Chosen,
    /// Draw the task with this seed: the same seed gives the same task
    #[arg(long, value_name = "N", requires = "task", conflicts_with_all = ["next", "all", "idea", "redo"])]
    seed: Option<u64>,
    #[command(flatten)]
    writer: WriterArgs,
    /// How many attempts each idea or task gets
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=20))]
    attempts: Option<u32>,
    /// Let pairs in that could not be timed for want of a GPU
    #[arg(long)]
    allow_untimed: bool,
    /// Let kernels in that TorchInductor wrote
    #[arg(long)]
    allow_inductor: bool,
    /// Print what happens as lines of JSON
    #[arg(long)]
    json: bool,
}

/// What is to be worked at.
#[derive(Debug, clap::Args)]
#[group(required = true, multiple = false)]
struct Chosen {
    /// The idea at work, or else the next one in the file
    #[arg(long)]
    next: bool,
    /// Every idea that is left, one after the other
    #[arg(long)]
    all: bool,
    /// The idea on this line of the file of ideas
    #[arg(long, value_name = "N")]
    idea: Option<usize>,
    /// The idea on this line once more, from its first attempt on
    #[arg(long, value_name = "N")]
    redo: Option<usize>,
    /// One task, drawn by the workspace's own script
    #[arg(long)]
    task: bool,
}

impl Args {
    fn what(&self) -> What {
        match (self.what.idea, self.what.redo) {
            (Some(number), _) => What::Idea(number),
            (_, Some(number)) => What::Redo(number),
            _ if self.what.task => What::Task { seed: self.seed },
            _ if self.what.all => What::All,
            _ => What::Next,
        }
    }

    fn options(&self) -> Options {
        Options {
            model: self.writer.options(),
            work: LoopOptions { attempts: self.attempts },
            dataset: DatasetOptions {
                allow_untimed: self.allow_untimed.then_some(true),
                allow_inductor: self.allow_inductor.then_some(true),
                ..DatasetOptions::default()
            },
            ..Options::default()
        }
    }
}

/// Works. The status is 0 where all that it worked at came to a good end, 1 where something was abandoned, 2 where the
/// loop could not go on, 130 where Ctrl-C stopped it.
pub(crate) fn run(args: &Args) -> anyhow::Result<ExitCode> {
    let (workspace, settings) = settings::of(Path::new("."), &args.options());
    let what = args.what();
    let view = LoopView::new(args.json);
    let done = job::run(async |cancel| {
        let writer = args.writer.writer(&settings, &workspace.root)?;
        let verifier = Verifier::new(VerifierOptions::new(settings.clone()));
        let tools =
            Tools { root: &workspace.root, settings: &settings, writer: &writer, verifier: &verifier };
        let done = work::run(what, tools, &view, cancel).await;
        verifier.shut_down().await;
        done.map_err(anyhow::Error::from)
    })?;
    view.close();
    match done {
        Ok(outcome) => finish(args, what, &outcome),
        Err(error) => stopped(args, what, &error),
    }
}

fn finish(args: &Args, what: What, outcome: &Outcome) -> anyhow::Result<ExitCode> {
    let Outcome { finished, left } = outcome;
    let good = finished.iter().filter(|finished| finished.is_good()).count();
    let status = u8::from(good < finished.len());
    if args.json {
        output::json(
            &json!({ "event": "done", "status": status, "finished": finished.len(), "left": left }),
        )?;
    } else if what == What::All && finished.is_empty() {
        output::line("no idea is left: add lines to fusion_ideas.txt, or see `fusewright ideas`")?;
    } else if what == What::All {
        let abandoned = finished.len() - good;
        output::line(format_args!("{good} archived, {abandoned} abandoned, {left} left"))?;
    } else if !matches!(what, What::Task { .. }) {
        let left = if *left == 1 { "1 idea is left".to_owned() } else { format!("{left} ideas are left") };
        output::note(format_args!("{QUIET}{left}{QUIET:#}"));
    }
    Ok(ExitCode::from(status))
}

fn stopped(args: &Args, what: What, error: &anyhow::Error) -> anyhow::Result<ExitCode> {
    let cancelled = matches!(error.downcast_ref(), Some(WorkError::Cancelled));
    let status = if cancelled { INTERRUPTED } else { COULD_NOT };
    if args.json {
        output::json(&json!({ "event": "stopped", "status": status, "reason": format!("{error:#}") }))?;
    }
    if cancelled {
        let again = match what {
            What::Task { .. } => "--task",
            What::All => "--all",
            What::Next | What::Idea(_) | What::Redo(_) => "--next",
        };
        output::note(format_args!("stopped; `fusewright run {again}` goes on from here"));
    } else {
        output::note(format_args!("{ERROR}error{ERROR:#}: {error:#}"));
    }
    Ok(ExitCode::from(status))
}
