//! What today's servers send, each in its own way: vLLM, `SGLang`, Ollama, LM Studio, llama.cpp, gateways, the services.

#![allow(clippy::unwrap_used, reason = "helpers of tests stand outside of test functions")]

use std::time::Duration;

use fusewright_engine::config::{ModelSettings, Provider};
use fusewright_engine::model::{
    AnswerError, Completion, Deaf, Instead, Limits, Model, ModelError, Prompt, Role, Turn,
};
use fusewright_engine::progress::CancellationToken;
use simulated_endpoint::{Act, SimulatedEndpoint, body, chunk, end, head, piece, refusal, stop};

mod simulated_endpoint;

fn settings(provider: Provider, address: &str) -> ModelSettings {
    ModelSettings {
        provider,
        base_url: Some(address.to_owned()),
        model: Some("coder".to_owned()),
        temperature: Some(0.5),
        max_tokens: Some(100),
        ..ModelSettings::default()
    }
}

fn model(settings: &ModelSettings) -> Model {
    let limits = Limits {
        connect: Duration::from_secs(2),
        first: Duration::from_secs(5),
        silence: Duration::from_secs(5),
    };
    let key = |_: &str| Some("sk-planted-0123456789".to_owned());
    Model::of(settings, std::path::Path::new("/"), limits, &key).unwrap().unwrap()
}

async fn complete(model: &Model) -> Result<Completion, ModelError> {
    let turns = vec![Turn { role: Role::User, text: "scale".to_owned() }];
    let prompt = Prompt { system: "write\n".to_owned(), turns, ..Prompt::default() };
    model.complete(&prompt, &Deaf, &CancellationToken::new()).await
}

async fn ask(provider: Provider, script: Vec<Act>) -> Result<Completion, ModelError> {
    let server = SimulatedEndpoint::start(vec![script]).await;
    complete(&model(&settings(provider, &server.address))).await
}

/// The stream of these events' data, by OpenAI's protocol, to its end.
async fn stream(events: &[&str]) -> Result<Completion, ModelError> {
    let mut script = vec![head("200 OK", "")];
    script.extend(events.iter().map(|data| chunk(&format!("data: {data}\n\n"))));
    script.push(end());
    ask(Provider::Openai, script).await
}

/// The error's sentence, the server's name taken out.
fn sentence(answer: Result<Completion, ModelError>) -> String {
    let text = answer.unwrap_err().to_string();
    text.split(' ')
        .map(|word| if word.starts_with("127.0.0.1:") { "HOST" } else { word })
        .collect::<Vec<_>>()
        .join(" ")
}

#[tokio::test]
async fn an_empty_reason_is_no_end() {
    let said = r#"{"choices":[{"delta":{"content":"co"},"finish_reason":""}]}"#;
    let more = r#"{"choices":[{"delta":{"content":"de"},"finish_reason":""}],"error":{}}"#;
    let last = r#"{"choices":[{"delta":{},"finish_reason":"STOP"}]}"#;
    assert_eq!(stream(&[said, more, last]).await.unwrap().text, "code");
    // Cut after pieces that named an empty reason: no answer.
    assert!(matches!(stream(&[said, more]).await, Err(ModelError::Cut { characters: 4, .. })));
}

