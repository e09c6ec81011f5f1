//! `fusewright.nextIdea`

use std::sync::Arc;

use fusewright_engine::work::What;
use serde_json::Value;
use tower_lsp::jsonrpc::Result;
use tower_lsp::ls_types::{LSPAny, ProgressToken};

use super::{Command, place, refuse_untrusted};
use crate::lsp::session::Session;
use crate::lsp::working;

/// Works at the idea at work, or at the next one.
pub(crate) async fn run(
    session: &Arc<Session>,
    arguments: &[Value],
    given: Option<ProgressToken>,
) -> Result<LSPAny> {
    refuse_untrusted(session)?;
    let folder = working::folder(session, place(Command::NextIdea, arguments)?)?;
    working::run(session, folder, What::Next, given).await
}
