//! `fusewright.cancel`

use serde_json::Value;
use tower_lsp::jsonrpc::Result;
use tower_lsp::ls_types::LSPAny;

use super::{Command, document};
use crate::lsp::ideas;
use crate::lsp::session::Session;

/// Stops what runs on the document, or the loop where it is the file of ideas; says how many jobs that were.
pub(crate) fn run(session: &Session, arguments: &[Value]) -> Result<LSPAny> {
    let uri = document(Command::Cancel, arguments)?;
    if let Some(folder) = ideas::folder(session, &uri) {
        let running = session.state().working.get(&folder.workspace.root).cloned();
        if let Some((_, cancel)) = &running {
            cancel.cancel();
        }
        return Ok(LSPAny::from(usize::from(running.is_some())));
    }
    Ok(LSPAny::from(session.jobs.cancel(&uri)))
}