#[tokio::test]
async fn each_reason_for_an_end_means_what_it_says() {
    let ended = async |reason: &str| {
        let last = format!(r#"{{"choices":[{{"delta":{{}},"finish_reason":"{reason}"}}]}}"#);
        stream(&[r#"{"choices":[{"delta":{"content":"code"}}]}"#, &last]).await
    };
    for reason in ["stop", "eos", "eos_token", "stop_sequence", "end_turn", "COMPLETE"] {
        assert_eq!(ended(reason).await.unwrap().text, "code", "{reason}");
    }
    for reason in ["length", "max_tokens", "MAX_TOKENS", "model_length"] {
        assert!(matches!(ended(reason).await, Err(ModelError::Truncated)), "{reason}");
    }
    for reason in ["content_filter", "safety", "SAFETY", "sensitive", "recitation"] {
        assert!(matches!(ended(reason).await, Err(ModelError::Declined { .. })), "{reason}");
    }
    for reason in ["error", "abort", "insufficient_system_resource", "network_error"] {
        assert!(matches!(ended(reason).await, Err(ModelError::Busy { .. })), "{reason}");
    }
}

#[tokio::test]
async fn what_comes_in_place_of_a_text_is_told() {
    let thought = r#"{"choices":[{"delta":{"reasoning":"hm"}}]}"#;
    let last = r#"{"choices":[{"delta":{},"finish_reason":"stop"}]}"#;
    let call = r#"{"choices":[{"delta":{"tool_calls":[{"index":0,"function":{"name":"write_file","arguments":""}}]}}]}"#;
    let called = r#"{"choices":[{"delta":{},"finish_reason":"tool_calls"}]}"#;
    let tool = Some(Instead::Tool("write_file".to_owned()));
    assert_eq!(stream(&[thought, last]).await.unwrap().instead, Some(Instead::Reasoning));
    assert_eq!(stream(&[thought, call, called]).await.unwrap().instead, tool);
    let text = r#"{"choices":[{"delta":{"content":"code"}}]}"#;
    assert_eq!(stream(&[thought, text, last]).await.unwrap().instead, None);

    let whole = |message: &str| {
        refusal("200 OK", "", &format!(r#"{{"choices":[{{"message":{message},"finish_reason":"stop"}}]}}"#))
    };
    let message = r#"{"content":null,"reasoning_content":"hm"}"#;
    let answer = ask(Provider::Openai, whole(message)).await.unwrap();
    assert_eq!(answer.instead, Some(Instead::Reasoning));
    assert_eq!(answer.blame(AnswerError::Empty), AnswerError::OnlyReasoning);
    let message = r#"{"content":null,"tool_calls":[{"function":{"name":"write_file"}}]}"#;
    let answer = ask(Provider::Openai, whole(message)).await.unwrap();
    assert_eq!(answer.instead, tool);
    assert_eq!(
        answer.blame(AnswerError::Empty).to_string(),
        "the answer is a call of the tool `write_file`, and no tool was offered: the code was to come as text"
    );

    let event = |text: &str| chunk(&format!("event: x\ndata: {text}\n\n"));
    let script = vec![
        head("200 OK", ""),
        event(r#"{"type":"content_block_start","content_block":{"type":"tool_use","name":"write_file"}}"#),
        event(r#"{"type":"message_delta","delta":{"stop_reason":"tool_use"}}"#),
        event(r#"{"type":"message_stop"}"#),
        end(),
    ];
    assert_eq!(ask(Provider::Anthropic, script).await.unwrap().instead, tool);
}

#[tokio::test]
async fn a_request_is_asked_again_without_what_a_server_does_not_take() {
    let says = |status: &str, text: &str| {
        refusal(status, "", &serde_json::json!({"error": {"message": text}}).to_string())
    };
    let good = || vec![head("200 OK", ""), piece("code"), stop(), end()];
    let extra = r#"{"object":"error","message":{"detail":[{"loc":["body","stream_options"],"msg":"Extra inputs are not permitted"}]}}"#;
    let behind = r#"{"error":{"message":"Provider returned error","code":400,"metadata":{"raw":"{\"error\":{\"message\":\"Unsupported value: 'temperature'\"}}"}}}"#;
    let scripts = vec![
        refusal("422 Unprocessable Entity", "", extra),
        refusal("400 Bad Request", "", behind),
        says("400 Bad Request", "Unsupported parameter: 'max_tokens' is not supported with this model."),
        // llama.cpp's templates fail as the server's own fault.
        says("500 Internal Server Error", "System role not supported"),
        good(),
        good(),
    ];
    let server = SimulatedEndpoint::start(scripts).await;
    let model = model(&settings(Provider::Openai, &server.address));
    assert_eq!(complete(&model).await.unwrap().text, "code");
    let wanted = serde_json::json!({
        "model": "coder", "stream": true, "max_completion_tokens": 100,
        "messages": [{"role": "user", "content": "write\n\nscale"}],
    });
    assert_eq!(body(&server.request(4)), wanted);
    // It is not asked again for what it has refused.
    assert_eq!(complete(&model).await.unwrap().text, "code");
    assert_eq!((server.count(), body(&server.request(5))), (6, wanted));
}

#[tokio::test]
async fn who_may_not_stream_gives_the_answer_in_one_piece() {
    let refused = r#"{"error":{"message":"Your organization must be verified to stream this model.","param":"stream","code":"unsupported_value"}}"#;
    let whole = r#"{"choices":[{"message":{"content":"code"},"finish_reason":"stop"}]}"#;
    let scripts = vec![refusal("400 Bad Request", "", refused), refusal("200 OK", "", whole)];
    let server = SimulatedEndpoint::start(scripts).await;
    assert_eq!(complete(&model(&settings(Provider::Openai, &server.address))).await.unwrap().text, "code");
    let sent = body(&server.request(1));
    assert_eq!((sent["stream"].as_bool(), sent.get("stream_options")), (Some(false), None));
}

#[tokio::test]
async fn a_fault_that_is_no_event_is_heard() {
    let half = || vec![head("200 OK", ""), piece("half")];
    let with = |acts: &[Act]| [half(), acts.to_vec(), vec![end()]].concat();
    let scripts = [
        // LM Studio and SGLang name the event; others send words alone.
        with(&[chunk("event: error\ndata: {\"error\":{\"message\":\"The model has crashed\"}}\n\n")]),
        with(&[chunk("event: error\ndata: out of memory\n\n")]),
        // Ollama and older llama.cpp.
        with(&[chunk("{\"error\":\"an error was encountered while running the model\"}\n")]),
        with(&[chunk("error: {\"code\":400,\"message\":\"context is full\"}\n\n")]),
        // OpenRouter.
        with(&[chunk(
            "data: {\"error\":{\"code\":\"429\",\"message\":\"Provider returned error\",\"metadata\":{\"raw\":\"slow down\"}},\"choices\":[{\"delta\":{\"content\":\"\"},\"finish_reason\":\"error\"}]}\n\n",
        )]),
        with(&[]),
    ];
    let mut said = Vec::new();
    for script in scripts {
        said.push(sentence(ask(Provider::Openai, script).await));
    }
    insta::assert_snapshot!(said.join("\n"), @r"
    HOST is busy (status 500): The model has crashed; it broke off in the middle of its answer: ask again later
    HOST is busy (status 500): out of memory; it broke off in the middle of its answer: ask again later
    HOST is busy (status 500): an error was encountered while running the model; it broke off in the middle of its answer: ask again later
    HOST does not take the request (status 400): context is full
    HOST is busy (status 429): Provider returned error: slow down; it broke off in the middle of its answer: ask again later
    HOST ended the stream after 4 characters, before the answer was whole
    ");
}

#[tokio::test]
async fn an_error_may_come_with_a_status_that_says_all_is_well() {
    let unknown =
        || refusal("200 OK", "", r#"{"error":"Unexpected endpoint or method. (POST /chat/completions)"}"#);
    let server = SimulatedEndpoint::start(vec![unknown()]).await;
    let base = server.address.trim_end_matches("/v1");
    let mut said = vec![sentence(complete(&model(&settings(Provider::Openai, base))).await)];
    assert_eq!(server.count(), 1, "it does not pass by itself");
    let cases = [
        refusal("200 OK", "", r#"{"error":{"message":"no such model","code":"404"}}"#),
        refusal("200 OK", "", r#"{"success":false,"message":"the quota is used up"}"#),
        refusal("200 OK", "", r#"[{"error":{"code":400,"message":"API key not valid"}}]"#),
    ];
    for case in cases {
        said.push(sentence(ask(Provider::Openai, case).await));
    }
    insta::assert_snapshot!(said.join("\n"), @r"
    HOST does not take the request (status 200): Unexpected endpoint or method. (POST /chat/completions); does `base_url` lack `/v1` at its end?
    HOST does not take the request (status 404): no such model
    HOST sent an answer that does not follow its protocol: its answer holds no message but says: the quota is used up
    HOST does not take the request (status 400): API key not valid
    ");
}

#[tokio::test]
async fn an_answer_in_one_piece_needs_no_name_of_its_kind() {
    let whole = "{\n \"choices\": [{\"message\": {\"content\": \"code\"}, \"finish_reason\": \"stop\"}]\n}";
    let script = |kind: &str| {
        vec![Act::Send(format!("HTTP/1.1 200 OK\r\n{kind}content-length: {}\r\n\r\n{whole}", whole.len()))]
    };
    for kind in ["", "content-type: text/plain\r\n", "content-type: text/event-stream\r\n"] {
        assert_eq!(ask(Provider::Openai, script(kind)).await.unwrap().text, "code", "{kind}");
    }
    let event = format!("data: {}\n\n", whole.replace('\n', ""));
    let script = vec![head("200 OK", ""), chunk(&event), end()];
    assert_eq!(ask(Provider::Openai, script).await.unwrap().text, "code");
}

#[tokio::test]
async fn events_may_be_written_in_many_ways() {
    let good = [
        // No space; `\r\n`; an event of nothing; a mark of byte order; two lines of data; unknown fields.
        "data:{\"choices\":[{\"delta\":{\"content\":\"code\"}}]}\n\ndata:{\"choices\":[{\"delta\":{},\"finish_reason\":\"stop\"}]}\n\ndata:[DONE]\n\n",
        "data: {\"choices\":[{\"delta\":{\"content\":\"code\"}}]}\r\n\r\ndata: [DONE]\r\n\r\n",
        "data:\n\nevent: ping\ndata: \n\ndata: {\"choices\":[{\"delta\":{\"content\":\"code\"}}]}\n\ndata: [DONE]\n\n",
        "\u{feff}data: {\"choices\":[{\"delta\":{\"content\":\"code\"}}]}\n\ndata: [DONE]\n\n",
        "data: {\"choices\":\ndata: [{\"delta\":{\"content\":\"code\"}}]}\n\ndata: [DONE]\n\n",
        "id: 7\nretry: 10\nx: y\ndata: {\"choices\":[{\"delta\":{\"content\":\"code\"}}]}\n\ndata: [DONE]\n\n",
        // Azure: what it filtered comes first, and last; a role alone; a null for a text.
        "data: {\"choices\":[],\"prompt_filter_results\":[{}]}\n\ndata: {\"choices\":[{\"delta\":{\"role\":\"assistant\",\"content\":null,\"refusal\":null}}]}\n\ndata: {\"choices\":[{\"delta\":{\"content\":\"code\"}}]}\n\ndata: {\"choices\":[{\"content_filter_offsets\":{},\"finish_reason\":null}]}\n\ndata: {\"choices\":[{\"delta\":{},\"finish_reason\":\"stop\"}],\"usage\":null}\n\ndata: [DONE]\n\n",
    ];
    for (number, events) in good.into_iter().enumerate() {
        let script = vec![head("200 OK", ""), chunk(events), end()];
        assert_eq!(ask(Provider::Openai, script).await.unwrap().text, "code", "{number}");
    }
    // The mark in pieces, which no server means to send.
    let event =
        "\u{feff}data: {\"choices\":[{\"delta\":{\"content\":\"code\"}}]}\n\ndata: [DONE]\n\n".as_bytes();
    let part =
        |part: &[u8]| Act::SendBytes([format!("{:x}\r\n", part.len()).as_bytes(), part, b"\r\n"].concat());
    let mut script = vec![head("200 OK", "")];
    script.extend(
        [&event[..1], &event[1..2], &event[2..]]
            .map(|bytes| [part(bytes), Act::Wait(20)])
            .into_iter()
            .flatten(),
    );
    script.push(end());
    assert_eq!(ask(Provider::Openai, script).await.unwrap().text, "code");
}

#[tokio::test]
async fn who_is_paid_first_is_not_asked_again() {
    let quota = r#"{"error":{"message":"You exceeded your current quota","type":"insufficient_quota","code":"insufficient_quota"}}"#;
    let cases = [
        refusal("429 Too Many Requests", "", quota),
        refusal("402 Payment Required", "", r#"{"error":{"code":402,"message":"Insufficient credits"}}"#),
        refusal(
            "429 Too Many Requests",
            "x-should-retry: false\r\n",
            r#"{"error":{"message":"daily limit"}}"#,
        ),
    ];
    let mut said = Vec::new();
    for case in cases {
        let server = SimulatedEndpoint::start(vec![case]).await;
        said.push(sentence(complete(&model(&settings(Provider::Openai, &server.address))).await));
        assert_eq!(server.count(), 1);
    }
    insta::assert_snapshot!(said.join("\n"), @r"
    HOST does not take the request (status 429): You exceeded your current quota
    HOST does not take the request (status 402): Insufficient credits
    HOST does not take the request (status 429): daily limit
    ");
}

#[tokio::test]
async fn a_wait_may_be_asked_for_in_words() {
    let busy = |text: &str| {
        refusal("429 Too Many Requests", "", &serde_json::json!({"error": {"message": text}}).to_string())
    };
    let good = vec![head("200 OK", ""), piece("code"), stop(), end()];
    let server = SimulatedEndpoint::start(vec![busy("Please try again in 20ms."), good]).await;
    assert_eq!(complete(&model(&settings(Provider::Openai, &server.address))).await.unwrap().text, "code");
    let error = sentence(ask(Provider::Openai, busy("Limit reached. Please try again in 2m30s.")).await);
    assert!(error.ends_with("it asks to be left alone for 150 s: ask again then"), "{error}");
}
