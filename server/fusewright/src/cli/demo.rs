//! `fusewright demo`: shipped pairs, from the file to the dataset, and ideas, from a line of text to the dataset.

use std::fmt::Write as _;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context;
use fusewright_engine::archive::ArchiveError;
use fusewright_engine::dataset::DatasetError;
use fusewright_engine::demo::{DemoError, DemoIdea, DemoOptions, DemoPair, DemoReport, demo};
use fusewright_engine::home::Home;
use fusewright_engine::remembered::VerdictStore;
use fusewright_engine::verdict::{Ruling, VerdictLine};
use fusewright_engine::work::{Became, IdeaState};

use super::job::{self, Shown};
use super::output::{self, ERROR, GOOD, QUIET, WARNING};

/// Arguments of `fusewright demo`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The folder of the demonstration; created where it is missing
    #[arg(default_value = "fusewright-demo")]
    dir: PathBuf,
}

/// Runs the demonstration. The status is 0 where every pair and idea is in the dataset, else 1; 130 where Ctrl-C stopped
/// it.
pub(crate) fn run(args: &Args) -> anyhow::Result<ExitCode> {
    let options = DemoOptions {
        dir: args.dir.clone(),
        binary: std::env::current_exe().context("cannot find the path of this program")?,
        home: Home::of_user(),
        store: VerdictStore::of_user(),
        launch: None,
    };
    let shown = Shown::new();
    let done = job::run(async |cancel| demo(&options, &shown, cancel).await)?;
    drop(shown);
    if matches!(done, Err(DemoError::Cancelled)) {
        output::note("stopped; `fusewright demo` goes on from here");
        return Ok(ExitCode::from(job::INTERRUPTED));
    }
    let done = done?;
    output::line(report(&done))?;
    let all = done.pairs.iter().all(|pair| pair.line().is_some())
        && done.ideas.iter().all(|idea| is_archived(&idea.state));
    Ok(if all { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn report(done: &DemoReport) -> String {
    let DemoReport { prepared, root, dataset, pairs, ideas } = done;
    let mut text = String::new();
    if let Some(prepared) = prepared {
        let interpreter = &prepared.interpreter;
        let (path, summary) = (interpreter.path.display(), interpreter.probe.summary());
        let _ = writeln!(text, "{QUIET}Python   {QUIET:#} {path} ({summary})");
    }
    let device = pairs.iter().find_map(|pair| pair.verdict.device.as_ref());
    let no_gpu = device.is_some_and(|device| device.mode == "interpreter");
    if let Some(device) = device {
        let name = &device.name;
        let device = if no_gpu {
            format!(
                "no GPU: pairs run in Triton's interpreter on the CPU ({name}), which tells right from wrong but not fast from slow"
            )
        } else {
            name.clone()
        };
        let _ = writeln!(text, "{QUIET}Device   {QUIET:#} {device}");
    }
    let _ = writeln!(text, "{QUIET}Workspace{QUIET:#} {}\n", root.display());
    for pair in pairs {
        let name = pair.file.file_name().unwrap_or_default().to_string_lossy();
        let _ = writeln!(text, "  {name:<22} {} {} {}", checked(pair), ruling(&pair.verdict), archived(pair));
    }
    if !ideas.is_empty() {
        text.push_str(
            "\nIdeas from triton_training_data/fusion_ideas.txt, their kernels written by TorchInductor:\n\n",
        );
    }
    for idea in ideas {
        let _ = writeln!(text, "  {:<31} {}", idea.state.idea, became(idea));
    }
    let there = pairs.iter().filter(|pair| pair.line().is_some()).count();
    let proved = ideas.iter().filter(|idea| is_archived(&idea.state)).count();
    let (pairs, ideas, dataset) = (pairs.len(), ideas.len(), dataset.display());
    let _ = write!(text, "\n{there} of {pairs} pairs and {proved} of {ideas} ideas are in {dataset}");
    text.push_str(
        "\nThe demonstration's fusewright.toml lets kernels in that TorchInductor wrote (`allow_inductor`)",
    );
    text.push_str(if no_gpu { " and pairs that were not timed (`allow_untimed`)." } else { "." });
    text
}

fn is_archived(idea: &IdeaState) -> bool {
    matches!(idea.became, Became::Archived { .. } | Became::ByHand { .. })
}

fn became(idea: &DemoIdea) -> String {
    let DemoIdea { state, before } = idea;
    match &state.became {
        Became::Archived { line, description, .. } if *before => {
            format!("{QUIET}archived before{QUIET:#} as line {line}: {description}")
        }
        Became::Archived { line, description, .. } | Became::ByHand { line, description } => {
            format!("{GOOD}archived{GOOD:#} as line {line}: {description}")
        }
        Became::Abandoned { reason, .. } => format!("{ERROR}abandoned{ERROR:#}: {reason}"),
        Became::Skipped => format!("{QUIET}skipped{QUIET:#}"),
        Became::Open | Became::AtWork { .. } => format!("{WARNING}not done{WARNING:#}"),
    }
}

fn checked(pair: &DemoPair) -> String {
    match pair.problems {
        0 => format!("{GOOD}{:<10}{GOOD:#}", "checked"),
        1 => format!("{WARNING}{:<10}{WARNING:#}", "1 problem"),
        count => format!("{WARNING}{:<10}{WARNING:#}", format!("{count} problems")),
    }
}

fn ruling(verdict: &VerdictLine) -> String {
    let speed = verdict.speedup.map(|speedup| format!(" {speedup:.2} x")).unwrap_or_default();
    let (style, word) = match verdict.verdict {
        Some(ruling @ Ruling::Pass) => (GOOD, format!("{}{speed}", ruling.word())),
        Some(ruling @ (Ruling::Untimed | Ruling::Same | Ruling::Slower)) => {
            (WARNING, format!("right, {}{speed}", ruling.word()))
        }
        Some(ruling) => (ERROR, ruling.word().to_owned()),
        None => (ERROR, "not judged".to_owned()),
    };
    format!("{style}{word:<16}{style:#}")
}

fn archived(pair: &DemoPair) -> String {
    match &pair.archived {
        Ok(archived) => format!("{GOOD}archived{GOOD:#} as line {}: {}", archived.line, archived.description),
        Err(ArchiveError::Dataset(DatasetError::Twin { line, description, .. })) => {
            format!("{QUIET}archived before{QUIET:#} as line {line}: {description}")
        }
        Err(error) => format!("{ERROR}not archived{ERROR:#}: {error}"),
    }
}

#[cfg(test)]
mod tests {
    use fusewright_engine::verdict::{Implementation, PairError, Stage};

    use super::*;

    fn pair(name: &str, verdict: Option<Ruling>, archived: Result<u64, ArchiveError>) -> DemoPair {
        let error = PairError {
            implementation: Implementation::Triton,
            stage: Stage::Run,
            kind: String::new(),
            message: String::new(),
            line: None,
            traceback: String::new(),
        };
        let speedup = (verdict == Some(Ruling::Pass)).then_some(2.314);
        let file = PathBuf::from("/demo").join(name);
        let archived = archived.map(|line| fusewright_engine::archive::Archived {
            file: file.clone(),
            path: "/demo/data.jsonl".into(),
            line,
            hash: String::new(),
            description: "Fused softmax.".into(),
            converted: false,
            mended: None,
        });
        let verdict = VerdictLine { verdict, speedup, ..VerdictLine::failed("x.py", error) };
        DemoPair { file, problems: 0, verdict, archived }
    }

    #[test]
    fn the_report_says_what_became_of_each_pair() {
        let twin = DatasetError::Twin {
            path: "/demo/data.jsonl".into(),
            line: 1,
            description: "Fused GELU.".into(),
        };
        let pairs = vec![
            pair("first.py", Some(Ruling::Untimed), Err(twin.into())),
            pair("second_long_name.py", Some(Ruling::Pass), Ok(2)),
            pair("third.py", None, Err(ArchiveError::NoVerdict("/demo/third.py".into()))),
        ];
        let idea = |idea: &str, before, became| DemoIdea {
            state: IdeaState { number: Some(1), idea: idea.to_owned(), became },
            before,
        };
        let archived =
            |line| Became::Archived { attempts: 1, line, description: "Fused ReLU.".to_owned(), twin: false };
        let reason = "no kernel for aten.sort".to_owned();
        let ideas = vec![
            idea("add, relu", true, archived(3)),
            idea("split in halves, silu, multiply", false, archived(4)),
            idea("sort", false, Became::Abandoned { attempts: 1, reason }),
        ];
        let done = DemoReport {
            prepared: None,
            root: "/demo".into(),
            dataset: "/demo/data.jsonl".into(),
            pairs,
            ideas,
        };
        let plain = anstream::adapter::strip_str(&report(&done)).to_string();
        insta::assert_snapshot!(plain, @r"
        Workspace /demo

          first.py               checked    right, untimed   archived before as line 1: Fused GELU.
          second_long_name.py    checked    pass 2.31 x      archived as line 2: Fused softmax.
          third.py               checked    not judged       not archived: /demo/third.py has no verdict yet: run `fusewright verify /demo/third.py` first

        Ideas from triton_training_data/fusion_ideas.txt, their kernels written by TorchInductor:

          add, relu                       archived before as line 3: Fused ReLU.
          split in halves, silu, multiply archived as line 4: Fused ReLU.
          sort                            abandoned: no kernel for aten.sort

        2 of 3 pairs and 2 of 3 ideas are in /demo/data.jsonl
        The demonstration's fusewright.toml lets kernels in that TorchInductor wrote (`allow_inductor`).
        ");
    }
}
