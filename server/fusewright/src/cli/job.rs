//! Runs asynchronous work for a command: what it reports goes to standard error, and Ctrl-C cancels it.

use std::io::IsTerminal;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use anyhow::Context;
use fusewright_engine::progress::{CancellationToken, Event, Progress};
use indicatif::{ProgressBar, ProgressStyle};

use super::output::{self, QUIET, WARNING};

/// The status that a shell gives a program that Ctrl-C ended.
pub(crate) const INTERRUPTED: u8 = 130;

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
                    std::process::exit(i32::from(INTERRUPTED));
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
    /// The answer's last line, which is not whole yet; none where answers are not shown.
    answer: Option<Mutex<String>>,
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
        Self { bar, last: Mutex::default(), answer: None, quiet: false }
    }

    /// Shows a model's answer too, line by line as it is written, on a terminal.
    pub(crate) fn with_answers() -> Self {
        let mut shown = Self::new();
        shown.answer = shown.bar.is_some().then(Mutex::default);
        shown
    }

    /// Shows notes alone, for a program that reads the results.
    pub(crate) fn notes_only() -> Self {
        Self { bar: None, last: Mutex::default(), answer: None, quiet: true }
    }

    /// Ends the answer that was shown so far, whose last line may have no end.
    pub(crate) fn finish_answer(&self) {
        let Some(answer) = &self.answer else { return };
        let rest = std::mem::take(&mut *answer.lock().unwrap_or_else(PoisonError::into_inner));
        if !rest.is_empty() {
            self.suspend(|| output::note(format_args!("{QUIET}{}{QUIET:#}", printable(&rest))));
        }
    }

    /// Shows the lines that a piece of the answer completes.
    fn hear(&self, piece: &str) {
        let Some(answer) = &self.answer else { return };
        let mut answer = answer.lock().unwrap_or_else(PoisonError::into_inner);
        answer.push_str(piece);
        let Some(end) = answer.rfind('\n') else { return };
        let whole: String = answer.drain(..=end).collect();
        self.suspend(|| {
            for line in whole.lines() {
                output::note(format_args!("{QUIET}{}{QUIET:#}", printable(line)));
            }
        });
    }

    /// Shows the events of one of several works, which its name tells apart.
    pub(crate) fn named(&self, name: impl Into<String>) -> Named<'_> {
        Named { shown: self, name: name.into(), last: Mutex::default() }
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
                if is_news(&message, &self.last) {
                    output::note(format_args!("{QUIET}{message}{QUIET:#}"));
                }
            }
            Event::Answer(piece) => self.hear(&piece),
            Event::First(_)
            | Event::Attempt { .. }
            | Event::Candidate(_)
            | Event::Verdict(_)
            | Event::Analysis(_)
            | Event::Finished(_) => {}
            Event::Note(text) => {
                self.suspend(|| output::note(format_args!("{WARNING}note{WARNING:#}: {text}")));
            }
        }
    }
}

/// Shows the events of one of several works that go on at once.
pub(crate) struct Named<'a> {
    shown: &'a Shown,
    name: String,
    last: Mutex<String>,
}

impl Progress for Named<'_> {
    fn report(&self, event: Event) {
        if let Event::Phase { message, .. } = &event {
            if let Some(bar) = &self.shown.bar {
                bar.set_prefix(self.name.clone());
            } else if !self.shown.quiet {
                if is_news(message, &self.last) {
                    output::note(format_args!("{QUIET}{}: {message}{QUIET:#}", self.name));
                }
                return;
            }
        }
        self.shown.report(event);
    }
}

/// Whether a log's line says more than the last one: numbers that go up are no news.
fn is_news(message: &str, last: &Mutex<String>) -> bool {
    let news: String = message.chars().filter(|character| !character.is_ascii_digit()).collect();
    let mut last = last.lock().unwrap_or_else(PoisonError::into_inner);
    let said_before = *last == news;
    *last = news;
    !said_before
}

/// What a model says, without what would move the cursor or change the terminal.
fn printable(line: &str) -> String {
    line.chars()
        .map(|character| if character.is_control() && character != '\t' { ' ' } else { character })
        .collect()
}

fn style(measured: bool) -> ProgressStyle {
    let template = if measured {
        "{spinner} {prefix} [{bar:24}] {percent:>3} % {elapsed:>4}  {wide_msg}"
    } else {
        "{spinner} {prefix} {elapsed:>4}  {wide_msg}"
    };
    // The templates are fixed text, and a wrong one would only cost the looks.
    ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_spinner())
}
