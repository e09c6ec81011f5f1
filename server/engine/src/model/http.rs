//! Asks an endpoint over HTTP: the request, its limits and its repetitions.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, SystemTime};

use eventsource_stream::Eventsource;
use futures::StreamExt;
use reqwest::header::{CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue};
use reqwest::{Client, Response, StatusCode};
use serde_json::{Value, json};

use super::endpoint::Endpoint;
use super::error::ModelError;
use super::prompt::Prompt;
use super::secrets::Hiding;
use super::stream::{Decoder, Dialect, Step, StreamFault};
use super::{Completion, Listener, retry};
use crate::config::ModelSettings;

/// The most that is taken of an answer, in bytes.
pub(super) const LONGEST_ANSWER: usize = 2 << 20;
/// The most that is heard of reasoning, in bytes: a model may turn in circles for good.
const LONGEST_REASONING: usize = 4 << 20;
/// The most that one event of a stream may hold: what collects events reads all of one again with each packet.
const LONGEST_EVENT: usize = 1 << 20;
/// The most that is read of a refusal.
const LONGEST_REFUSAL: usize = 64 << 10;
/// What Anthropic's protocol wants to be told, where the settings do not say it.
const DEFAULT_MAX_TOKENS: u32 = 16_384;

/// How long is waited for what.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// For the connection.
    pub connect: Duration,
    /// For the first event; models that reason may be silent for long.
    pub first: Duration,
    /// Between two events.
    pub silence: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(10),
            first: Duration::from_mins(5),
            silence: Duration::from_secs(90),
        }
    }
}

/// An endpoint and how it is asked.
#[derive(Debug)]
pub(super) struct Http {
    endpoint: Endpoint,
    model: String,
    temperature: Option<f64>,
    max_tokens: Option<u32>,
    headers: HeaderMap,
    limits: Limits,
    client: Client,
}

/// What a failed attempt means for the next.
enum Failure {
    /// The same request may succeed later, after the wait that the endpoint asks for.
    Passing(ModelError, Option<Duration>),
    /// It will not.
    Lasting(ModelError),
    /// The endpoint does not know one of the request's fields; it can do without.
    Unknown(Field, ModelError),
}

/// Fields that not every server of the protocol takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Field {
    /// Asks for the token count at the end of the stream.
    StreamOptions,
    /// Newer models want it under another name.
    MaxTokens,
    /// Reasoning models have none.
    Temperature,
}

impl Field {
    const ALL: [Self; 3] = [Self::StreamOptions, Self::MaxTokens, Self::Temperature];

    fn name(self) -> &'static str {
        match self {
            Self::StreamOptions => "stream_options",
            Self::MaxTokens => "max_tokens",
            Self::Temperature => "temperature",
        }
    }
}

impl Http {
    pub(super) fn new(
        endpoint: Endpoint,
        settings: &ModelSettings,
        limits: Limits,
    ) -> Result<Self, ModelError> {
        let model = settings.model.clone().ok_or(ModelError::Unset { what: "model", key: "model" })?;
        let mut headers = endpoint.headers()?;
        headers.extend(own_headers(&settings.headers, &endpoint)?);
        let client = super::endpoint::client(limits.connect);
        let (temperature, max_tokens) = (settings.temperature, settings.max_tokens);
        Ok(Self { endpoint, model, temperature, max_tokens, headers, limits, client })
    }

    pub(super) fn label(&self) -> String {
        format!("{} at {}", self.model, self.endpoint.host())
    }

    /// Asks until there is an answer, a fault that lasts, or no attempt left.
    pub(super) async fn complete(
        &self,
        prompt: &Prompt,
        listener: &dyn Listener,
    ) -> Result<Completion, ModelError> {
        let mut without = Vec::new();
        let mut attempt = 1;
        loop {
            let (error, asked) = match self.attempt(prompt, &without, listener).await {
                Ok(answer) => return Ok(answer),
                Err(Failure::Lasting(error)) => return Err(error),
                Err(Failure::Unknown(field, error)) => {
                    if without.contains(&field) {
                        return Err(error);
                    }
                    without.push(field);
                    continue;
                }
                Err(Failure::Passing(error, asked)) => (error, asked),
            };
            let wait = asked.unwrap_or_else(|| retry::step(attempt, fastrand::f64()));
            if attempt == retry::ATTEMPTS || wait > retry::LONGEST_WAIT {
                return Err(with_advice(error, asked, attempt));
            }
            listener.waiting(&format!("{error}; asking again in {:.1} s", wait.as_secs_f64()));
            tokio::time::sleep(wait).await;
            attempt += 1;
        }
    }

