//! A server on loopback that speaks as endpoints of models do, as its scripts say: it streams, stalls, cuts, refuses.

#![allow(dead_code, reason = "each test binary uses its own part")]
#![allow(clippy::unwrap_used, reason = "only tests use this")]

use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// One thing that the simulated endpoint does with a connection.
#[derive(Clone)]
pub(crate) enum Act {
    Send(String),
    /// The same for bytes that are no whole text.
    SendBytes(Vec<u8>),
    Wait(u64),
    /// Closes the connection without the end of the chunked body.
    Cut,
    /// Waits until the client closes the connection, and notes it.
    AwaitClose,
}

/// A server whose n-th connection follows the n-th script; the last script serves the rest, too.
pub(crate) struct SimulatedEndpoint {
    pub(crate) address: String,
    requests: Arc<Mutex<Vec<String>>>,
    pub(crate) closed: Arc<tokio::sync::Notify>,
}

impl SimulatedEndpoint {
    pub(crate) async fn start(scripts: Vec<Vec<Act>>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = format!("http://{}/v1", listener.local_addr().unwrap());
        let requests = Arc::new(Mutex::new(Vec::new()));
        let closed = Arc::new(tokio::sync::Notify::new());
        let (seen, gone) = (Arc::clone(&requests), Arc::clone(&closed));
        tokio::spawn(async move {
            let mut number = 0;
            while let Ok((stream, _)) = listener.accept().await {
                let script = scripts[number.min(scripts.len() - 1)].clone();
                number += 1;
                tokio::spawn(serve(stream, script, Arc::clone(&seen), Arc::clone(&gone)));
            }
        });
        Self { address, requests, closed }
    }

    /// The n-th request, from 0, head and body.
    pub(crate) fn request(&self, number: usize) -> String {
        self.requests.lock().unwrap()[number].clone()
    }

    /// How many came.
    pub(crate) fn count(&self) -> usize {
        self.requests.lock().unwrap().len()
    }
}

async fn serve(
    mut stream: TcpStream,
    script: Vec<Act>,
    seen: Arc<Mutex<Vec<String>>>,
    gone: Arc<tokio::sync::Notify>,
) {
    let request = read_request(&mut stream).await;
    seen.lock().unwrap().push(request);
    for act in script {
        match act {
            Act::Send(text) => {
                if stream.write_all(text.as_bytes()).await.is_err() {
                    return;
                }
            }
            Act::SendBytes(bytes) => {
                if stream.write_all(&bytes).await.is_err() {
                    return;
                }
            }
            Act::Wait(milliseconds) => tokio::time::sleep(Duration::from_millis(milliseconds)).await,
            Act::Cut => return,
            Act::AwaitClose => {
                let mut rest = [0; 64];
                while !matches!(stream.read(&mut rest).await, Ok(0) | Err(_)) {}
                gone.notify_one();
                return;
            }
        }
    }
}

async fn read_request(stream: &mut TcpStream) -> String {
    let mut bytes = Vec::new();
    loop {
        let text = String::from_utf8_lossy(&bytes).into_owned();
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let length = head
                .lines()
                .find_map(|line| line.to_ascii_lowercase().strip_prefix("content-length: ")?.parse().ok())
                .unwrap_or(0);
            if body.len() >= length {
                return text;
            }
        }
        if stream.read_buf(&mut bytes).await.unwrap_or(0) == 0 {
            return text;
        }
    }
}

pub(crate) fn head(status: &str, extra: &str) -> Act {
    Act::Send(format!(
        "HTTP/1.1 {status}\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n{extra}\r\n"
    ))
}

pub(crate) fn chunk(text: &str) -> Act {
    Act::Send(format!("{:x}\r\n{text}\r\n", text.len()))
}

pub(crate) fn piece(text: &str) -> Act {
    chunk(&format!("data: {}\n\n", serde_json::json!({"choices": [{"delta": {"content": text}}]})))
}

pub(crate) fn stop() -> Act {
    chunk("data: {\"choices\":[{\"delta\":{},\"finish_reason\":\"stop\"}]}\n\ndata: [DONE]\n\n")
}

pub(crate) fn end() -> Act {
    Act::Send("0\r\n\r\n".to_owned())
}

pub(crate) fn refusal(status: &str, extra: &str, body: &str) -> Vec<Act> {
    vec![Act::Send(format!(
        "HTTP/1.1 {status}\r\ncontent-type: application/json\r\ncontent-length: {}\r\n{extra}\r\n{body}",
        body.len()
    ))]
}

/// A whole answer as OpenAI's protocol streams it, in pieces of some words.
pub(crate) fn answer(text: &str) -> Vec<Act> {
    let words: Vec<&str> = text.split_inclusive(' ').collect();
    let mut script = vec![head("200 OK", "")];
    script.extend(words.chunks(4).map(|words| piece(&words.concat())));
    script.push(chunk("data: {\"choices\":[],\"usage\":{\"prompt_tokens\":812,\"completion_tokens\":412,\"cost\":0.0021}}\n\n"));
    script.extend([stop(), end()]);
    script
}

/// The body of a request.
pub(crate) fn body(request: &str) -> serde_json::Value {
    serde_json::from_str(request.split_once("\r\n\r\n").unwrap().1).unwrap()
}
