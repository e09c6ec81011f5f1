//! Asks an endpoint over HTTP: the request, its limits and its repetitions.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use reqwest::header::{ACCEPT_ENCODING, HeaderMap, HeaderName, HeaderValue, LOCATION};
use reqwest::{Client, Response, StatusCode};
use serde_json::{Value, json};

use super::endpoint::Endpoint;
use super::endpoint_error::EndpointError;
use super::error::ModelError;
use super::prompt::Prompt;
use super::receive::read;
use super::refusal::{self, Field};
use super::secrets::shown;
use super::stream::Dialect;
use super::{Completion, Listener, retry};
use crate::config::ModelSettings;
use crate::nearest::nearest;

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
    pub(super) endpoint: Endpoint,
    model: String,
    temperature: Option<f64>,
    max_tokens: Option<u32>,
    headers: HeaderMap,
    pub(super) limits: Limits,
    client: Client,
    /// What the endpoint was found not to take.
    without: Mutex<Vec<Field>>,
}

/// What a failed attempt means for the next.
pub(super) enum Failure {
    /// The same request may succeed later, after the wait that the endpoint asks for.
    Passing(ModelError, Option<Duration>),
    /// It will not.
    Lasting(ModelError),
    /// The endpoint does not know one of the request's fields; it can do without.
    Unknown(Field),
}

