//! Asking the client: never without a limit, since a client may not answer at all.

use std::future::Future;
use std::time::Duration;

use tower_lsp::jsonrpc;

/// How long the client has for an answer.
const LIMIT: Duration = Duration::from_secs(5);

/// The answer, if it came in time and is no error.
pub(crate) async fn ask<T>(
    what: &'static str,
    question: impl Future<Output = jsonrpc::Result<T>>,
) -> Option<T> {
    match tokio::time::timeout(LIMIT, question).await {
        Ok(Ok(answer)) => Some(answer),
        Ok(Err(error)) => {
            tracing::info!(what, %error, "the client refused");
            None
        }
        Err(_) => {
            tracing::warn!(what, "the client did not answer");
            None
        }
    }
}
