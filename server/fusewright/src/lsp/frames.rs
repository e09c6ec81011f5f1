//! The messages in a stream of bytes: a header with the length, then JSON.
//!
//! A message that cannot be read is answered with an error and skipped, as JSON-RPC wants it. The
//! framework's own reader ends the connection instead, and with it the user's session.

use std::pin::Pin;
use std::task::{Context, Poll};

use serde::Deserialize;
use serde_json::Value;
use tokio::io::{AsyncRead, ReadBuf};
use tower_lsp::jsonrpc::{Error, Id, Request, Response};

/// The longest message that is read.
const LONGEST: usize = 512 * 1024 * 1024;
/// The longest header that is read.
const LONGEST_HEADER: usize = 8 * 1024;
/// How much is read at a time.
const CHUNK: usize = 64 * 1024;

/// A message of the client's.
#[derive(Debug)]
pub(crate) enum Message {
    /// A request or a notification.
    Request(Request),
    /// The answer to a request of ours.
    Response(Response),
    /// Something that is neither, and the answer it gets.
    Unreadable(Response),
}

/// Reads messages.
#[derive(Debug)]
pub(crate) struct Frames<R> {
    input: R,
    buffer: Vec<u8>,
    /// How much of `buffer` was read; the rest is room.
    filled: usize,
    /// How much of that was taken already.
    taken: usize,
    /// How much of a message that is too long is still to be thrown away.
    skip: usize,
}

impl<R: AsyncRead + Unpin> Frames<R> {
    /// Reads from `input`.
    pub(crate) fn new(input: R) -> Self {
        Self { input, buffer: Vec::new(), filled: 0, taken: 0, skip: 0 }
    }

    /// The next message; `None` at the end of the input.
    pub(crate) fn poll_next(&mut self, cx: &mut Context<'_>) -> Poll<Option<Message>> {
        loop {
            if let Some(message) = self.take() {
                return Poll::Ready(Some(message));
            }
            match self.poll_fill(cx) {
                Poll::Ready(true) => {}
                Poll::Ready(false) => return Poll::Ready(None),
                Poll::Pending => return Poll::Pending,
            }
        }
    }

    /// Reads more; says whether there was any.
    fn poll_fill(&mut self, cx: &mut Context<'_>) -> Poll<bool> {
        if self.taken > 0 {
            self.buffer.copy_within(self.taken..self.filled, 0);
            self.filled -= self.taken;
            self.taken = 0;
            // A large document should not hold its memory twice for ever.
            if self.buffer.len() > 1024 * 1024 && self.filled < CHUNK {
                self.buffer.truncate(CHUNK);
                self.buffer.shrink_to_fit();
            }
        }
        if self.buffer.len() - self.filled < CHUNK / 2 {
            self.buffer.resize((self.buffer.len() * 2).max(CHUNK), 0);
        }
        let mut room = ReadBuf::new(&mut self.buffer[self.filled..]);
        let read = Pin::new(&mut self.input).poll_read(cx, &mut room);
        let count = room.filled().len();
        self.filled += count;
        match read {
            Poll::Ready(Ok(())) => Poll::Ready(count > 0),
            Poll::Ready(Err(error)) => {
                tracing::warn!(%error, "the input failed");
                Poll::Ready(false)
            }
            Poll::Pending => Poll::Pending,
        }
    }

    /// Takes one message out of the buffer, if a whole one is there.
    fn take(&mut self) -> Option<Message> {
        let skipped = self.skip.min(self.filled - self.taken);
        self.skip -= skipped;
        self.taken += skipped;
        let rest = &self.buffer[self.taken..self.filled];
        let Some(end) = memchr::memmem::find(rest, b"\r\n\r\n") else {
            if rest.len() > LONGEST_HEADER {
                self.taken = self.filled;
                return Some(unreadable("a header that does not end"));
            }
            return None;
        };
        let body = end + 4;
        let Some(length) = content_length(&rest[..end]) else {
            self.taken += body;
            return Some(unreadable("a header without Content-Length"));
        };
        if length > LONGEST {
            self.taken += body;
            self.skip = length;
            return Some(unreadable("a message of more than 512 MiB"));
        }
        let message = read(rest.get(body..body + length)?);
        self.taken += body + length;
        Some(message)
    }
}

fn content_length(header: &[u8]) -> Option<usize> {
    let fields = std::str::from_utf8(header).ok()?.split("\r\n").filter_map(|line| line.split_once(':'));
    let mut lengths = fields.filter(|(name, _)| name.trim().eq_ignore_ascii_case("Content-Length"));
    lengths.next()?.1.trim().parse().ok()
}

