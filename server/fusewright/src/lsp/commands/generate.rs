//! `fusewright.generate`

use std::sync::Arc;

use fusewright_pair::BlockKind;
use serde::Deserialize;
use serde_json::Value;
use tower_lsp::jsonrpc::Result;
use tower_lsp::ls_types::{LSPAny, ProgressToken, Range};

use super::{Command, document, invalid, refuse_untrusted, refused};
use crate::lsp::session::Session;
use crate::lsp::writing::{self, Order};

/// What may follow the document's address.
#[derive(Debug, Default, Deserialize)]
struct More {
    /// The selection: in a file that is no pair, it says which function the kernel is for.
    #[serde(default)]
    range: Option<Range>,
    /// What the user adds in words.
    #[serde(default)]
    instructions: Option<String>,
}

/// Has the TRITON block of the document's pair written. In any other Python file, the selected function becomes a pair
/// file of its own first.
pub(crate) async fn run(
    session: &Arc<Session>,
    arguments: &[Value],
    given: Option<ProgressToken>,
) -> Result<LSPAny> {
    refuse_untrusted(session)?;
    let uri = document(Command::Generate, arguments)?;
    let More { range, instructions } = match arguments.get(1) {
        None | Some(Value::Null) => More::default(),
        Some(more) => serde_json::from_value(more.clone())
            .map_err(|error| invalid(format!("the second argument of fusewright.generate: {error}")))?,
    };
    let snapshot = session.snapshot(&uri).ok_or_else(|| refused("open the document first"))?;
    if snapshot.pair.block(BlockKind::Python).is_some() {
        let order = Order { uri, pair: snapshot.pair, failure: None, instructions };
        return writing::run(session, order, given).await;
    }
    if snapshot.pair.is_pair() {
        return Err(refused("this pair has no `# <PYTHON>` block to write a kernel for"));
    }
    let range = range.unwrap_or_default();
    let order = writing::new_pair(session, &snapshot, range, instructions).await?;
    writing::run(session, order, given).await
}