    async fn attempt(
        &self,
        prompt: &Prompt,
        without: &[Field],
        listener: &dyn Listener,
    ) -> Result<Completion, Failure> {
        let path = match self.endpoint.dialect() {
            Dialect::OpenAi => "chat/completions",
            Dialect::Anthropic => "messages",
        };
        let request = self
            .client
            .post(self.endpoint.address(path))
            .headers(self.headers.clone())
            .json(&self.body(prompt, without));
        let sent = tokio::time::timeout(self.limits.first, request.send()).await;
        let response = match sent {
            Err(_) => return Err(Failure::Lasting(self.silent("no answer", self.limits.first))),
            // Nobody was there to take the request, so nothing was lost.
            Ok(Err(error)) => return Err(Failure::Passing(self.endpoint.unreachable(&error).into(), None)),
            Ok(Ok(response)) => response,
        };
        if !response.status().is_success() {
            return Err(self.refused(response, without).await);
        }
        let kind = response.headers().get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
        if kind.is_some_and(|kind| kind.starts_with("application/json")) {
            self.whole(response, listener).await
        } else {
            self.streamed(response, listener).await
        }
    }

    async fn streamed(&self, response: Response, listener: &dyn Listener) -> Result<Completion, Failure> {
        let mut decoder = Decoder::new(self.endpoint.dialect());
        decoder.cost(told_cost(response.headers()));
        let pending = AtomicUsize::new(0);
        let packets = response.bytes_stream().take_while(|packet| {
            let length = packet.as_ref().map_or(0, tokio_util::bytes::Bytes::len);
            std::future::ready(pending.fetch_add(length, Ordering::Relaxed) <= LONGEST_EVENT)
        });
        let mut events = std::pin::pin!(packets.eventsource());
        let mut hiding = Hiding::new(self.endpoint.hidden());
        let (mut text, mut reasoned) = (String::new(), 0);
        let mut limit = self.limits.first;
        loop {
            let Ok(event) = tokio::time::timeout(limit, events.next()).await else {
                let what = if text.is_empty() { "no answer" } else { "nothing more" };
                return Err(Failure::Lasting(self.silent(what, limit)));
            };
            limit = self.limits.silence;
            if pending.swap(0, Ordering::Relaxed) > LONGEST_EVENT {
                return Err(Failure::Lasting(self.too_long()));
            }
            let Some(Ok(event)) = event else {
                // The connection ended, in order or not; what counts is whether the answer had.
                return if decoder.is_finished() {
                    text.push_str(&told(hiding.finish(), listener));
                    Ok(Completion { text, usage: decoder.usage() })
                } else {
                    let cut =
                        ModelError::Cut { host: self.endpoint.host(), characters: text.chars().count() };
                    Err(if text.is_empty() { Failure::Passing(cut, None) } else { Failure::Lasting(cut) })
                };
            };
            match decoder.take(&event.data).map_err(|fault| self.fault(fault, text.is_empty()))? {
                Step::End => {
                    text.push_str(&told(hiding.finish(), listener));
                    return Ok(Completion { text, usage: decoder.usage() });
                }
                Step::Text(piece) if piece.is_empty() => {}
                Step::Reasoning(piece) => {
                    reasoned += piece.len();
                    if reasoned > LONGEST_REASONING {
                        return Err(Failure::Lasting(self.too_long()));
                    }
                    listener.thinking(&piece);
                }
                Step::Text(piece) => {
                    text.push_str(&told(hiding.take(&piece), listener));
                    if text.len() > LONGEST_ANSWER {
                        return Err(Failure::Lasting(self.too_long()));
                    }
                }
            }
        }
    }

    /// An answer of a server that does not stream.
    async fn whole(&self, response: Response, listener: &dyn Listener) -> Result<Completion, Failure> {
        let cost = told_cost(response.headers());
        let body = match tokio::time::timeout(self.limits.first, read(response, LONGEST_ANSWER)).await {
            Err(_) => return Err(Failure::Lasting(self.silent("no whole answer", self.limits.first))),
            Ok(Err(Unread::TooLong)) => return Err(Failure::Lasting(self.too_long())),
            Ok(Err(Unread::Lost(characters))) => {
                let cut = ModelError::Cut { host: self.endpoint.host(), characters };
                return Err(Failure::Passing(cut, None));
            }
            Ok(Ok(body)) => body,
        };
        let mut decoder = Decoder::new(self.endpoint.dialect());
        let answer: Value = serde_json::from_slice(&body).map_err(|error| {
            self.fault(StreamFault::Malformed(format!("its answer is no JSON ({error})")), true)
        })?;
        let text = decoder.take_whole(&answer).map_err(|fault| self.fault(fault, true))?;
        decoder.cost(cost);
        let text = told(self.endpoint.hidden().hide(&text), listener);
        Ok(Completion { text, usage: decoder.usage() })
    }

