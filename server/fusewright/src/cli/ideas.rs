//! `fusewright ideas`: what became of each.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::ExitCode;

use anstyle::Style;
use fusewright_engine::config::Options;
use fusewright_engine::work::{self, Became, IdeaState};
use serde_json::json;

use super::output::{self, ERROR, GOOD, QUIET, WARNING};
use super::settings;

/// Arguments of `fusewright ideas`. The workspace is the one that the present folder belongs to.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Leave out the idea on this line of the file of ideas; may be repeated
    #[arg(long, value_name = "N")]
    skip: Vec<usize>,
    /// Let the idea on this line be worked at again; may be repeated
    #[arg(long, value_name = "N")]
    redo: Vec<usize>,
    /// Print one line of JSON for each idea
    #[arg(long)]
    json: bool,
}

/// Rules on ideas where that is asked for, else lists them.
pub(crate) fn run(args: &Args) -> anyhow::Result<ExitCode> {
    let (workspace, settings) = settings::of(Path::new("."), &Options::default());
    let root = &workspace.root;
    for (numbers, said) in [(&args.skip, "skipped"), (&args.redo, "opened again")] {
        for number in numbers {
            let rule = if said == "skipped" { work::skip } else { work::reopen };
            let about = rule(root, *number)?;
            if args.json {
                output::json(&json!({ "number": number, "idea": about, "ruled": said }))?;
            } else {
                output::line(format_args!("idea {number} ({about}) is {said}"))?;
            }
        }
    }
    if !(args.skip.is_empty() && args.redo.is_empty()) {
        return Ok(ExitCode::SUCCESS);
    }
    let ideas = work::ideas(root, &workspace.dataset(&settings))?;
    if args.json {
        for idea in &ideas {
            output::json(idea)?;
        }
    } else {
        output::line(list(&ideas, output::columns()))?;
    }
    Ok(ExitCode::SUCCESS)
}

/// The list, each of its lines on one of the terminal's, where it goes to one.
fn list(ideas: &[IdeaState], columns: Option<usize>) -> String {
    if ideas.is_empty() {
        return "there are no ideas yet: write them to triton_training_data/fusion_ideas.txt, one a line"
            .to_owned();
    }
    let widest = ideas.iter().map(|idea| idea.idea.chars().count()).max().unwrap_or(0).min(48);
    // Half of a narrow terminal is for what became of them.
    let most = columns.map(|columns| widest.min((columns / 2).saturating_sub(BEFORE)));
    let mut lines: Vec<_> = ideas
        .iter()
        .map(|idea| output::fit(&row(idea, most.unwrap_or(widest), most), columns).into_owned())
        .collect();
    let mut counts: BTreeMap<usize, (&str, usize)> = BTreeMap::new();
    for idea in ideas {
        let (order, word, _) = word(&idea.became);
        counts.entry(order).or_insert((word, 0)).1 += 1;
    }
    let counts: Vec<_> = counts.values().map(|(word, count)| format!("{count} {word}")).collect();
    lines.push(String::new());
    lines.push(counts.join(", "));
    lines.join("\n")
}

/// Where a state stands in the summary, its word, and how that looks.
fn word(became: &Became) -> (usize, &'static str, Style) {
    match became {
        Became::Archived { .. } => (0, "archived", GOOD),
        Became::ByHand { .. } => (1, "by hand", GOOD),
        Became::AtWork { .. } => (2, "at work", WARNING),
        Became::Abandoned { .. } => (3, "abandoned", ERROR),
        Became::Skipped => (4, "skipped", QUIET),
        Became::Open => (5, "open", QUIET),
    }
}

/// The columns before the idea itself.
const BEFORE: usize = 17;

