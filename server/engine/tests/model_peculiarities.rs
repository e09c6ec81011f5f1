//! What servers do beside the letter of their protocol, each on loopback: Ollama, vLLM, LM Studio, gateways, proxies.

#![allow(clippy::unwrap_used, reason = "helpers of tests stand outside of test functions")]

use std::io::Write;
use std::sync::Mutex;
use std::time::Duration;

use flate2::Compression;
use flate2::write::GzEncoder;
use fusewright_engine::config::{ModelSettings, Provider};
use fusewright_engine::model::{Completion, Limits, Listener, Model, ModelError, Prompt, Usage};
use fusewright_engine::progress::CancellationToken;
use serde_json::json;
use simulated_endpoint::{Act, SimulatedEndpoint, chunk, end, head, piece, refusal, stop};

mod simulated_endpoint;

const KEY: &str = "sk-planted-0123456789";

#[derive(Default)]
struct Thoughts(Mutex<String>);

impl Listener for Thoughts {
    fn text(&self, _piece: &str) {}
    fn thinking(&self, piece: &str) {
        self.0.lock().unwrap().push_str(piece);
    }
    fn waiting(&self, _why: &str) {}
}

fn settings(address: &str) -> ModelSettings {
    ModelSettings {
        provider: Provider::Openai,
        base_url: Some(address.to_owned()),
        model: Some("small-coder".to_owned()),
        ..ModelSettings::default()
    }
}

async fn ask_as(settings: &ModelSettings, key: Option<&str>) -> (Result<Completion, ModelError>, String) {
    let limits = Limits {
        connect: Duration::from_secs(2),
        first: Duration::from_millis(400),
        silence: Duration::from_millis(300),
    };
    let variable = |_: &str| key.map(str::to_owned);
    let model = Model::of(settings, std::path::Path::new("/"), limits, &variable).unwrap().unwrap();
    let thoughts = Thoughts::default();
    let answer = model.complete(&Prompt::default(), &thoughts, &CancellationToken::new()).await;
    (answer, thoughts.0.into_inner().unwrap())
}

async fn ask(script: Vec<Act>) -> (Result<Completion, ModelError>, String) {
    let server = SimulatedEndpoint::start(vec![script]).await;
    ask_as(&settings(&server.address), Some(KEY)).await
}

/// The error's sentence, the server's name taken out.
async fn said(scripts: Vec<Vec<Act>>, key: Option<&str>, change: impl Fn(&mut ModelSettings)) -> String {
    let server = SimulatedEndpoint::start(scripts).await;
    let mut settings = settings(&server.address);
    change(&mut settings);
    let (answer, _) = ask_as(&settings, key).await;
    let host = server.address.trim_start_matches("http://").trim_end_matches("/v1").to_owned();
    answer.unwrap_err().to_string().replace(&host, "HOST")
}

fn event(text: &str) -> Act {
    chunk(&format!("data: {text}\n\n"))
}

fn head_of(kind: &str) -> Act {
    Act::Send(format!("HTTP/1.1 200 OK\r\n{kind}\r\ntransfer-encoding: chunked\r\n\r\n"))
}

