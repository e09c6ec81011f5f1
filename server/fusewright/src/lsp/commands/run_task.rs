//! `fusewright.runTask`

use std::sync::Arc;

use fusewright_engine::work::What;
use serde_json::Value;
use tower_lsp::jsonrpc::Result;
use tower_lsp::ls_types::{LSPAny, ProgressToken};

use super::{Command, place, refuse_untrusted};
use crate::lsp::session::Session;
use crate::lsp::working;

/// Works at the task at work, or at a new one; `{"seed": number}` after the workspace's address draws the same again.
pub(crate) async fn run(
    session: &Arc<Session>,
    arguments: &[Value],
    given: Option<ProgressToken>,
) -> Result<LSPAny> {
    refuse_untrusted(session)?;
    let folder = working::folder(session, place(Command::RunTask, arguments)?)?;
    let seed = arguments.get(1).and_then(|more| more.get("seed")).and_then(Value::as_u64);
    working::run(session, folder, What::Task { seed }, given).await
}
