//! `fusewright.cancel`

use serde_json::Value;
use tower_lsp::jsonrpc::Result;
use tower_lsp::ls_types::LSPAny;

use super::{Command, document};
use crate::lsp::session::Session;

/// Stops what runs on the document; says how many jobs that were.
pub(crate) fn run(session: &Session, arguments: &[Value]) -> Result<LSPAny> {
    let uri = document(Command::Cancel, arguments)?;
    Ok(LSPAny::from(session.jobs.cancel(&uri)))
}
