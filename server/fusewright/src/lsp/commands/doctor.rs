//! `fusewright.doctor`

use std::sync::Arc;

use fusewright_engine::doctor::{DoctorOptions, examine};
use fusewright_engine::home::Home;
use fusewright_engine::progress::{Event, Progress};
use tower_lsp::jsonrpc::{Error, Result};
use tower_lsp::ls_types::{LSPAny, ProgressToken};

use super::{refuse_untrusted, refused};
use crate::lsp::progress::{self, EditorProgress};
use crate::lsp::session::Session;

/// Examines the machine and the open folder; returns the report as text.
pub(crate) async fn run(session: &Arc<Session>, given: Option<ProgressToken>) -> Result<LSPAny> {
    // It starts the configured interpreter.
    refuse_untrusted(session)?;
    let path = match session.open_folders().first() {
        Some(folder) => folder.clone(),
        None => std::env::current_dir().map_err(|error| refused(format!("no folder is open: {error}")))?,
    };
    let folder = session.folder_of_path(&path.join("any"));
    let options = DoctorOptions {
        root: folder.workspace.root.clone(),
        settings: folder.settings.clone(),
        problems: folder.loaded.problems.clone(),
        home: Home::of_user(),
    };
    let token = progress::token(given.as_ref());
    let ticket = session.jobs.enter(None, Some(token.clone()));
    let cancel = ticket.cancel.clone();
    // When the request is cancelled, nobody waits for the report any more.
    let _guard = cancel.clone().drop_guard();
    let shown = Shown(EditorProgress::begin(session, token, given.is_some(), "Examining this machine"));
    let examined = session.jobs.spawn(async move {
        let report = examine(&options, &shown, &ticket.cancel).await;
        shown.0.end(None);
        report
    });
    let report = examined.await?;
    if cancel.is_cancelled() {
        return Err(Error::request_cancelled());
    }
    Ok(LSPAny::from(report.to_string()))
}

struct Shown(EditorProgress);

impl Progress for Shown {
    fn report(&self, event: Event) {
        match event {
            Event::Phase { message, percent } => self.0.report(&message, percent),
            Event::Note(message) => self.0.report(&message, None),
            _ => {}
        }
    }
}
