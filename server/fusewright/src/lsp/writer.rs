//! Messages on their way to the client.
//!
//! A client may write many messages before it reads one. If the server then waited for room to write, it
//! would stop reading, and both would wait for each other for ever. So what the client has not yet read is
//! kept here, up to a limit beyond which the client counts as gone.

use std::io::{self, Write};
use std::pin::Pin;
use std::task::{Context, Poll};

use serde::Serialize;
use tokio::io::AsyncWrite;

/// The most that is kept for a client that does not read.
const LIMIT: usize = 256 * 1024 * 1024;

/// Writes to `output` as fast as it takes it, and keeps the rest.
#[derive(Debug)]
pub(crate) struct Writer<W> {
    output: W,
    waiting: Vec<u8>,
    /// How much of `waiting` is already written.
    written: usize,
    limit: usize,
}

/// A notification as it is sent.
#[derive(Debug, Serialize)]
pub(crate) struct Notice<'a, P> {
    jsonrpc: &'static str,
    method: &'a str,
    params: &'a P,
}

impl<'a, P> Notice<'a, P> {
    /// A notification with its parameters.
    pub(crate) fn new(method: &'a str, params: &'a P) -> Self {
        Self { jsonrpc: "2.0", method, params }
    }
}

impl<W: AsyncWrite + Unpin> Writer<W> {
    /// Writes to `output`.
    pub(crate) fn new(output: W) -> Self {
        Self { output, waiting: Vec::new(), written: 0, limit: LIMIT }
    }

    /// Takes a message; it is written with the next [`Writer::poll_flush`].
    pub(crate) fn push(&mut self, message: &impl Serialize) {
        match serde_json::to_vec(message) {
            Ok(body) => {
                // Writing to a vector does not fail.
                let _ = write!(self.waiting, "Content-Length: {}\r\n\r\n", body.len());
                self.waiting.extend_from_slice(&body);
            }
            Err(error) => tracing::error!(%error, "a message could not be written"),
        }
    }

    /// Whether the client has taken everything.
    pub(crate) fn is_clear(&self) -> bool {
        self.waiting.len() == self.written
    }

    /// Writes as much as the client takes; ready when that is everything.
    pub(crate) fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        while self.written < self.waiting.len() {
            match Pin::new(&mut self.output).poll_write(cx, &self.waiting[self.written..]) {
                Poll::Ready(Ok(0)) => return Poll::Ready(Err(io::ErrorKind::WriteZero.into())),
                Poll::Ready(Ok(count)) => self.written += count,
                Poll::Ready(Err(error)) => return Poll::Ready(Err(error)),
                Poll::Pending => return self.wait(),
            }
        }
        // A burst should not hold its memory for ever.
        if self.waiting.capacity() > 1024 * 1024 {
            self.waiting = Vec::new();
        }
        self.waiting.clear();
        self.written = 0;
        Pin::new(&mut self.output).poll_flush(cx)
    }

    fn wait(&mut self) -> Poll<io::Result<()>> {
        if self.written > self.waiting.len() / 2 {
            self.waiting.drain(..self.written);
            self.written = 0;
        }
        if self.waiting.len() - self.written > self.limit {
            return Poll::Ready(Err(io::Error::other("the client does not read what it is sent")));
        }
        Poll::Pending
    }
}

#[cfg(test)]
mod tests {
    use std::future::poll_fn;

    use futures::FutureExt;
    use tokio::io::AsyncReadExt;

    use super::*;

    #[tokio::test]
    async fn takes_more_than_the_reader_has_room_for() {
        let (mut reader, output) = tokio::io::duplex(16);
        let mut writer = Writer::new(output);
        for _ in 0..1000 {
            writer.push(&Notice::new("method", &"parameters"));
        }
        assert!(poll_fn(|cx| writer.poll_flush(cx)).now_or_never().is_none());
        assert!(!writer.is_clear());
        let reading = tokio::spawn(async move {
            let mut got = String::new();
            reader.read_to_string(&mut got).await.map(|_| got)
        });
        poll_fn(|cx| writer.poll_flush(cx)).await.unwrap();
        assert!(writer.is_clear());
        drop(writer);
        let one =
            "Content-Length: 57\r\n\r\n{\"jsonrpc\":\"2.0\",\"method\":\"method\",\"params\":\"parameters\"}";
        assert!(reading.await.unwrap().unwrap() == one.repeat(1000), "each message whole, in order");
    }

    #[tokio::test]
    async fn a_client_that_never_reads_is_given_up() {
        let (_reader, output) = tokio::io::duplex(4);
        let mut writer = Writer::new(output);
        writer.limit = 100;
        writer.push(&Notice::new("method", &"parameters"));
        assert!(poll_fn(|cx| writer.poll_flush(cx)).now_or_never().is_none());
        writer.push(&Notice::new("method", &"parameters"));
        let error = poll_fn(|cx| writer.poll_flush(cx)).await.unwrap_err();
        assert_eq!(error.to_string(), "the client does not read what it is sent");
    }
}
