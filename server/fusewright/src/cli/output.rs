//! What the command line prints. Colours are taken out where the stream is no terminal or NO_COLOR is set.

use std::borrow::Cow;
use std::fmt::Display;
use std::io::{ErrorKind, Write};
use std::process::ExitCode;

use anstyle::{AnsiColor, Style};
use serde::Serialize;

/// The style of what went wrong.
pub(crate) const ERROR: Style = AnsiColor::Red.on_default().bold();
/// The style of what went well.
pub(crate) const GOOD: Style = AnsiColor::Green.on_default().bold();
/// The style of what needs a look.
pub(crate) const WARNING: Style = AnsiColor::Yellow.on_default().bold();
/// The style of what may be skipped over.
pub(crate) const QUIET: Style = Style::new().dimmed();

/// The status of a command that could not do what it was asked to.
pub(crate) const COULD_NOT: u8 = 2;

/// Prints one line, or several, to standard output.
pub(crate) fn line(text: impl Display) -> anyhow::Result<()> {
    writeln!(anstream::stdout().lock(), "{text}")?;
    Ok(())
}

/// How many columns standard output has, where it is a terminal.
pub(crate) fn columns() -> Option<usize> {
    let terminal = console::Term::stdout();
    terminal.is_term().then(|| terminal.size_checked()).flatten().map(|(_, columns)| usize::from(columns))
}

/// A line as it fits into so many columns, colours kept.
pub(crate) fn fit(line: &str, columns: Option<usize>) -> Cow<'_, str> {
    columns.map_or(Cow::Borrowed(line), |columns| console::truncate_str(line, columns, "…"))
}

/// Prints one value as one line of JSON to standard output.
pub(crate) fn json(value: &impl Serialize) -> anyhow::Result<()> {
    let mut text = serde_json::to_string(value)?;
    text.push('\n');
    bytes(text.as_bytes())
}

/// Writes to standard output as it is.
pub(crate) fn bytes(content: &[u8]) -> anyhow::Result<()> {
    let mut stdout = std::io::stdout().lock();
    stdout.write_all(content)?;
    stdout.flush()?;
    Ok(())
}

/// Prints one line to standard error; there is nobody left to tell when even that fails.
pub(crate) fn note(text: impl Display) {
    let _ = writeln!(anstream::stderr().lock(), "{text}");
}

/// Says on standard error why the command could not be done, in one line, and returns the exit status.
pub(crate) fn fail(error: &anyhow::Error) -> ExitCode {
    if !is_closed(error) {
        note(format_args!("{ERROR}error{ERROR:#}: {error:#}"));
    }
    ExitCode::from(COULD_NOT)
}

/// Whether an error says that nobody reads standard output any more.
pub(crate) fn is_closed(error: &anyhow::Error) -> bool {
    error
        .chain()
        .filter_map(|cause| cause.downcast_ref::<std::io::Error>())
        .any(|cause| cause.kind() == ErrorKind::BrokenPipe)
}
