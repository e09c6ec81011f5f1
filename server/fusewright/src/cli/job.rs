//! Runs asynchronous work for a command: what it reports goes to standard error, and Ctrl-C cancels it.

use std::io::IsTerminal;
use std::sync::Mutex;
use std::time::Duration;

use anyhow::Context;
use fusewright_engine::progress::{CancellationToken, Event, Progress};
use indicatif::{ProgressBar, ProgressStyle};

use super::output::{self, QUIET, WARNING};

/// The status that a shell gives a program that Ctrl-C ended.
const INTERRUPTED: i32 = 130;

/// Runs work to its end. The first Ctrl-C cancels it, a second one ends the program.
pub(crate) fn run<T>(work: impl AsyncFnOnce(&CancellationToken) -> T) -> anyhow::Result<T> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .context("cannot start the runtime")?;
    Ok(runtime.block_on(async {
        let cancel = CancellationToken::new();
        let interrupted = cancel.clone();
        tokio::spawn(async move {
            while tokio::signal::ctrl_c().await.is_ok() {
                if interrupted.is_cancelled() {
                    std::process::exit(INTERRUPTED);
                }
                interrupted.cancel();
            }
        });
        work(&cancel).await
    }))
}

/// Shows the events of long work: one moving line on a terminal, else a line for each phase.
pub(crate) struct Shown {
    bar: Option<ProgressBar>,
    last: Mutex<String>,
    quiet: bool,
}

impl Shown {
    /// Shows phases and notes.
    pub(crate) fn new() -> Self {
        let bar = std::io::stderr().is_terminal().then(|| {
            let bar = ProgressBar::new(100);
            bar.enable_steady_tick(Duration::from_millis(100));
            bar
        });
        Self { bar, last: Mutex::default(), quiet: false }
    }

    /// Shows notes alone, for a program that reads the results.
    pub(crate) fn notes_only() -> Self {
        Self { bar: None, last: Mutex::default(), quiet: true }
    }

    /// Puts a name in front of what is shown.
    pub(crate) fn prefix(&self, name: impl Into<String>) {
        if let Some(bar) = &self.bar {
            bar.set_prefix(name.into());
        }
    }

    /// Prints to standard output with the moving line out of the way.
    pub(crate) fn suspend<T>(&self, print: impl FnOnce() -> T) -> T {
        match &self.bar {
            Some(bar) => bar.suspend(print),
            None => print(),
        }
    }
}

impl Drop for Shown {
    fn drop(&mut self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}

impl Progress for Shown {
    fn report(&self, event: Event) {
        match event {
            Event::Phase { .. } if self.quiet => {}
            Event::Phase { message, percent } => {
                if let Some(bar) = &self.bar {
                    bar.set_style(style(percent.is_some()));
                    bar.set_position(percent.map_or(0, u64::from));
                    bar.set_message(message);
                    return;
                }
                let mut last = self.last.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
                if *last != message {
                    output::note(format_args!("{QUIET}{message}{QUIET:#}"));
                    *last = message;
                }
            }
            Event::First(_)
            | Event::Answer(_)
            | Event::Attempt { .. }
            | Event::Candidate(_)
            | Event::Verdict(_)
            | Event::Analysis(_) => {}
            Event::Note(text) => {
                self.suspend(|| output::note(format_args!("{WARNING}note{WARNING:#}: {text}")));
            }
        }
    }
}

fn style(measured: bool) -> ProgressStyle {
    let template = if measured {
        "{spinner} {prefix} [{bar:24}] {percent:>3} % {wide_msg} {elapsed}"
    } else {
        "{spinner} {prefix} {wide_msg} {elapsed}"
    };
    // The templates are fixed text, and a wrong one would only cost the looks.
    ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_spinner())
}