fn row(idea: &IdeaState, widest: usize, most: Option<usize>) -> String {
    let (_, word, style) = word(&idea.became);
    let tried =
        |attempts: u32| if attempts == 1 { "1 attempt".to_owned() } else { format!("{attempts} attempts") };
    let more = match &idea.became {
        Became::Open | Became::Skipped => String::new(),
        Became::AtWork { attempt: 0, writer, .. } => format!("begun, {writer}"),
        Became::AtWork { attempt, of, writer } => format!("attempt {attempt} of {of}, {writer}"),
        Became::Archived { line, twin: true, .. } => format!("line {line}, whose code is the same"),
        Became::Archived { attempts, line, .. } => format!("line {line}, {}", tried(*attempts)),
        Became::ByHand { line, description } => format!("line {line}, as it seems: {description}"),
        Became::Abandoned { attempts, reason } => format!("{}; {reason}", tried(*attempts)),
    };
    let number = idea.number.map_or_else(|| "-".to_owned(), |number| number.to_string());
    // An idea that nothing is told of has the whole line.
    let about = output::fit(&idea.idea, most.filter(|_| !more.is_empty()));
    let text = format!("{number:>4}  {style}{word:<9}{style:#}  {about:<widest$}  {more}");
    text.trim_end().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_tells_what_became_of_each() {
        let description = "Fused add, relu.".to_owned();
        let idea = |number, idea: &str, became| IdeaState { number, idea: idea.to_owned(), became };
        let ideas = [
            idea(
                Some(1),
                "add, relu",
                Became::Archived { attempts: 3, line: 1, description: description.clone(), twin: false },
            ),
            idea(
                Some(2),
                "relu, add",
                Became::Archived { attempts: 1, line: 1, description: description.clone(), twin: true },
            ),
            idea(
                Some(4),
                "bias, gelu",
                Became::ByHand { line: 2, description: "Fused bias and gelu.".to_owned() },
            ),
            idea(Some(5), "softmax", Became::AtWork { attempt: 2, of: 3, writer: "a model".to_owned() }),
            idea(
                Some(6),
                "tanh",
                Became::Abandoned { attempts: 3, reason: "wrong: 3 of 9 elements differ".to_owned() },
            ),
            idea(Some(7), "exp", Became::Skipped),
            idea(Some(8), "log", Became::Open),
            idea(None, "gone", Became::Skipped),
        ];
        let plain = anstream::adapter::strip_str(&list(&ideas, None)).to_string();
        insta::assert_snapshot!(plain, @"
           1  archived   add, relu   line 1, 3 attempts
           2  archived   relu, add   line 1, whose code is the same
           4  by hand    bias, gelu  line 2, as it seems: Fused bias and gelu.
           5  at work    softmax     attempt 2 of 3, a model
           6  abandoned  tanh        3 attempts; wrong: 3 of 9 elements differ
           7  skipped    exp
           8  open       log
           -  skipped    gone

        2 archived, 1 by hand, 1 at work, 1 abandoned, 2 skipped, 1 open
        ");
    }

    #[test]
    fn on_a_terminal_each_idea_has_one_line() {
        let idea = |number, became| {
            let idea = "matrix multiplication, bias, 激活 gelu, dropout in evaluation, residual".to_owned();
            IdeaState { number: Some(number), idea, became }
        };
        let reason = "wrong: 3 of 9 elements differ, the first at [0, 1]: expected 0.5, got nan".to_owned();
        let ideas = [idea(1, Became::Abandoned { attempts: 3, reason }), idea(2, Became::Open)];
        let plain = anstream::adapter::strip_str(&list(&ideas, Some(80))).to_string();
        insta::assert_snapshot!(plain, @r"
           1  abandoned  matrix multiplication,…  3 attempts; wrong: 3 of 9 elements di…
           2  open       matrix multiplication, bias, 激活 gelu, dropout in evaluation,…

        1 abandoned, 1 open
        ");
        assert!(plain.lines().all(|line| console::measure_text_width(line) <= 80));
        for columns in 0..200 {
            let list = list(&ideas, Some(columns));
            assert!(
                list.lines().take(2).all(|line| console::measure_text_width(line) <= columns.max(1)),
                "{list}"
            );
        }
    }
}
