//! `fusewright/insertion`: what a document would be with a kernel that came too late for it.

use fusewright_engine::generate::insert;
use serde::{Deserialize, Serialize};
use tower_lsp::jsonrpc::Result;
use tower_lsp::ls_types::Uri;

use crate::lsp::commands::refused;
use crate::lsp::session::Session;

/// The request's name.
pub(crate) const METHOD: &str = "fusewright/insertion";

/// A document, and the TRITON block that it is to have.
#[derive(Debug, Deserialize)]
pub(crate) struct Params {
    uri: Uri,
    block: String,
}

/// The whole text that the document would be.
#[derive(Debug, Serialize)]
pub(crate) struct Inserted {
    text: String,
}

/// Puts the block into the document as it is now; nothing is edited.
pub(crate) fn run(session: &Session, params: &Params) -> Result<Inserted> {
    let snapshot = session.snapshot(&params.uri).ok_or_else(|| refused("open the document first"))?;
    let code = params.block.replace("\r\n", "\n").replace('\r', "\n");
    let inserted = insert(&snapshot.pair, &code)
        .map_err(|problem| refused(format!("the document cannot take the kernel: {problem}")))?;
    Ok(Inserted { text: inserted.text })
}
