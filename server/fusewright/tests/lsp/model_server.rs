//! A simulated endpoint on loopback that speaks OpenAI's protocol: it streams what the test has it stream.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::Duration;

use serde_json::{Value, json};

const LIMIT: Duration = Duration::from_mins(1);

/// The endpoint.
pub(crate) struct ModelServer {
    pub(crate) base_url: String,
    requests: Receiver<Asked>,
}

/// A request that is being answered.
pub(crate) struct Asked {
    pub(crate) headers: String,
    pub(crate) body: Value,
    stream: TcpStream,
}

impl ModelServer {
    pub(crate) fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let base_url = format!("http://{}/v1", listener.local_addr().unwrap());
        let (sender, requests) = channel();
        std::thread::spawn(move || serve(&listener, &sender));
        Self { base_url, requests }
    }

    /// The next request.
    pub(crate) fn asked(&self) -> Asked {
        self.requests.recv_timeout(LIMIT).expect("a request")
    }
}

fn serve(listener: &TcpListener, sender: &Sender<Asked>) {
    for stream in listener.incoming().map_while(Result::ok) {
        let mut reader = BufReader::new(stream.try_clone().unwrap());
        let mut headers = String::new();
        while !headers.ends_with("\r\n\r\n") {
            if reader.read_line(&mut headers).unwrap_or(0) == 0 {
                break;
            }
        }
        let length = headers.lines().find_map(|line| {
            let (name, value) = line.split_once(": ")?;
            name.eq_ignore_ascii_case("content-length").then(|| value.parse::<usize>().unwrap())
        });
        let mut body = vec![0; length.unwrap_or(0)];
        if reader.read_exact(&mut body).is_err() {
            continue;
        }
        let body = serde_json::from_slice(&body).unwrap_or(Value::Null);
        if sender.send(Asked { headers, body, stream }).is_err() {
            return;
        }
    }
}

impl Asked {
    /// Begins the stream.
    pub(crate) fn begin(&mut self) {
        self.write("HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\nconnection: close\r\n\r\n");
    }

    /// Sends a piece of the answer.
    pub(crate) fn piece(&mut self, text: &str) {
        let event = json!({"choices": [{"index": 0, "delta": {"content": text}}]});
        self.write(&format!("data: {event}\n\n"));
    }

    /// Ends the answer in order.
    pub(crate) fn end(mut self) {
        let event = json!({"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]});
        let usage = json!({"choices": [], "usage": {"prompt_tokens": 100, "completion_tokens": 40}});
        self.write(&format!("data: {event}\n\ndata: {usage}\n\ndata: [DONE]\n\n"));
    }

    /// Waits until the other side has closed the connection.
    pub(crate) fn wait_for_close(mut self) {
        self.stream.set_read_timeout(Some(LIMIT)).unwrap();
        let mut rest = Vec::new();
        match self.stream.read_to_end(&mut rest) {
            Ok(_) => {}
            Err(error) => assert_eq!(error.kind(), std::io::ErrorKind::ConnectionReset, "{error}"),
        }
    }

    fn write(&mut self, text: &str) {
        self.stream.write_all(text.as_bytes()).and_then(|()| self.stream.flush()).unwrap();
    }
}
