//! The editor's own model, which a front end reaches and the engine does not.

use std::fmt::Debug;

use futures::future::BoxFuture;

use super::{Completion, Listener, ModelError, Prompt};
use crate::progress::CancellationToken;

/// Answers through the editor's own model.
pub trait EditorModel: Send + Sync + Debug {
    /// How provenance and progress name it: "gpt-4o in VS Code".
    fn label(&self) -> String;

    /// The answer to a prompt. Dropping the future gives it up; cancelling does too, and tells the editor.
    fn complete<'a>(
        &'a self,
        prompt: &'a Prompt,
        listener: &'a dyn Listener,
        cancel: &'a CancellationToken,
    ) -> BoxFuture<'a, Result<Completion, ModelError>>;
}
