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

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use super::*;

    /// Notes each request when its handler begins; the handler then waits for ever, or panics where asked to.
    struct Noting(Arc<Mutex<Vec<String>>>);

    impl Service<Request> for Noting {
        type Response = Option<Response>;
        type Error = ExitedError;
        type Future = BoxFuture<'static, Result<Option<Response>, ExitedError>>;

        fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), ExitedError>> {
            Poll::Ready(Ok(()))
        }

        fn call(&mut self, request: Request) -> Self::Future {
            let begun = Arc::clone(&self.0);
            async move {
                assert_ne!(request.method(), "panic", "planted");
                begun.lock().unwrap().push(request.method().to_owned());
                futures::future::pending().await
            }
            .boxed()
        }
    }

    #[test]
    fn a_handler_enters_its_change_before_the_next_is_begun() {
        let begun = Arc::new(Mutex::new(Vec::new()));
        let mut guarded = Guarded::new(Noting(Arc::clone(&begun)));
        let first = guarded.begin(Request::build("first").finish());
        assert_eq!(*begun.lock().unwrap(), ["first"]);
        let second = guarded.begin(Request::build("second").finish());
        assert_eq!(*begun.lock().unwrap(), ["first", "second"]);
        assert!(matches!((first, second), (Begun::Waiting(_), Begun::Waiting(_))));
    }

    #[test]
    fn a_handler_that_panics_is_answered_and_the_next_is_begun() {
        let begun = Arc::new(Mutex::new(Vec::new()));
        let mut guarded = Guarded::new(Noting(Arc::clone(&begun)));
        let Begun::Done(Some(answer)) = guarded.begin(Request::build("panic").id(1).finish()) else {
            panic!("a panic is an answer");
        };
        assert!(answer.error().unwrap().message.contains("planted"));
        let next = guarded.begin(Request::build("next").finish());
        assert!(matches!(next, Begun::Waiting(_)));
        assert_eq!(*begun.lock().unwrap(), ["next"]);
    }
}
