//! What the client asks, one file for each request; and what the server asks the client.

pub(crate) mod ask;
pub(crate) mod code_action;
pub(crate) mod code_lens;
pub(crate) mod complete;
pub(crate) mod completion;
pub(crate) mod document_symbol;
pub(crate) mod execute_command;
pub(crate) mod folding_range;
pub(crate) mod hover;
pub(crate) mod initialize;
pub(crate) mod inlay_hint;
pub(crate) mod insertion;
pub(crate) mod refresh;
pub(crate) mod secret;
