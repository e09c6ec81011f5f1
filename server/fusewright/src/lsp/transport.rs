//! The connection with one client: what is read, in which order it is handled, what is written.
//!
//! The framework brings its own loop for this, which is not used: handlers that wait are overtaken there,
//! four that wait keep `$/cancelRequest` from being read, a queue that is full of requests keeps the
//! client's answers from being read, and a handler that panics or a message that is no JSON ends the
//! server. Here every message is read as it comes and every handler is begun in the order of the messages.

use std::future::poll_fn;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::task::{Context, Poll};

use fusewright_engine::progress::CancellationToken;
use futures::future::BoxFuture;
use futures::stream::FuturesUnordered;
use futures::{Sink, Stream};
use tokio::io::{AsyncRead, AsyncWrite};
use tower_lsp::jsonrpc::{Request, Response};
use tower_lsp::ls_types::notification::{Notification, PublishDiagnostics};
use tower_lsp::ls_types::{PublishDiagnosticsParams, Uri};
use tower_lsp::{ClientSocket, ExitedError, LanguageServer, Loopback, LspService};

use super::frames::{Frames, Message};
use super::guarded::{Begun, Guarded};
use super::outgoing::Pending;
use super::writer::{Notice, Writer};

/// How many messages are entered before the server looks at what it has to say; a bound only for a client
/// that never stops writing.
const BURST: usize = 256;

/// Computes a document's diagnostics; `None` where there is nothing to say.
pub(crate) type Publisher = Box<dyn FnMut(&Uri) -> Option<PublishDiagnosticsParams> + Send>;

type Requests = <ClientSocket as Loopback>::RequestStream;
type Answers = <ClientSocket as Loopback>::ResponseSink;

/// A connection while it lasts.
pub(crate) struct Connection<S: LanguageServer, R, W> {
    frames: Frames<R>,
    writer: Writer<W>,
    service: Guarded<LspService<S>>,
    handlers: FuturesUnordered<BoxFuture<'static, Option<Response>>>,
    requests: Requests,
    answers: Answers,
    pending: Pending,
    publisher: Publisher,
    /// Cancelled when the input ends, so that work that nobody waits for any more can be ended.
    input_ended: CancellationToken,
}

impl<S, R, W> Connection<S, R, W>
where
    S: LanguageServer,
    R: AsyncRead + Unpin,
    W: AsyncWrite + Unpin,
{
    /// A connection over `input` and `output`.
    pub(crate) fn new(
        (input, output): (R, W),
        (service, socket): (LspService<S>, ClientSocket),
        (pending, publisher): (Pending, Publisher),
        input_ended: CancellationToken,
    ) -> Self {
        let (requests, answers) = socket.split();
        Self {
            frames: Frames::new(input),
            writer: Writer::new(output),
            service: Guarded::new(service),
            handlers: FuturesUnordered::new(),
            requests,
            answers,
            pending,
            publisher,
            input_ended,
        }
    }

    /// Serves until the client says exit, or its input ended and all it asked is answered.
    pub(crate) async fn serve(mut self) {
        poll_fn(|cx| self.poll(cx)).await;
        if let Err(error) = poll_fn(|cx| self.writer.poll_flush(cx)).await {
            tracing::debug!(%error, "the client took not all of the last messages");
        }
    }

    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        if self.read(cx).is_ready() {
            return Poll::Ready(());
        }
        while let Poll::Ready(Some(answer)) = Pin::new(&mut self.handlers).poll_next(cx) {
            self.push(answer);
        }
        while let Poll::Ready(Some(notification)) = self.pending.poll_notification(cx) {
            self.writer.push(&notification);
        }
        while let Poll::Ready(Some(request)) = Pin::new(&mut self.requests).poll_next(cx) {
            self.writer.push(&request);
        }
        loop {
            if let Poll::Ready(Err(error)) = self.writer.poll_flush(cx) {
                tracing::warn!(%error, "the client cannot be written to");
                return Poll::Ready(());
            }
            if !self.writer.is_clear() {
                break;
            }
            let Poll::Ready(uri) = self.pending.poll_changed(cx) else { break };
            self.publish(&uri);
        }
        if self.input_ended.is_cancelled() && self.handlers.is_empty() {
            Poll::Ready(())
        } else {
            Poll::Pending
        }
    }

    /// Enters all messages that have arrived; ready when the client said exit.
    fn read(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        if self.input_ended.is_cancelled() {
            return Poll::Pending;
        }
        for _ in 0..BURST {
            match self.frames.poll_next(cx) {
                Poll::Ready(Some(Message::Request(request))) => {
                    let exit = request.method() == "exit";
                    self.begin(request);
                    if exit {
                        return Poll::Ready(());
                    }
                }
                Poll::Ready(Some(Message::Response(response))) => self.take_answer(response),
                Poll::Ready(Some(Message::Unreadable(refusal))) => self.push(Some(refusal)),
                Poll::Ready(None) => {
                    self.input_ended.cancel();
                    return Poll::Pending;
                }
                Poll::Pending => return Poll::Pending,
            }
        }
        cx.waker().wake_by_ref();
        Poll::Pending
    }

    fn begin(&mut self, request: Request) {
        match self.service.begin(request) {
            Begun::Done(answer) => self.push(answer),
            Begun::Waiting(handler) => self.handlers.push(handler),
        }
    }

    fn take_answer(&mut self, response: Response) {
        // The sink only enters the answer into a table; it is always ready.
        let taken: Result<(), ExitedError> = Pin::new(&mut self.answers).start_send(response);
        if taken.is_err() {
            tracing::debug!("an answer came after the end");
        }
    }

    fn publish(&mut self, uri: &Uri) {
        let publisher = &mut self.publisher;
        match catch_unwind(AssertUnwindSafe(|| publisher(uri))) {
            Ok(Some(params)) => self.writer.push(&Notice::new(PublishDiagnostics::METHOD, &params)),
            Ok(None) => {}
            Err(_) => tracing::error!(uri = uri.as_str(), "checking a document failed; the server goes on"),
        }
    }

    fn push(&mut self, answer: Option<Response>) {
        if let Some(answer) = answer {
            self.writer.push(&answer);
        }
    }
}

#[cfg(test)]
mod tests;
