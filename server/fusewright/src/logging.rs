//! The log: to standard error or to a file, never to standard output, which belongs to results and to the
//! language server's messages.

use std::fs::OpenOptions;
use std::path::Path;
use std::sync::Mutex;

use anyhow::Context;
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

/// The variable that says what is logged: `debug`, or `warn,fusewright_engine=trace`.
const LEVEL_VARIABLE: &str = "FUSEWRIGHT_LOG";

/// Starts the log. Warnings and errors are logged unless `FUSEWRIGHT_LOG` says otherwise.
pub(crate) fn start(file: Option<&Path>) -> anyhow::Result<()> {
    let filter = match std::env::var(LEVEL_VARIABLE) {
        Ok(level) if !level.trim().is_empty() => level.parse::<Targets>().map_err(|_| {
            anyhow::anyhow!(
                "{LEVEL_VARIABLE} is {level:?}: it must be off, error, warn, info, debug or trace"
            )
        })?,
        _ => Targets::new().with_default(LevelFilter::WARN),
    };
    let registry = tracing_subscriber::registry().with(filter);
    let layer = tracing_subscriber::fmt::layer();
    if let Some(path) = file {
        let log = OpenOptions::new()
            .create(true)
            .append(true)
            .open(path)
            .with_context(|| format!("cannot open the log file {}", path.display()))?;
        registry.with(layer.with_ansi(false).with_writer(Mutex::new(log))).init();
    } else {
        let colour = anstream::AutoStream::choice(&std::io::stderr()) != anstream::ColorChoice::Never;
        registry.with(layer.with_ansi(colour).with_writer(std::io::stderr)).init();
    }
    Ok(())
}
