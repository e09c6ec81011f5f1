//! The faults that language servers have been measured to have, each against handlers made to provoke it.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream};
use tokio::sync::Notify;
use tower_lsp::Client;
use tower_lsp::jsonrpc::Result;
use tower_lsp::ls_types::{InitializeParams, InitializeResult, ProgressToken};

use super::*;
use crate::lsp::outgoing::{self, Outgoing};

/// Only ends a test that hangs.
const LIMIT: Duration = Duration::from_mins(1);

/// A server whose handlers behave badly.
struct Bad {
    client: Client,
    outgoing: Outgoing,
    entered: Arc<Mutex<Vec<u64>>>,
    never: Notify,
}

impl LanguageServer for Bad {
    async fn initialize(&self, _: InitializeParams) -> Result<InitializeResult> {
        Ok(InitializeResult::default())
    }

    async fn shutdown(&self) -> Result<()> {
        Ok(())
    }
}

#[allow(clippy::unused_async, reason = "the framework calls for futures")]
impl Bad {
    async fn enter_and_wait(&self, params: Value) {
        self.entered.lock().unwrap().push(params["version"].as_u64().unwrap_or_default());
        self.never.notified().await;
    }

    async fn entered(&self) -> Result<Vec<u64>> {
        Ok(self.entered.lock().unwrap().clone())
    }

    async fn wait_for_ever(&self) -> Result<()> {
        self.never.notified().await;
        Ok(())
    }

    async fn ask_the_client(&self) -> Result<bool> {
        Ok(self.client.create_work_done_progress(ProgressToken::Number(1)).await.is_ok())
    }

    async fn panic_at_once(&self) -> Result<()> {
        panic!("at once")
    }

    async fn panic_later(&self) -> Result<()> {
        tokio::task::yield_now().await;
        panic!("later")
    }

    async fn panic_in_notification(&self) {
        panic!("in a notification")
    }

    async fn publish(&self, params: Value) {
        self.outgoing.publish(&params["uri"].as_str().unwrap().parse().unwrap());
    }
}

/// The client's end.
struct Peer {
    stream: DuplexStream,
    buffer: Vec<u8>,
    serving: tokio::task::JoinHandle<()>,
}

impl Peer {
    async fn connect() -> Self {
        let (near, far) = tokio::io::duplex(1 << 16);
        let (input, output) = tokio::io::split(far);
        let (outgoing, pending) = outgoing::channel();
        let (service, socket) = LspService::build(|client| Bad {
            client,
            outgoing,
            entered: Arc::default(),
            never: Notify::new(),
        })
        .custom_method("test/enter", Bad::enter_and_wait)
        .custom_method("test/entered", Bad::entered)
        .custom_method("test/wait", Bad::wait_for_ever)
        .custom_method("test/ask", Bad::ask_the_client)
        .custom_method("test/panicAtOnce", Bad::panic_at_once)
        .custom_method("test/panicLater", Bad::panic_later)
        .custom_method("test/panicInNotification", Bad::panic_in_notification)
        .custom_method("test/publish", Bad::publish)
        .finish();
        let publisher = |uri: &Uri| {
            assert!(!uri.as_str().contains("bad"), "a check that fails");
            Some(PublishDiagnosticsParams::new(uri.clone(), Vec::new(), None))
        };
        let connection = Connection::new(
            (input, output),
            (service, socket),
            (pending, Box::new(publisher)),
            CancellationToken::new(),
        );
        let serving = tokio::spawn(connection.serve());
        let mut peer = Self { stream: near, buffer: Vec::new(), serving };
        peer.request(0, "initialize", json!({"capabilities": {}})).await;
        assert!(peer.next().await["result"].is_object());
        peer
    }

    async fn send(&mut self, message: Value) {
        let body = message.to_string();
        let frame = format!("Content-Length: {}\r\n\r\n{body}", body.len());
        self.stream.write_all(frame.as_bytes()).await.unwrap();
    }

    async fn request(&mut self, id: u64, method: &str, params: Value) {
        self.send(json!({"jsonrpc": "2.0", "id": id, "method": method, "params": params})).await;
    }

    async fn notify(&mut self, method: &str, params: Value) {
        self.send(json!({"jsonrpc": "2.0", "method": method, "params": params})).await;
    }

    async fn next(&mut self) -> Value {
        tokio::time::timeout(LIMIT, async {
            loop {
                if let Some(end) = memchr::memmem::find(&self.buffer, b"\r\n\r\n") {
                    let header = std::str::from_utf8(&self.buffer[..end]).unwrap();
                    let length: usize = header.strip_prefix("Content-Length: ").unwrap().parse().unwrap();
                    if self.buffer.len() >= end + 4 + length {
                        let message =
                            serde_json::from_slice(&self.buffer[end + 4..end + 4 + length]).unwrap();
                        self.buffer.drain(..end + 4 + length);
                        return message;
                    }
                }
                assert!(self.stream.read_buf(&mut self.buffer).await.unwrap() > 0, "the server ended");
            }
        })
        .await
        .expect("the server answers")
    }

