//! `fusewright.runIdea`

use std::sync::Arc;

use fusewright_engine::work::What;
use serde::Deserialize;
use serde_json::Value;
use tower_lsp::jsonrpc::Result;
use tower_lsp::ls_types::{LSPAny, ProgressToken};

use super::{Command, invalid, place, refuse_untrusted};
use crate::lsp::session::Session;
use crate::lsp::{ideas, working};

/// Which ideas, after the workspace's address. With `about`, its text, an idea is found though its line moved.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Which {
    /// The one on this line of the file.
    Idea { idea: usize },
    /// The one on this line once more, from its first attempt on.
    Redo { redo: usize },
    /// All that are left.
    All { all: bool },
}

/// Works at one idea, or at all that are left.
pub(crate) async fn run(
    session: &Arc<Session>,
    arguments: &[Value],
    given: Option<ProgressToken>,
) -> Result<LSPAny> {
    refuse_untrusted(session)?;
    let folder = working::folder(session, place(Command::RunIdea, arguments)?)?;
    let which = arguments.get(1).and_then(|which| Which::deserialize(which).ok());
    let which = match (which, ideas::line(session, &folder, arguments.get(1)).await?) {
        (Some(Which::Idea { .. }), Some(idea)) => Some(Which::Idea { idea }),
        (Some(Which::Redo { .. }), Some(redo)) => Some(Which::Redo { redo }),
        (which, _) => which,
    };
    let what = match which {
        Some(Which::Idea { idea }) => What::Idea(idea),
        Some(Which::Redo { redo }) => What::Redo(redo),
        Some(Which::All { all: true }) => What::All,
        Some(Which::All { all: false }) | None => {
            return Err(invalid(
                "fusewright.runIdea wants, after the workspace's address, {\"idea\": line}, {\"redo\": line} or {\"all\": true}",
            ));
        }
    };
    working::run(session, folder, what, given).await
}
