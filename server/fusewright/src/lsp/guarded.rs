//! The layer between the transport and the handlers that makes their order and their failures harmless.
//!
//! Each handler is begun before the next message is read: all it does up to its first await has happened by
//! then, whatever other handlers are waiting for. A panic is caught and answered.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::task::{Context, Poll, Waker};

use futures::FutureExt;
use futures::future::BoxFuture;
use tower_lsp::ExitedError;
use tower_lsp::jsonrpc::{Error, ErrorCode, Id, Request, Response};
use tower_service::Service;

/// Begins each handler in order and survives its panics.
#[derive(Debug)]
pub(crate) struct Guarded<S> {
    inner: S,
}

/// A handler that was begun.
pub(crate) enum Begun {
    /// It ended at once, with this answer.
    Done(Option<Response>),
    /// It waits for something.
    Waiting(BoxFuture<'static, Option<Response>>),
}

impl<S> Guarded<S>
where
    S: Service<Request, Response = Option<Response>, Error = ExitedError>,
    S::Future: Send + 'static,
{
    /// Guards `inner`.
    pub(crate) fn new(inner: S) -> Self {
        Self { inner }
    }

    /// Begins the handler of `request`.
    pub(crate) fn begin(&mut self, request: Request) -> Begun {
        let id = request.id().cloned();
        let method = request.method().to_owned();
        let begun = catch_unwind(AssertUnwindSafe(|| {
            let mut handler = self.inner.call(request).boxed();
            // The transport polls it again with a waker of its own, so none is needed here.
            let first = handler.poll_unpin(&mut Context::from_waker(Waker::noop()));
            (first, handler)
        }));
        match begun {
            Ok((Poll::Ready(answer), _)) => Begun::Done(answer.unwrap_or_default()),
            Ok((Poll::Pending, handler)) => Begun::Waiting(
                AssertUnwindSafe(handler)
                    .catch_unwind()
                    .map(move |ended| match ended {
                        Ok(answer) => answer.unwrap_or_default(),
                        Err(panic) => panicked(id, &method, panic.as_ref()),
                    })
                    .boxed(),
            ),
            Err(panic) => Begun::Done(panicked(id, &method, panic.as_ref())),
        }
    }
}

fn panicked(id: Option<Id>, method: &str, panic: &(dyn Any + Send)) -> Option<Response> {
    let reason = panic_message(panic);
    tracing::error!(method, reason, "a handler failed; the server goes on");
    id.map(|id| {
        let error = Error {
            code: ErrorCode::InternalError,
            message: format!("Fusewright failed at {method}: {reason}. This is a defect of Fusewright.")
                .into(),
            data: None,
        };
        Response::from_error(id, error)
    })
}

/// What a panic said.
pub(crate) fn panic_message(panic: &(dyn Any + Send)) -> &str {
    panic
        .downcast_ref::<&str>()
        .copied()
        .or_else(|| panic.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("no reason given")
}