    async fn finish(mut self) {
        self.request(99_999, "shutdown", Value::Null).await;
        assert_eq!(self.next().await["id"], 99_999, "nothing was left unread");
        self.notify("exit", Value::Null).await;
        tokio::time::timeout(LIMIT, self.serving).await.expect("the server ends at exit").unwrap();
    }
}

#[tokio::test]
async fn a_handler_that_waits_has_entered_its_change_before_the_next_message() {
    let mut peer = Peer::connect().await;
    for version in 1..=50 {
        peer.notify("test/enter", json!({"version": version})).await;
    }
    peer.request(1, "test/entered", Value::Null).await;
    assert_eq!(peer.next().await["result"], json!((1..=50).collect::<Vec<_>>()));
    peer.finish().await;
}

#[tokio::test]
async fn busy_handlers_do_not_keep_a_cancellation_from_being_read() {
    let mut peer = Peer::connect().await;
    for id in 1..=300 {
        peer.request(id, "test/wait", Value::Null).await;
    }
    peer.notify("$/cancelRequest", json!({"id": 250})).await;
    let answer = peer.next().await;
    assert_eq!((&answer["id"], &answer["error"]["code"]), (&json!(250), &json!(-32800)));
    peer.finish().await;
}

#[tokio::test]
async fn handlers_that_wait_for_the_client_do_not_keep_its_answers_from_being_read() {
    let mut peer = Peer::connect().await;
    for id in 1..=8 {
        peer.request(id, "test/ask", Value::Null).await;
    }
    // A full queue behind them.
    for id in 100..=400 {
        peer.request(id, "test/wait", Value::Null).await;
    }
    let mut asked = Vec::new();
    while asked.len() < 8 {
        let message = peer.next().await;
        assert_eq!(message["method"], "window/workDoneProgress/create");
        asked.push(message["id"].clone());
    }
    for id in asked {
        peer.send(json!({"jsonrpc": "2.0", "id": id, "result": null})).await;
    }
    let mut answered = Vec::new();
    while answered.len() < 8 {
        let message = peer.next().await;
        assert_eq!(message["result"], true);
        answered.push(message["id"].as_u64().unwrap());
    }
    answered.sort_unstable();
    assert_eq!(answered, (1..=8).collect::<Vec<_>>());
    peer.finish().await;
}

#[tokio::test]
async fn a_panic_is_answered_and_ends_nothing() {
    let mut peer = Peer::connect().await;
    peer.notify("test/panicInNotification", Value::Null).await;
    for (id, method, reason) in [(1, "test/panicAtOnce", "at once"), (2, "test/panicLater", "later")] {
        peer.request(id, method, Value::Null).await;
        let answer = peer.next().await;
        assert_eq!(answer["id"], id);
        assert_eq!(answer["error"]["code"], -32603);
        assert_eq!(
            answer["error"]["message"],
            format!("Fusewright failed at {method}: {reason}. This is a defect of Fusewright.")
        );
    }
    peer.request(3, "test/entered", Value::Null).await;
    assert_eq!(peer.next().await["result"], json!([]));
    peer.finish().await;
}

#[tokio::test]
async fn a_check_that_panics_does_not_stop_the_others() {
    let mut peer = Peer::connect().await;
    peer.notify("test/publish", json!({"uri": "file:///bad.py"})).await;
    peer.notify("test/publish", json!({"uri": "file:///good.py"})).await;
    assert_eq!(peer.next().await["params"]["uri"], "file:///good.py");
    peer.finish().await;
}

#[tokio::test]
async fn a_document_that_changed_often_is_checked_once() {
    let mut peer = Peer::connect().await;
    let one = |uri: &str| {
        let body = json!({"jsonrpc": "2.0", "method": "test/publish", "params": {"uri": uri}}).to_string();
        format!("Content-Length: {}\r\n\r\n{body}", body.len())
    };
    let together = one("file:///a.py").repeat(50) + &one("file:///b.py") + &one("file:///a.py").repeat(50);
    peer.stream.write_all(together.as_bytes()).await.unwrap();
    assert_eq!(peer.next().await["params"]["uri"], "file:///a.py");
    assert_eq!(peer.next().await["params"]["uri"], "file:///b.py");
    peer.finish().await;
}

#[tokio::test]
async fn the_end_of_the_input_ends_the_server_when_all_is_answered() {
    let Peer { mut stream, serving, .. } = Peer::connect().await;
    stream.shutdown().await.unwrap();
    tokio::time::timeout(LIMIT, serving).await.expect("it ends").unwrap();
}