    async fn refused(&self, response: Response, without: &[Field]) -> Failure {
        let status = response.status();
        let asked = retry::asked_wait(response.headers(), SystemTime::now());
        let body = tokio::time::timeout(self.limits.silence, read(response, LONGEST_REFUSAL)).await;
        let body = body.ok().and_then(Result::ok).unwrap_or_default();
        let answer: Option<Value> = serde_json::from_slice(&body).ok();
        let said = self.endpoint.said(answer.as_ref());
        let host = self.endpoint.host();
        if retry::passes(status) {
            let error = ModelError::Busy { host, status: status.as_u16(), said, advice: String::new() };
            return Failure::Passing(error, asked);
        }
        if matches!(status, StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN) {
            return Failure::Lasting(self.endpoint.refusal(status, answer.as_ref()).into());
        }
        let error = ModelError::Rejected { host, status: status.as_u16(), said: said.clone() };
        let named = Field::ALL.into_iter().find(|field| said.contains(field.name()));
        match named.filter(|field| status == StatusCode::BAD_REQUEST && !without.contains(field)) {
            Some(field) => Failure::Unknown(field, error),
            None => Failure::Lasting(error),
        }
    }

    fn body(&self, prompt: &Prompt, without: &[Field]) -> Value {
        let turns = prompt.turns.iter().map(|turn| json!({"role": turn.role.word(), "content": turn.text}));
        let mut body = json!({"model": self.model, "stream": true});
        match self.endpoint.dialect() {
            Dialect::OpenAi => {
                let system = json!({"role": "system", "content": prompt.system});
                body["messages"] = std::iter::once(system).chain(turns).collect();
                if !without.contains(&Field::StreamOptions) {
                    body["stream_options"] = json!({"include_usage": true});
                }
                if let Some(limit) = self.max_tokens {
                    let name = if without.contains(&Field::MaxTokens) {
                        "max_completion_tokens"
                    } else {
                        "max_tokens"
                    };
                    body[name] = limit.into();
                }
            }
            Dialect::Anthropic => {
                body["system"] = prompt.system.clone().into();
                body["messages"] = turns.collect();
                body["max_tokens"] = self.max_tokens.unwrap_or(DEFAULT_MAX_TOKENS).into();
            }
        }
        if let Some(temperature) = self.temperature.filter(|_| !without.contains(&Field::Temperature)) {
            body["temperature"] = temperature.into();
        }
        body
    }

    /// A fault that the stream told. Before the first piece of an answer it may pass by itself.
    fn fault(&self, fault: StreamFault, nothing_yet: bool) -> Failure {
        if let StreamFault::Reported { status, said } = &fault
            && nothing_yet
            && StatusCode::from_u16(*status).is_ok_and(retry::passes)
        {
            let (host, said) = (self.endpoint.host(), self.endpoint.hide(said));
            return Failure::Passing(
                ModelError::Busy { host, status: *status, said, advice: String::new() },
                None,
            );
        }
        Failure::Lasting(fault.into_error(self.endpoint.host(), |words| self.endpoint.hide(words)))
    }

    fn silent(&self, what: &'static str, limit: Duration) -> ModelError {
        ModelError::Silent { host: self.endpoint.host(), what, limit }
    }

    fn too_long(&self) -> ModelError {
        ModelError::TooLong { who: self.endpoint.host() }
    }
}

enum Unread {
    TooLong,
    Lost(usize),
}

/// The body, as far as `limit` bytes.
async fn read(response: Response, limit: usize) -> Result<Vec<u8>, Unread> {
    let mut body = Vec::new();
    let mut pieces = response.bytes_stream();
    while let Some(piece) = pieces.next().await {
        body.extend_from_slice(&piece.map_err(|_| Unread::Lost(body.len()))?);
        if body.len() > limit {
            return Err(Unread::TooLong);
        }
    }
    Ok(body)
}

/// The piece, once the listener has heard it.
fn told(piece: String, listener: &dyn Listener) -> String {
    if !piece.is_empty() {
        listener.text(&piece);
    }
    piece
}

/// What a gateway says that the answer costs.
fn told_cost(headers: &HeaderMap) -> Option<f64> {
    headers.get("x-litellm-response-cost")?.to_str().ok()?.trim().parse().ok()
}

fn with_advice(error: ModelError, asked: Option<Duration>, attempts: u32) -> ModelError {
    match error {
        ModelError::Busy { host, status, said, .. } => {
            let advice = match asked {
                Some(wait) => {
                    format!("; it asks to be left alone for {:.0} s: ask again then", wait.as_secs_f64())
                }
                None => format!("; it was asked {attempts} times: ask again later"),
            };
            ModelError::Busy { host, status, said, advice }
        }
        other => other,
    }
}

/// The headers of the settings; a value that starts with `$` is looked up where keys are.
fn own_headers(headers: &BTreeMap<String, String>, endpoint: &Endpoint) -> Result<HeaderMap, ModelError> {
    let mut built = HeaderMap::new();
    for (name, text) in headers {
        let bad = |reason: String| ModelError::BadHeader { name: name.clone(), reason };
        let value = match text.strip_prefix('$') {
            Some(variable) => endpoint.secret(variable).ok_or_else(|| bad(format!("{text} is not set")))?,
            None => text,
        };
        let header =
            HeaderName::try_from(name.as_str()).map_err(|_| bad("it is no name of a header".into()))?;
        let mut value =
            HeaderValue::from_str(value).map_err(|_| bad("its value is no text of one line".into()))?;
        value.set_sensitive(true);
        built.insert(header, value);
    }
    Ok(built)
}
