//! `fusewright rule`: the page of a rule.

use std::process::ExitCode;

use anyhow::bail;
use fusewright_engine::nearest::nearest;
use fusewright_pair::Rule;

use super::output;

/// Arguments of `fusewright rule`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The rule's code, such as FW101; all rules are listed where it is left out
    code: Option<String>,
}

/// Prints the page of one rule, or one line for each.
pub(crate) fn run(args: &Args) -> anyhow::Result<ExitCode> {
    let Some(code) = &args.code else {
        for rule in Rule::ALL {
            output::line(format_args!("{}  {:<22}  {}", rule.code(), rule.name(), rule.summary()))?;
        }
        return Ok(ExitCode::SUCCESS);
    };
    let wanted = code.to_uppercase();
    let Some(rule) = Rule::ALL.iter().find(|rule| rule.code() == wanted || rule.name() == code) else {
        let advice = match nearest(&wanted, Rule::ALL.iter().map(|rule| rule.code())) {
            Some(meant) => format!("did you mean {meant}?"),
            None => "`fusewright rule` lists them all".to_owned(),
        };
        bail!("there is no rule {code}: {advice}");
    };
    output::line(rule.page().trim_end())?;
    Ok(ExitCode::SUCCESS)
}
