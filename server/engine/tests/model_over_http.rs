//! Models over HTTP, against a server on loopback that behaves as real ones do: it streams, stalls, cuts, refuses,
//! is overloaded, and says too much.

#![allow(clippy::unwrap_used, reason = "helpers of tests stand outside of test functions")]

use std::sync::{Arc, Mutex};
use std::time::Duration;

use fusewright_engine::config::{ModelSettings, Provider};
use fusewright_engine::model::{Completion, Limits, Listener, Model, ModelError, Prompt, Role, Turn, Usage};
use fusewright_engine::progress::CancellationToken;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

const KEY: &str = "sk-planted-0123456789";

/// One thing that the simulated endpoint does with a connection.
#[derive(Clone)]
enum Act {
    Send(String),
    Wait(u64),
    /// Closes the connection without the end of the chunked body.
    Cut,
    /// Waits until the client closes the connection, and notes it.
    AwaitClose,
}

/// A server whose n-th connection follows the n-th script; the last script serves the rest, too.
struct SimulatedEndpoint {
    address: String,
    requests: Arc<Mutex<Vec<String>>>,
    closed: Arc<tokio::sync::Notify>,
}

impl SimulatedEndpoint {
    async fn start(scripts: Vec<Vec<Act>>) -> Self {
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

    fn request(&self, number: usize) -> String {
        self.requests.lock().unwrap()[number].clone()
    }

    fn count(&self) -> usize {
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

fn head(status: &str, extra: &str) -> Act {
    Act::Send(format!(
        "HTTP/1.1 {status}\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n{extra}\r\n"
    ))
}

fn chunk(text: &str) -> Act {
    Act::Send(format!("{:x}\r\n{text}\r\n", text.len()))
}

fn piece(text: &str) -> Act {
    chunk(&format!("data: {}\n\n", serde_json::json!({"choices": [{"delta": {"content": text}}]})))
}

fn stop() -> Act {
    chunk("data: {\"choices\":[{\"delta\":{},\"finish_reason\":\"stop\"}]}\n\ndata: [DONE]\n\n")
}

fn end() -> Act {
    Act::Send("0\r\n\r\n".to_owned())
}

fn refusal(status: &str, extra: &str, body: &str) -> Vec<Act> {
    vec![Act::Send(format!(
        "HTTP/1.1 {status}\r\ncontent-type: application/json\r\ncontent-length: {}\r\n{extra}\r\n{body}",
        body.len()
    ))]
}

fn good() -> Vec<Act> {
    vec![head("200 OK", ""), piece("im"), piece("port"), stop(), end()]
}

fn limits() -> Limits {
    Limits {
        connect: Duration::from_secs(2),
        first: Duration::from_millis(400),
        silence: Duration::from_millis(200),
    }
}

fn settings(provider: Provider, base_url: &str) -> ModelSettings {
    ModelSettings {
        provider,
        base_url: Some(base_url.to_owned()),
        model: Some("coder".to_owned()),
        temperature: Some(0.5),
        max_tokens: Some(100),
        ..ModelSettings::default()
    }
}

#[derive(Default)]
struct Heard {
    text: Mutex<String>,
    waits: Mutex<Vec<String>>,
}

impl Listener for Heard {
    fn text(&self, piece: &str) {
        self.text.lock().unwrap().push_str(piece);
    }
    fn waiting(&self, why: &str) {
        self.waits.lock().unwrap().push(why.to_owned());
    }
}

fn model(settings: &ModelSettings) -> Model {
    let variable = |name: &str| {
        (name == "OPENAI_API_KEY" || name == "ANTHROPIC_API_KEY" || name == "TEAM").then(|| KEY.to_owned())
    };
    Model::of(settings, std::path::Path::new("/"), limits(), &variable).unwrap().unwrap()
}

async fn ask(settings: &ModelSettings, heard: &Heard) -> Result<Completion, ModelError> {
    let turns = vec![Turn { role: Role::User, text: "scale".to_owned() }];
    let prompt = Prompt { system: "write".to_owned(), turns, ..Prompt::default() };
    model(settings).complete(&prompt, heard, &CancellationToken::new()).await
}

async fn openai(scripts: Vec<Vec<Act>>) -> (Result<Completion, ModelError>, Heard, SimulatedEndpoint) {
    let server = SimulatedEndpoint::start(scripts).await;
    let heard = Heard::default();
    let answer = ask(&settings(Provider::Openai, &server.address), &heard).await;
    (answer, heard, server)
}

fn body(request: &str) -> serde_json::Value {
    serde_json::from_str(request.split_once("\r\n\r\n").unwrap().1).unwrap()
}

#[tokio::test]
async fn a_stream_is_heard_as_it_comes() {
    let (answer, heard, server) = openai(vec![good()]).await;
    assert_eq!(answer.unwrap().text, "import");
    assert_eq!(*heard.text.lock().unwrap(), "import");
    let request = server.request(0);
    assert!(request.starts_with("POST /v1/chat/completions "), "{request}");
    assert!(request.contains(&format!("authorization: Bearer {KEY}")));
    assert_eq!(
        body(&request),
        serde_json::json!({
            "model": "coder", "stream": true, "stream_options": {"include_usage": true},
            "messages": [{"role": "system", "content": "write"}, {"role": "user", "content": "scale"}],
            "max_tokens": 100, "temperature": 0.5,
        })
    );
}

#[tokio::test]
async fn anthropics_protocol_is_spoken() {
    let events = [
        r#"{"type":"message_start","message":{"usage":{"input_tokens":3,"output_tokens":1}}}"#,
        r#"{"type":"content_block_delta","delta":{"type":"text_delta","text":"code"}}"#,
        r#"{"type":"message_delta","delta":{"stop_reason":"end_turn"},"usage":{"output_tokens":4}}"#,
        r#"{"type":"message_stop"}"#,
    ];
    let mut script = vec![head("200 OK", "")];
    script.extend(events.map(|event| chunk(&format!("event: x\ndata: {event}\n\n"))));
    let server = SimulatedEndpoint::start(vec![script]).await;
    let settings = settings(Provider::Anthropic, &server.address);
    let answer = ask(&settings, &Heard::default()).await.unwrap();
    assert_eq!(
        (answer.text.as_str(), answer.usage),
        ("code", Some(Usage { prompt: 3, answer: 4, cost: None }))
    );
    let request = server.request(0);
    assert!(request.starts_with("POST /v1/messages "), "{request}");
    assert!(request.contains(&format!("x-api-key: {KEY}")) && request.contains("anthropic-version: "));
    assert_eq!(body(&request)["system"], "write");
}

#[tokio::test]
async fn an_answer_in_one_piece_is_taken() {
    let whole = r#"{"choices":[{"message":{"content":"code"},"finish_reason":"stop"}]}"#;
    let (answer, heard, _) = openai(vec![refusal("200 OK", "", whole)]).await;
    assert_eq!(answer.unwrap().text, "code");
    assert_eq!(*heard.text.lock().unwrap(), "code");
}

#[tokio::test]
async fn a_busy_endpoint_is_asked_again_when_it_says() {
    let busy =
        refusal("429 Too Many Requests", "retry-after: 0.2\r\n", r#"{"error":{"message":"slow down"}}"#);
    let overloaded = vec![
        head("200 OK", ""),
        chunk("data: {\"error\":{\"type\":\"overloaded_error\",\"message\":\"later\"}}\n\n"),
    ];
    let started = std::time::Instant::now();
    let (answer, heard, server) = openai(vec![busy, overloaded, good()]).await;
    assert_eq!(answer.unwrap().text, "import");
    assert!(started.elapsed() >= Duration::from_millis(200), "the wait that was asked for was not kept");
    assert_eq!(server.count(), 3);
    let waits = heard.waits.into_inner().unwrap();
    assert!(waits[0].contains("slow down") && waits[0].contains("asking again in 0.2 s"), "{waits:?}");
    assert!(waits[1].contains("status 529"), "{waits:?}");
}

#[tokio::test]
async fn a_long_wait_is_the_users_to_know() {
    let busy = refusal("429 Too Many Requests", "retry-after: 3600\r\n", "{}");
    let (answer, _, server) = openai(vec![busy]).await;
    let error = answer.unwrap_err().to_string();
    assert!(error.ends_with("it asks to be left alone for 3600 s: ask again then"), "{error}");
    assert_eq!(server.count(), 1);
}

#[tokio::test]
async fn a_field_that_a_server_does_not_know_is_left_out() {
    let unknown = |field: &str| {
        refusal(
            "400 Bad Request",
            "",
            &format!(r#"{{"error":{{"message":"Unsupported parameter: {field}"}}}}"#),
        )
    };
    let scripts = vec![unknown("stream_options"), unknown("max_tokens"), unknown("temperature"), good()];
    let (answer, _, server) = openai(scripts).await;
    assert_eq!(answer.unwrap().text, "import");
    assert_eq!(
        body(&server.request(3)),
        serde_json::json!({
            "model": "coder", "stream": true, "max_completion_tokens": 100,
            "messages": [{"role": "system", "content": "write"}, {"role": "user", "content": "scale"}],
        })
    );
}

#[tokio::test]
async fn a_cut_stream_is_an_error_and_never_an_answer() {
    let tail = [vec![Act::Cut], vec![end()]];
    for tail in tail {
        let mut script = vec![head("200 OK", ""), piece("def half"), Act::Wait(20)];
        script.extend(tail);
        let (answer, _, server) = openai(vec![script]).await;
        let error = answer.unwrap_err();
        assert!(matches!(error, ModelError::Cut { characters: 8, .. }), "{error}");
        assert_eq!(server.count(), 1, "what was heard is not asked for again");
    }
}

#[tokio::test]
async fn each_fault_has_its_own_sentence() {
    let truncated = chunk("data: {\"choices\":[{\"delta\":{},\"finish_reason\":\"length\"}]}\n\n");
    let long = piece(&"x".repeat(3 << 20));
    let endless = std::iter::once(head("200 OK", "")).chain(vec![piece(&"x".repeat(100_000)); 40]).collect();
    let cases = [
        vec![head("200 OK", ""), piece("a"), truncated],
        vec![head("200 OK", ""), chunk("data: {nonsense\n\n")],
        vec![head("200 OK", ""), long],
        endless,
        vec![head("200 OK", ""), piece("a"), Act::AwaitClose],
        vec![Act::AwaitClose],
        refusal("404 Not Found", "", r#"{"error":{"message":"no model coder"}}"#),
        refusal("401 Unauthorized", "", &format!(r#"{{"error":{{"message":"bad key {KEY}"}}}}"#)),
        vec![head("200 OK", ""), chunk("data: {\"error\":{\"code\":400,\"message\":\"too long\"}}\n\n")],
    ];
    let mut said = Vec::new();
    for script in cases {
        let (answer, _, server) = openai(vec![script]).await;
        let host = server.address.trim_start_matches("http://").trim_end_matches("/v1").to_owned();
        said.push(answer.unwrap_err().to_string().replace(&host, "HOST"));
    }
    assert!(said.iter().all(|message| !message.contains(KEY)));
    insta::assert_snapshot!(said.join("\n"), @r"
    the answer stopped at the token limit: raise `[model] max_tokens`, or ask for less
    HOST sent an answer that does not follow its protocol: an event is no JSON (key must be a string at line 1 column 2)
    HOST sent far more text than a kernel takes: the answer was dropped
    HOST sent far more text than a kernel takes: the answer was dropped
    HOST sent nothing more for 0.2 s
    HOST sent no answer for 0.4 s
    HOST does not take the request (status 404): no model coder
    HOST refuses the key in $OPENAI_API_KEY (401): bad key (the key)
    HOST does not take the request (status 400): too long
    ");
}

#[tokio::test]
async fn cancelling_closes_the_connection() {
    let script = vec![head("200 OK", ""), piece("a"), Act::AwaitClose];
    let server = SimulatedEndpoint::start(vec![script]).await;
    let mut limits = limits();
    limits.silence = Duration::from_mins(1);
    let model =
        Model::of(&settings(Provider::Openai, &server.address), std::path::Path::new("/"), limits, &|_| None)
            .unwrap()
            .unwrap();
    let (cancel, heard, prompt) = (CancellationToken::new(), Heard::default(), Prompt::default());
    let watch = async {
        while heard.text.lock().unwrap().is_empty() {
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
        cancel.cancel();
    };
    let (answer, ()) = tokio::join!(model.complete(&prompt, &heard, &cancel), watch);
    assert!(matches!(answer, Err(ModelError::Cancelled)));
    let closed = tokio::time::timeout(Duration::from_secs(5), server.closed.notified()).await;
    assert!(closed.is_ok(), "the server still has its client");
}

#[tokio::test]
async fn own_headers_are_sent_and_secrets_looked_up() {
    let server = SimulatedEndpoint::start(vec![good()]).await;
    let mut settings = settings(Provider::Openai, &server.address);
    settings.headers =
        [("x-team", "kernels"), ("api-key", "$TEAM")].map(|(a, b)| (a.to_owned(), b.to_owned())).into();
    ask(&settings, &Heard::default()).await.unwrap();
    let request = server.request(0);
    assert!(request.contains("x-team: kernels") && request.contains(&format!("api-key: {KEY}")), "{request}");

    settings.headers = [("api-key".to_owned(), "$MISSING".to_owned())].into();
    let error = Model::of(&settings, std::path::Path::new("/"), limits(), &|_| None).unwrap_err();
    assert_eq!(error.to_string(), "the header `api-key` of [model] cannot be sent: $MISSING is not set");
}
