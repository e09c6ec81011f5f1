//! Models over HTTP, against a server on loopback that behaves as real ones do: it streams, stalls, cuts, refuses,
//! is overloaded, and says too much.

#![allow(clippy::unwrap_used, reason = "helpers of tests stand outside of test functions")]

use std::sync::Mutex;
use std::time::Duration;

use fusewright_engine::config::{ModelSettings, Provider};
use fusewright_engine::model::{Completion, Limits, Listener, Model, ModelError, Prompt, Role, Turn, Usage};
use fusewright_engine::progress::CancellationToken;
use simulated_endpoint::{Act, SimulatedEndpoint, body, chunk, end, head, piece, refusal, stop};

mod simulated_endpoint;

const KEY: &str = "sk-planted-0123456789";

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
    thoughts: Mutex<String>,
}

impl Listener for Heard {
    fn text(&self, piece: &str) {
        self.text.lock().unwrap().push_str(piece);
    }
    fn thinking(&self, piece: &str) {
        self.thoughts.lock().unwrap().push_str(piece);
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
async fn events_are_read_however_the_network_cuts_them() {
    let events = ": a comment\r\n\r\nevent: x\r\ndata: {\"choices\":[{\"delta\":{\"content\":\"# é\"}}]}\r\n\r\ndata: {\"choices\":[{\"delta\":{},\"finish_reason\":\"stop\"}]}\r\n\r\ndata: [DONE]\r\n\r\n";
    let script = |cut| {
        let (one, other) = events.as_bytes().split_at(cut);
        let part = |part: &[u8]| {
            Act::SendBytes([format!("{:x}\r\n", part.len()).as_bytes(), part, b"\r\n"].concat())
        };
        vec![head("200 OK", ""), part(one), part(other)]
    };
    let server = SimulatedEndpoint::start((1..events.len()).map(script).collect()).await;
    let model = model(&settings(Provider::Openai, &server.address));
    let (prompt, heard, cancel) = (Prompt::default(), Heard::default(), CancellationToken::new());
    for cut in 1..events.len() {
        let answer = model.complete(&prompt, &heard, &cancel).await;
        assert_eq!(answer.unwrap().text, "# é", "cut at {cut}");
    }
}

#[tokio::test]
async fn reasoning_is_no_part_of_the_answer() {
    let thought =
        |name: &str| chunk(&format!("data: {{\"choices\":[{{\"delta\":{{\"{name}\":\"hm\"}}}}]}}\n\n"));
    let script = vec![
        head("200 OK", ""),
        thought("reasoning_content"),
        thought("reasoning"),
        piece("code"),
        stop(),
        end(),
    ];
    let (answer, heard, _) = openai(vec![script]).await;
    assert_eq!(answer.unwrap().text, "code");
    assert_eq!(*heard.text.lock().unwrap(), "code");
    assert_eq!(*heard.thoughts.lock().unwrap(), "hmhm");
}

#[tokio::test]
async fn anthropics_faults_are_anthropics_own() {
    let overloaded = refusal(
        "529 Site Overloaded",
        "",
        r#"{"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}"#,
    );
    let event = |text: &str| chunk(&format!("event: x\ndata: {text}\n\n"));
    let start =
        || event(r#"{"type":"message_start","message":{"usage":{"input_tokens":3,"output_tokens":1}}}"#);
    let said = || event(r#"{"type":"content_block_delta","delta":{"type":"text_delta","text":"code"}}"#);
    let cut = vec![head("200 OK", ""), start(), said(), end()];
    let late = vec![
        head("200 OK", ""),
        start(),
        said(),
        event(r#"{"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}"#),
    ];
    let short = vec![
        head("200 OK", ""),
        start(),
        said(),
        event(r#"{"type":"message_delta","delta":{"stop_reason":"max_tokens"}}"#),
    ];
    let mut said = Vec::new();
    for scripts in [vec![overloaded, cut], vec![late], vec![short]] {
        let server = SimulatedEndpoint::start(scripts).await;
        let heard = Heard::default();
        let error =
            ask(&settings(Provider::Anthropic, &server.address), &heard).await.unwrap_err().to_string();
        let host = server.address.trim_start_matches("http://").trim_end_matches("/v1").to_owned();
        let waits = heard.waits.into_inner().unwrap();
        let waits = waits.iter().map(|wait| wait.split("; ").next().unwrap_or_default());
        said.extend(waits.map(str::to_owned).chain([error]).map(|line| line.replace(&host, "HOST")));
    }
    insta::assert_snapshot!(said.join("\n"), @r"
    HOST is busy (status 529): Overloaded
    HOST ended the stream after 4 characters, before the answer was whole
    HOST is busy (status 529): Overloaded; it broke off in the middle of its answer: ask again later
    the answer stopped at the token limit: raise `[model] max_tokens`, or ask for less
    ");
}

#[tokio::test]
async fn who_stays_ill_is_given_up() {
    let ill = refusal("503 Service Unavailable", "retry-after-ms: 1\r\n", "no JSON");
    let (answer, heard, server) = openai(vec![ill]).await;
    let error = answer.unwrap_err().to_string();
    assert!(error.contains("is busy (status 503)"), "{error}");
    assert_eq!(server.count(), heard.waits.lock().unwrap().len() + 1);
    assert!(server.count() > 2);
}

#[tokio::test]
async fn each_fault_has_its_own_sentence() {
    let truncated = chunk("data: {\"choices\":[{\"delta\":{},\"finish_reason\":\"length\"}]}\n\n");
    let long = piece(&"x".repeat(10 << 20));
    let endless = std::iter::once(head("200 OK", "")).chain(vec![piece(&"x".repeat(100_000)); 100]).collect();
    let whole = format!(
        r#"{{"choices":[{{"message":{{"content":"{}"}},"finish_reason":"stop"}}]}}"#,
        "x".repeat(10 << 20)
    );
    let cases = [
        vec![head("200 OK", ""), piece("a"), truncated],
        vec![head("200 OK", ""), chunk("data: {nonsense\n\n")],
        vec![head("200 OK", ""), long],
        endless,
        refusal("200 OK", "", &whole),
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
