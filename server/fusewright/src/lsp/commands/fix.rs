//! `fusewright.fix`

use std::sync::Arc;

use fusewright_engine::prompts::Failure;
use fusewright_pair::BlockKind;
use serde_json::Value;
use tower_lsp::jsonrpc::Result;
use tower_lsp::ls_types::{LSPAny, ProgressToken};

use super::{Command, document, refuse_untrusted, refused};
use crate::lsp::session::{Session, Standing};
use crate::lsp::writing::{self, Order};

/// Has the document's kernel mended, by what its verdict says.
pub(crate) async fn run(
    session: &Arc<Session>,
    arguments: &[Value],
    given: Option<ProgressToken>,
) -> Result<LSPAny> {
    refuse_untrusted(session)?;
    let uri = document(Command::Fix, arguments)?;
    let snapshot = session.snapshot(&uri).ok_or_else(|| refused("open the document first"))?;
    let standing = session.state().verdicts.standing(&uri, &snapshot.pair);
    let verdict = match standing {
        Standing::Judged(verdict) => verdict,
        Standing::Stale(_) => {
            return Err(refused("the code changed since its verdict: verify it again, then fix it"));
        }
        Standing::Unknown => {
            return Err(refused("this pair has no verdict yet: verify it first, then fix it"));
        }
    };
    if !writing::can_be_mended(&verdict.line) {
        return Err(refused("there is nothing to fix: the verdict names no fault of the kernel"));
    }
    let triton = snapshot.pair.code(BlockKind::Triton).unwrap_or_default();
    let failure = Failure::of(&verdict.line, triton, snapshot.pair.text());
    let order = Order { uri, failure: Some(failure), instructions: None, pair: snapshot.pair };
    writing::run(session, order, given).await
}
