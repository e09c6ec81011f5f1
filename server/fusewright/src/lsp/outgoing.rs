//! What the server sends of its own accord: notifications in the order they were made, and diagnostics of
//! the documents that changed.
//!
//! Diagnostics are not queued but computed when they can be written: the transport asks for them after all
//! the input that has arrived was entered. Several edits that arrive together are thus checked once, at
//! their last state, and a client that is slow to read makes the server check less often, not remember more.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};

use futures::Stream;
use futures::channel::mpsc::{UnboundedReceiver, UnboundedSender, unbounded};
use futures::task::AtomicWaker;
use tower_lsp::jsonrpc::Request;
use tower_lsp::ls_types::notification::{Notification, PublishDiagnostics};
use tower_lsp::ls_types::{PublishDiagnosticsParams, Uri};

/// Sends notifications, and notes documents whose diagnostics are to be published.
#[derive(Debug, Clone)]
pub(crate) struct Outgoing {
    notifications: UnboundedSender<Request>,
    changed: Arc<Changed>,
}

#[derive(Debug, Default)]
struct Changed {
    documents: Mutex<VecDeque<Uri>>,
    waker: AtomicWaker,
}

impl Changed {
    fn take(&self) -> Option<Uri> {
        self.documents.lock().unwrap_or_else(PoisonError::into_inner).pop_front()
    }
}

impl Outgoing {
    /// Queues one notification.
    pub(crate) fn notify<N: Notification>(&self, params: &N::Params) {
        match serde_json::to_value(params) {
            Ok(params) => {
                let message = Request::build(N::METHOD).params(params).finish();
                if self.notifications.unbounded_send(message).is_err() {
                    tracing::debug!(method = N::METHOD, "a notification was dropped: the server is ending");
                }
            }
            Err(error) => tracing::error!(method = N::METHOD, %error, "a notification could not be written"),
        }
    }

    /// Has the diagnostics of a document published, at the state it has when its turn comes.
    pub(crate) fn publish(&self, uri: &Uri) {
        let mut documents = self.changed.documents.lock().unwrap_or_else(PoisonError::into_inner);
        if !documents.contains(uri) {
            documents.push_back(uri.clone());
        }
        drop(documents);
        self.changed.waker.wake();
    }

    /// Publishes the diagnostics of a file that is not open.
    pub(crate) fn publish_closed(&self, diagnostics: &PublishDiagnosticsParams) {
        self.notify::<PublishDiagnostics>(diagnostics);
    }
}

/// The receiving end of [`Outgoing`], which the transport reads.
#[derive(Debug)]
pub(crate) struct Pending {
    notifications: UnboundedReceiver<Request>,
    changed: Arc<Changed>,
}

/// Makes both ends.
pub(crate) fn channel() -> (Outgoing, Pending) {
    let (sender, receiver) = unbounded();
    let changed = Arc::new(Changed::default());
    (
        Outgoing { notifications: sender, changed: changed.clone() },
        Pending { notifications: receiver, changed },
    )
}

impl Pending {
    /// The next notification, if one is queued.
    pub(crate) fn poll_notification(&mut self, cx: &mut Context<'_>) -> Poll<Option<Request>> {
        std::pin::Pin::new(&mut self.notifications).poll_next(cx)
    }

    /// The next document whose diagnostics are to be published.
    pub(crate) fn poll_changed(&mut self, cx: &mut Context<'_>) -> Poll<Uri> {
        if let Some(uri) = self.changed.take() {
            return Poll::Ready(uri);
        }
        self.changed.waker.register(cx.waker());
        // One may have come between the look and the registration.
        self.changed.take().map_or(Poll::Pending, Poll::Ready)
    }
}