#[derive(Deserialize)]
#[serde(expecting = "a JSON-RPC message, and only one")]
struct Object {
    id: Option<Id>,
    method: Option<String>,
    params: Option<Value>,
    #[serde(default, deserialize_with = "present")]
    result: Option<Value>,
    error: Option<Error>,
}

/// A result that is there and `null` is not the same as none.
fn present<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Option<Value>, D::Error> {
    Value::deserialize(deserializer).map(Some)
}

fn read(body: &[u8]) -> Message {
    let object: Object = match serde_json::from_slice(body) {
        Ok(object) => object,
        Err(error) if error.is_data() => return refusal(Error::invalid_request(), &error.to_string()),
        Err(error) => return unreadable(&error.to_string()),
    };
    match object {
        Object { method: Some(method), id, params, .. } => {
            // lsp-mode hands over an empty object where the protocol knows nothing to hand over.
            let params = params.filter(|_| !matches!(&*method, "shutdown" | "exit"));
            let mut request = Request::build(method);
            if let Some(id) = id {
                request = request.id(id);
            }
            if let Some(params) = params {
                request = request.params(params);
            }
            Message::Request(request.finish())
        }
        Object { id: Some(id), error: Some(error), .. } => Message::Response(Response::from_error(id, error)),
        Object { id: Some(id), result: Some(result), .. } => Message::Response(Response::from_ok(id, result)),
        _ => refusal(Error::invalid_request(), "it is neither a request nor a response"),
    }
}

fn unreadable(reason: &str) -> Message {
    refusal(Error::parse_error(), reason)
}

fn refusal(mut error: Error, reason: &str) -> Message {
    tracing::warn!(reason, "a message of the client could not be read");
    error.message = format!("the message could not be read: {reason}").into();
    Message::Unreadable(Response::from_error(Id::Null, error))
}

#[cfg(test)]
mod tests {
    use std::future::poll_fn;

    use proptest::prelude::*;

    use super::*;

    async fn all(bytes: &[u8]) -> Vec<String> {
        let mut frames = Frames::new(bytes);
        let mut seen = Vec::new();
        while let Some(message) = poll_fn(|cx| frames.poll_next(cx)).await {
            seen.push(match message {
                Message::Request(request) => request.to_string(),
                Message::Response(response) => serde_json::to_string(&response).unwrap(),
                Message::Unreadable(response) => response.error().unwrap().message.to_string(),
            });
        }
        seen
    }

    fn frame(body: &str) -> String {
        format!("Content-Length: {}\r\n\r\n{body}", body.len())
    }

    #[tokio::test]
    async fn requests_notifications_and_answers_are_told_apart() {
        let bytes = [
            frame(r#"{"jsonrpc":"2.0","id":"a","method":"m","params":{"x":1}}"#),
            frame(r#"{"jsonrpc":"2.0","method":"n"}"#),
            frame(r#"{"jsonrpc":"2.0","id":1,"result":null}"#),
            frame(r#"{"jsonrpc":"2.0","id":2,"error":{"code":-32601,"message":"no"}}"#),
        ];
        insta::assert_debug_snapshot!(all(bytes.concat().as_bytes()).await);
    }

    #[tokio::test]
    async fn what_cannot_be_read_is_skipped() {
        let bytes = [
            frame(r#"{"jsonrpc"#),
            frame("[1]"),
            frame(r#"{"id":1}"#),
            "Content-Type: x\r\n\r\n".to_owned(),
            "content-length: 0\r\n\r\n".to_owned(),
            frame("\u{0}"),
            format!(
                "Content-Length: 26\r\nContent-Type: application/vscode-jsonrpc\r\n\r\n{}",
                r#"{"id":3,"method":"still"}  "#.get(..26).unwrap()
            ),
        ];
        insta::assert_debug_snapshot!(all(bytes.concat().as_bytes()).await);
    }

    #[tokio::test]
    async fn a_deep_message_is_refused() {
        let deep = format!(r#"{{"method":"m","params":{}1{}}}"#, "[".repeat(100_000), "]".repeat(100_000));
        let seen = all(frame(&deep).as_bytes()).await;
        assert!(seen[0].contains("recursion limit"), "{seen:?}");
    }

    proptest! {
        #[test]
        fn arbitrary_bytes_do_no_harm(bytes in prop::collection::vec(any::<u8>(), 0..200), cut in 0usize..60) {
            let mut stream = frame(r#"{"method":"first"}"#).into_bytes();
            stream.truncate(stream.len().min(cut + 1));
            stream.extend(bytes);
            futures::executor::block_on(all(&stream));
        }
    }
}
