//! `fusewright.init`

use std::path::PathBuf;
use std::sync::Arc;

use fusewright_engine::workspace::{self, InitOptions, State};
use serde_json::Value;
use tower_lsp::jsonrpc::Result;
use tower_lsp::ls_types::notification::ShowMessage;
use tower_lsp::ls_types::{LSPAny, MessageType, ShowMessageParams, Uri};

use super::{invalid, refuse_untrusted, refused};
use crate::lsp::session::{Session, file_path};

/// Lays out a workspace in the given folder, or in the one that is open.
pub(crate) async fn run(session: &Arc<Session>, arguments: &[Value]) -> Result<LSPAny> {
    refuse_untrusted(session)?;
    let folder = folder(session, arguments)?;
    let binary = std::env::current_exe()
        .map_err(|error| refused(format!("the path of the fusewright binary cannot be found: {error}")))?;
    let target = folder.clone();
    let made = session.jobs.spawn_blocking(move || workspace::init(&target, &InitOptions { binary })).await?;
    let created = made.map_err(refused)?;
    session.state().folders.forget();
    let count = created.iter().filter(|entry| entry.state == State::Created).count();
    let message = match count {
        0 => format!("{} is a Fusewright workspace already.", folder.display()),
        count => {
            format!("Laid out a Fusewright workspace in {}: {count} new files and folders.", folder.display())
        }
    };
    session.outgoing.notify::<ShowMessage>(&ShowMessageParams { typ: MessageType::INFO, message });
    serde_json::to_value(created).map_err(refused)
}

fn folder(session: &Session, arguments: &[Value]) -> Result<PathBuf> {
    match arguments.first().filter(|argument| !argument.is_null()) {
        Some(argument) => argument
            .as_str()
            .and_then(|uri| uri.parse::<Uri>().ok())
            .and_then(|uri| file_path(&uri))
            .ok_or_else(|| invalid("fusewright.init wants a folder's address as its argument, or none")),
        None => session
            .open_folders()
            .first()
            .cloned()
            .ok_or_else(|| refused("no folder is open: open the one to lay out")),
    }
}