impl Http {
    pub(super) fn new(
        endpoint: Endpoint,
        settings: &ModelSettings,
        limits: Limits,
    ) -> Result<Self, ModelError> {
        let model = settings.model.clone().ok_or(ModelError::Unset { what: "model", key: "model" })?;
        // Whoever's own service is asked without a key refuses; an endpoint of the user's may want none.
        if settings.base_url.is_none() && settings.headers.is_empty() && !endpoint.has_key() {
            let (host, variable) = (endpoint.host(), endpoint.key_variable().to_owned());
            return Err(EndpointError::NoKey { host, variable }.into());
        }
        let mut headers = endpoint.headers()?;
        // What packs a stream holds its pieces back.
        headers.insert(ACCEPT_ENCODING, HeaderValue::from_static("identity"));
        headers.extend(own_headers(&settings.headers, &endpoint)?);
        let client = endpoint.client(limits.connect);
        let (temperature, max_tokens) = (settings.temperature, settings.max_tokens);
        let without = Mutex::default();
        Ok(Self { endpoint, model, temperature, max_tokens, headers, limits, client, without })
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
        let mut attempt = 1;
        loop {
            let without = self.without.lock().unwrap_or_else(PoisonError::into_inner).clone();
            let (error, asked) = match self.attempt(prompt, &without, listener).await {
                Ok(answer) => return Ok(answer),
                Err(Failure::Lasting(error)) => return Err(error),
                Err(Failure::Unknown(field)) => {
                    self.without.lock().unwrap_or_else(PoisonError::into_inner).push(field);
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
        if response.status().is_redirection() {
            return Err(Failure::Lasting(self.redirected(&response)));
        }
        if !response.status().is_success() {
            return Err(self.refused(response, without).await);
        }
        self.received(response, listener).await
    }

    async fn refused(&self, response: Response, without: &[Field]) -> Failure {
        let status = response.status();
        let asked = retry::asked_wait(response.headers(), SystemTime::now());
        let should_retry = retry::should_retry(response.headers());
        let body = tokio::time::timeout(self.limits.silence, read(response, LONGEST_REFUSAL)).await;
        let body = body.ok().and_then(Result::ok).unwrap_or_default();
        let answer: Option<Value> = serde_json::from_slice(&body).ok();
        let said = match &answer {
            Some(answer) => self.endpoint.said(Some(answer)),
            // A page says nothing in a line.
            None => self.endpoint.hide(
                std::str::from_utf8(&body)
                    .ok()
                    .filter(|text| !text.trim_start().starts_with('<'))
                    .unwrap_or_default(),
            ),
        };
        let host = self.endpoint.host();
        let text = String::from_utf8_lossy(&body);
        let named = Field::blamed(&text).find(|field| self.sends(*field, without));
        // A template that fails is a fault of the server's to some.
        let may_be_a_field = matches!(status.as_u16(), 400 | 422) || named == Some(Field::SystemRole);
        if let Some(field) = named.filter(|_| may_be_a_field) {
            return Failure::Unknown(field);
        }
        let passes = should_retry.unwrap_or_else(|| retry::passes(status));
        if passes && !refusal::wants_money(&text) {
            let asked = asked.or_else(|| refusal::asked_wait(&text));
            let error = ModelError::Busy { host, status: status.as_u16(), said, advice: String::new() };
            return Failure::Passing(error, asked);
        }
        if matches!(status, StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN) {
            return Failure::Lasting(self.endpoint.refusal(status, answer.as_ref()).into());
        }
        if let Some(error) = self.unknown(status, &said).await {
            return Failure::Lasting(error);
        }
        let advice = if said.contains("max_tokens") { "; see `[model] max_tokens`" } else { "" };
        let said = format!("{said}{advice}");
        Failure::Lasting(ModelError::Rejected { host, status: status.as_u16(), said })
    }

    /// Whether a request holds a field that it could do without.
    fn sends(&self, field: Field, without: &[Field]) -> bool {
        let openai = self.endpoint.dialect() == Dialect::OpenAi;
        let sent = match field {
            Field::StreamOptions => openai && !without.contains(&Field::Stream),
            Field::SystemRole | Field::Stream => openai,
            Field::MaxTokens => openai && self.max_tokens.is_some(),
            Field::Temperature => self.temperature.is_some(),
        };
        sent && !without.contains(&field)
    }

    /// Whether a refusal means that there is no such model, or that the address is wrong; the endpoint's own list tells.
    async fn unknown(&self, status: StatusCode, said: &str) -> Option<ModelError> {
        let names_it = said.contains(&self.model) && said.contains("model");
        if status != StatusCode::NOT_FOUND && !(status == StatusCode::BAD_REQUEST && names_it) {
            return None;
        }
        match self.endpoint.models().await {
            Ok(models) if models.contains(&self.model) => None,
            Ok(models) => {
                let known = served(&models, &self.model);
                Some(ModelError::NoSuchModel { host: self.endpoint.host(), model: self.model.clone(), known })
            }
            Err(_) if status == StatusCode::NOT_FOUND && !names_it => {
                let advice = if self.endpoint.lacks_version() {
                    "does `base_url` lack `/v1` at its end?"
                } else {
                    "is `base_url` right?"
                };
                let said = format!("{said}; nothing is served there: {advice}");
                Some(ModelError::Rejected { host: self.endpoint.host(), status: status.as_u16(), said })
            }
            Err(_) => None,
        }
    }

    /// An endpoint that sends elsewhere is not followed: the key would go along.
    fn redirected(&self, response: &Response) -> ModelError {
        let to = response.headers().get(LOCATION).and_then(|place| place.to_str().ok()).unwrap_or("nowhere");
        let said =
            self.endpoint.hide(&format!("it redirects to {}; name that address in `base_url`", shown(to)));
        ModelError::Rejected { host: self.endpoint.host(), status: response.status().as_u16(), said }
    }

    fn body(&self, prompt: &Prompt, without: &[Field]) -> Value {
        let mut turns: Vec<Value> =
            prompt.turns.iter().map(|turn| json!({"role": turn.role.word(), "content": turn.text})).collect();
        let streams = !without.contains(&Field::Stream);
        let mut body = json!({"model": self.model, "stream": streams});
        match self.endpoint.dialect() {
            Dialect::OpenAi => {
                if !without.contains(&Field::SystemRole) {
                    turns.insert(0, json!({"role": "system", "content": prompt.system}));
                } else if let (Some(first), Some(turn)) = (turns.first_mut(), prompt.turns.first()) {
                    first["content"] = format!("{}\n\n{}", prompt.system.trim_end(), turn.text).into();
                }
                body["messages"] = turns.into();
                if streams && !without.contains(&Field::StreamOptions) {
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
                body["messages"] = turns.into();
                body["max_tokens"] = self.max_tokens.unwrap_or(DEFAULT_MAX_TOKENS).into();
            }
        }
        if let Some(temperature) = self.temperature.filter(|_| !without.contains(&Field::Temperature)) {
            body["temperature"] = temperature.into();
        }
        body
    }
}

/// What an endpoint serves, after a semicolon: the nearest name first.
fn served(models: &[String], wanted: &str) -> String {
    const MOST: usize = 8;
    let near = nearest(wanted, models.iter().map(String::as_str));
    let rest = models.iter().map(String::as_str).filter(|model| Some(*model) != near);
    let shown: Vec<String> =
        near.into_iter().chain(rest).take(MOST).map(|model| format!("`{model}`")).collect();
    let more = match models.len().saturating_sub(MOST) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    if shown.is_empty() {
        "; it serves none".to_owned()
    } else {
        format!("; it serves {}{more}", shown.join(", "))
    }
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
        ModelError::Endpoint(EndpointError::Unreachable { host, reason }) => {
            let reason = format!(
                "{reason}; it was tried {attempts} times: does it run, and is `[model] base_url` right?"
            );
            EndpointError::Unreachable { host, reason }.into()
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