#[tokio::test]
async fn an_answer_is_whole_once_its_end_was_told() {
    let told = || event(r#"{"choices":[{"delta":{},"finish_reason":"stop"}]}"#);
    let usage = || event(r#"{"choices":[],"usage":{"prompt_tokens":7,"completion_tokens":2}}"#);
    // No `[DONE]`; no end of the connection either; a broken one; and token counts that come last of all.
    let ends = [
        vec![told(), end()],
        vec![told(), Act::AwaitClose],
        vec![told(), Act::Cut],
        vec![told(), Act::Wait(50), usage(), Act::AwaitClose],
    ];
    for (number, tail) in ends.into_iter().enumerate() {
        let mut script = vec![head("200 OK", ""), piece("code")];
        script.extend(tail);
        let answer = ask(script).await.0.unwrap();
        assert_eq!(answer.text, "code", "{number}");
        let counted = Some(Usage { prompt: 7, answer: 2, cost: None }).filter(|_| number == 3);
        assert_eq!(answer.usage, counted, "{number}");
    }
}

#[tokio::test]
async fn comments_keep_a_stream_alive_and_say_nothing() {
    let mut script = vec![head("200 OK", "")];
    for _ in 0..8 {
        script.extend([chunk(": PROCESSING\n\n"), Act::Wait(100)]);
    }
    script.extend([piece("co"), chunk(":\r\n\r\n"), piece("de"), stop(), end()]);
    assert_eq!(ask(script).await.0.unwrap().text, "code");
    // Without them the same wait is too long.
    let silent = vec![head("200 OK", ""), Act::Wait(800), piece("code"), stop(), end()];
    assert!(matches!(ask(silent).await.0, Err(ModelError::Silent { .. })));
}

#[tokio::test]
async fn content_may_come_in_parts_with_reasoning_between() {
    let parts = r#"{"choices":[{"delta":{"content":[{"type":"thinking","thinking":[{"type":"text","text":"hm"}]}]}}]}"#;
    let text =
        r#"{"choices":[{"delta":{"content":[{"type":"text","text":"code"}],"reasoning_content":null}}]}"#;
    let script = vec![head("200 OK", ""), event(parts), event(text), stop(), end()];
    let (answer, thoughts) = ask(script).await;
    assert_eq!((answer.unwrap().text.as_str(), thoughts.as_str()), ("code", "hm"));

    let whole =
        r#"{"choices":[{"message":{"content":[{"type":"text","text":"code"}]},"finish_reason":"stop"}]}"#;
    assert_eq!(ask(refusal("200 OK", "", whole)).await.0.unwrap().text, "code");
}

#[tokio::test]
async fn a_model_that_is_not_served_is_told_with_those_that_are() {
    let missing = refusal("404 Not Found", "", r#"{"error":"model 'small-coder' not found"}"#);
    let models = |names: &[&str]| {
        let data: Vec<_> = names.iter().map(|name| serde_json::json!({ "id": name })).collect();
        refusal("200 OK", "", &serde_json::json!({ "data": data }).to_string())
    };
    let bad = r#"{"object":"error","message":"The model `small-coder` does not exist.","code":400}"#;
    let many: Vec<String> = (0..12).map(|number| format!("m{number}")).collect();
    let many: Vec<&str> = many.iter().map(String::as_str).collect();
    let cases = [
        vec![missing.clone(), models(&["llama", "small-codex"])],
        vec![refusal("400 Bad Request", "", bad), models(&many)],
        vec![missing.clone(), models(&[])],
        // It does serve it, or does not tell: then its own words count.
        vec![missing.clone(), models(&["small-coder"])],
        vec![missing.clone(), refusal("404 Not Found", "", "")],
        vec![refusal("404 Not Found", "", r#"{"detail":"Not Found"}"#)],
    ];
    let mut sentences = Vec::new();
    for case in cases {
        sentences.push(said(case, Some(KEY), |_| {}).await);
    }
    let no_version = |settings: &mut ModelSettings| {
        settings.base_url = settings.base_url.take().map(|url| url.trim_end_matches("/v1").to_owned());
    };
    let page =
        vec![Act::Send("HTTP/1.1 404 Not Found\r\ncontent-length: 15\r\n\r\n404 page absent".to_owned())];
    sentences.push(said(vec![page], Some(KEY), no_version).await);
    insta::assert_snapshot!(sentences.join("\n"), @r"
    HOST has no model `small-coder`; it serves `small-codex`, `llama`
    HOST has no model `small-coder`; it serves `m0`, `m1`, `m2`, `m3`, `m4`, `m5`, `m6`, `m7` and 4 more
    HOST has no model `small-coder`; it serves none
    HOST does not take the request (status 404): model 'small-coder' not found
    HOST does not take the request (status 404): model 'small-coder' not found
    HOST does not take the request (status 404): Not Found; nothing is served there: is `base_url` right?
    HOST does not take the request (status 404): 404 page absent; nothing is served there: does `base_url` lack `/v1` at its end?
    ");
}

#[tokio::test]
async fn a_service_that_wants_a_key_is_not_asked_without_one() {
    let sentence = |provider, key: Option<&str>| {
        let settings = ModelSettings { provider, base_url: None, ..settings("") };
        let limits = Limits::default();
        let model =
            Model::of(&settings, std::path::Path::new("/"), limits, &|_: &str| key.map(str::to_owned));
        model.map(|_| ()).map_err(|error| error.to_string())
    };
    assert_eq!(
        sentence(Provider::Openai, None),
        Err("api.openai.com wants a key, and $OPENAI_API_KEY is not set".to_owned())
    );
    assert_eq!(
        sentence(Provider::Anthropic, Some(" ")),
        Err("api.anthropic.com wants a key, and $ANTHROPIC_API_KEY is not set".to_owned())
    );
    assert_eq!(sentence(Provider::Anthropic, Some(KEY)), Ok(()));
}

#[tokio::test]
async fn who_does_not_answer_is_told_with_what_to_look_at() {
    let nobody = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let (answer, _) = ask_as(&settings(&format!("http://{nobody}/v1")), None).await;
    assert_eq!(
        answer.unwrap_err().to_string().replace(&nobody.to_string(), "HOST"),
        "HOST cannot be reached: Connection refused; it was tried 4 times: does it run, and is `[model] base_url` right?"
    );
}

#[tokio::test]
async fn keys_are_told_by_their_variables() {
    let refused = || refusal("401 Unauthorized", "", r#"{"detail":"Invalid key"}"#);
    let named = |settings: &mut ModelSettings| settings.api_key_env = Some("TEAM_KEY".to_owned());
    let sentences = [
        said(vec![refused()], Some(KEY), |_| {}).await,
        said(vec![refused()], Some(KEY), named).await,
        said(vec![refused()], None, named).await,
        said(vec![refusal("403 Forbidden", "", "{}")], Some(KEY), |_| {}).await,
    ];
    insta::assert_snapshot!(sentences.join("\n"), @r"
    HOST refuses the key in $OPENAI_API_KEY (401): Invalid key
    HOST refuses the key in $TEAM_KEY (401): Invalid key
    HOST wants a key, and $TEAM_KEY is not set
    HOST refuses the key in $OPENAI_API_KEY (403)
    ");
}

#[tokio::test]
async fn what_is_no_answer_is_told_as_what_it_is() {
    let page = |kind: &str, text: &str| vec![head_of(&format!("content-type: {kind}")), chunk(text), end()];
    let packed =
        vec![head_of("content-type: text/event-stream\r\ncontent-encoding: br"), chunk("\u{1f}"), end()];
    let stream = |text: &str| vec![head("200 OK", ""), piece("half"), event(text)];
    let cases = [
        page("text/html; charset=utf-8", "<html>Sign in</html>"),
        page("application/x-ndjson", "{\"message\":{\"content\":\"code\"},\"done\":true}\n"),
        packed,
        stream(r#"{"object":"error","message":"out of memory","code":400}"#),
        stream(r#"{"choices":[{"delta":{},"finish_reason":"error"}]}"#),
        stream(r#"{"choices":[{"delta":{"refusal":"I will not."}}]}"#),
        refusal("200 OK", "", r#"{"choices":[{"message":{"content":null,"refusal":"I will not."}}]}"#),
        refusal("200 OK", "", r#"{"choices":[{"message":{"content":"half"},"finish_reason":"length"}]}"#),
        refusal("422 Unprocessable Entity", "", r#"{"detail":[{"loc":["body"],"msg":"field required"}]}"#),
        vec![Act::Send("HTTP/1.1 400 Bad Request\r\ncontent-length: 8\r\n\r\ntoo long".to_owned())],
        vec![Act::Send("HTTP/1.1 400 Bad Request\r\ncontent-length: 6\r\n\r\n<html>".to_owned())],
    ];
    let mut sentences = Vec::new();
    for case in cases {
        sentences.push(said(vec![case], Some(KEY), |_| {}).await);
    }
    insta::assert_snapshot!(sentences.join("\n"), @r"
    HOST sent an answer that does not follow its protocol: it is text/html; is `[model] base_url` right?
    HOST sent an answer that does not follow its protocol: it is application/x-ndjson; is `[model] base_url` right?
    HOST sent an answer that does not follow its protocol: it is packed (br), which nobody asked for
    HOST does not take the request (status 400): out of memory
    HOST is busy (status 502); it broke off in the middle of its answer: ask again later
    the model declines to answer: I will not.
    the model declines to answer: I will not.
    the answer stopped at the token limit: raise `[model] max_tokens`, or ask for less
    HOST does not take the request (status 422): field required
    HOST does not take the request (status 400): too long
    HOST does not take the request (status 400)
    ");
}

#[tokio::test]
async fn nobody_is_followed_elsewhere_with_the_key() {
    let elsewhere =
        SimulatedEndpoint::start(vec![vec![head("200 OK", ""), piece("code"), stop(), end()]]).await;
    let away = format!(
        "HTTP/1.1 307 Temporary Redirect\r\nlocation: {}\r\ncontent-length: 0\r\n\r\n",
        elsewhere.address
    );
    let error = said(vec![vec![Act::Send(away)]], Some(KEY), |_| {}).await;
    let place = &elsewhere.address;
    assert_eq!(
        error,
        format!(
            "HOST does not take the request (status 307): it redirects to {place}; name that address in `base_url`"
        )
    );
    assert_eq!(elsewhere.count(), 0);
}

#[tokio::test]
async fn a_packed_answer_is_not_asked_for() {
    let server = SimulatedEndpoint::start(vec![vec![head("200 OK", ""), piece("code"), stop(), end()]]).await;
    ask_as(&settings(&server.address), Some(KEY)).await.0.unwrap();
    assert!(server.request(0).contains("accept-encoding: identity"), "{}", server.request(0));
}

/// A chunk of a packed body: the text so far is whole for whoever unpacks it.
fn packed_chunk(packer: &mut GzEncoder<Vec<u8>>, text: &str) -> Act {
    packer.write_all(text.as_bytes()).unwrap();
    packer.flush().unwrap();
    let bytes = std::mem::take(packer.get_mut());
    Act::SendBytes([format!("{:x}\r\n", bytes.len()).as_bytes(), &bytes, b"\r\n"].concat())
}

fn packed_body(status: &str, text: &str) -> Vec<Act> {
    let mut packer = GzEncoder::new(Vec::new(), Compression::default());
    packer.write_all(text.as_bytes()).unwrap();
    let bytes = packer.finish().unwrap();
    let head = format!(
        "HTTP/1.1 {status}\r\ncontent-type: application/json\r\ncontent-encoding: gzip\r\ncontent-length: {}\r\n\r\n",
        bytes.len()
    );
    vec![Act::SendBytes([head.as_bytes(), &bytes].concat())]
}

#[tokio::test]
async fn a_gateway_that_packs_all_the_same_is_understood() {
    let event = |text: &str| format!("data: {}\n\n", json!({"choices": [{"delta": {"content": text}}]}));
    let last = "data: {\"choices\":[{\"delta\":{},\"finish_reason\":\"stop\"}]}\n\ndata: [DONE]\n\n";
    let packed_head = || head("200 OK", "content-encoding: gzip\r\n");
    let mut packer = GzEncoder::new(Vec::new(), Compression::default());
    // Each piece is heard as it comes: the whole takes longer than the limit on silence.
    let mut stream = vec![packed_head()];
    for piece in ["a ", "kernel ", "in ", "pieces"] {
        stream.extend([packed_chunk(&mut packer, &event(piece)), Act::Wait(120)]);
    }
    stream.extend([packed_chunk(&mut packer, last), end()]);
    assert_eq!(ask(stream).await.0.unwrap().text, "a kernel in pieces");

    let whole = r#"{"choices":[{"message":{"content":"all at once"},"finish_reason":"stop"}]}"#;
    assert_eq!(ask(packed_body("200 OK", whole)).await.0.unwrap().text, "all at once");

    let mut packer = GzEncoder::new(Vec::new(), Compression::default());
    let cut = vec![packed_head(), packed_chunk(&mut packer, &event("half")), Act::Cut];
    let refused = packed_body("401 Unauthorized", r#"{"error":{"message":"Incorrect key"}}"#);
    let mut sentences = Vec::new();
    for case in [cut, refused] {
        sentences.push(said(vec![case], Some(KEY), |_| {}).await);
    }
    insta::assert_snapshot!(sentences.join("\n"), @r"
    HOST ended the stream after 4 characters, before the answer was whole
    HOST refuses the key in $OPENAI_API_KEY (401): Incorrect key
    ");
}

#[tokio::test]
async fn what_unpacks_without_end_is_broken_off() {
    let mut packer = GzEncoder::new(Vec::new(), Compression::best());
    for _ in 0..64 {
        packer.write_all(&vec![b' '; 1 << 20]).unwrap();
    }
    let bytes = packer.finish().unwrap();
    assert!(bytes.len() < 100_000, "{}", bytes.len());
    let mut sentences = Vec::new();
    for kind in ["application/json", "text/event-stream"] {
        let head = format!(
            "HTTP/1.1 200 OK\r\ncontent-type: {kind}\r\ncontent-encoding: gzip\r\ncontent-length: {}\r\n\r\n",
            bytes.len()
        );
        let script = vec![Act::SendBytes([head.as_bytes(), &bytes].concat())];
        sentences.push(said(vec![script], Some(KEY), |_| {}).await);
    }
    insta::assert_snapshot!(sentences.join("\n"), @r"
    HOST sent far more text than a kernel takes: the answer was dropped
    HOST sent far more text than a kernel takes: the answer was dropped
    ");
}
