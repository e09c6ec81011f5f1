//! `fusewright setup`: a Python with torch and triton.

use std::path::PathBuf;
use std::process::ExitCode;

use fusewright_engine::config::Options;
use fusewright_engine::home::Home;
use fusewright_engine::python::{self, Interpreter};
use fusewright_engine::setup::{Prepared, SetupOptions, setup};

use super::job::{self, Shown};
use super::output::{self, GOOD};
use super::settings;

/// Arguments of `fusewright setup`.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Change nothing: say which Python would be used, or what is missing (status 1)
    #[arg(long, conflicts_with_all = ["python", "managed"])]
    check: bool,
    /// Use this Python where it has torch and triton, else make the managed environment with it
    #[arg(long, value_name = "PATH")]
    python: Option<PathBuf>,
    /// Make the managed environment even where a Python with torch and triton was found
    #[arg(long)]
    managed: bool,
    /// Print the interpreter's path to standard output, and nothing else there
    #[arg(long)]
    print_python: bool,
}

/// Finds or makes the interpreter and says which it is.
pub(crate) fn run(args: &Args) -> anyhow::Result<ExitCode> {
    let (_, settings) = settings::of(&std::env::current_dir()?.join("fusewright.toml"), &Options::default());
    let home = Home::of_user();
    if let Some(command) = settings.python.command.filter(|_| args.python.is_none() && !args.managed) {
        output::note(format_args!(
            "pairs run through `{}`: torch and triton must be there, and `fusewright doctor` tells whether they are",
            command.join(" ")
        ));
        return Ok(ExitCode::SUCCESS);
    }
    if args.check {
        return match job::run(async |_| python::find(settings.python.interpreter.as_deref(), &home).await)? {
            Ok(interpreter) => report(args, &interpreter, false),
            Err(error) => {
                output::note(error);
                Ok(ExitCode::FAILURE)
            }
        };
    }
    let options = SetupOptions {
        python: args.python.clone(),
        managed: args.managed,
        configured: settings.python.interpreter,
    };
    let shown = Shown::new();
    let Prepared { interpreter, made } =
        job::run(async |cancel| setup(&options, &home, &shown, cancel).await)??;
    drop(shown);
    report(args, &interpreter, made)
}

fn report(args: &Args, interpreter: &Interpreter, made: bool) -> anyhow::Result<ExitCode> {
    let Interpreter { path, origin, probe } = interpreter;
    if args.print_python {
        output::line(path.display())?;
    } else {
        let verb = if made { "made" } else { "ready" };
        let (summary, origin) = (probe.summary(), origin.describe());
        output::line(format_args!("{GOOD}{verb}{GOOD:#} {} ({summary}; {origin})", path.display()))?;
    }
    Ok(ExitCode::SUCCESS)
}
