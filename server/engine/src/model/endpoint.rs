//! An endpoint that serves models over HTTP, and what it says of itself.
//!
//! The key comes from the environment, goes out in one header, and appears in no message: whatever an endpoint
//! answers is searched for it before anybody reads it.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::time::Duration;

use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use reqwest::redirect::Policy;
use reqwest::{Client, StatusCode, Url};
use serde_json::Value;

use super::endpoint_error::EndpointError;
use super::receive::{LONGEST_ANSWER, read};
use super::refusal;
use super::secrets::{self, Secrets};
use super::stream::Dialect;
use crate::config::{ModelSettings, Provider};

const CONNECT_LIMIT: Duration = Duration::from_secs(5);
const ANSWER_LIMIT: Duration = Duration::from_secs(10);
/// The version of Anthropic's protocol that is spoken, as its documentation names it.
const ANTHROPIC_VERSION: &str = "2023-06-01";
/// How much of a refusal is repeated.
const LONGEST_REASON: usize = 200;

/// Where the configured model is served. `Debug` does not show the key.
#[derive(Clone)]
pub struct Endpoint {
    url: Url,
    dialect: Dialect,
    key_variable: String,
    key: Option<String>,
    /// What the settings' headers take from the environment, by variable.
    secrets: BTreeMap<String, String>,
    /// What is taken out of all that the endpoint says.
    hidden: Secrets,
}

impl Endpoint {
    /// The endpoint that the settings name, or `None` for a provider that has none. `variable` looks up an
    /// environment variable.
    pub fn of(
        settings: &ModelSettings,
        variable: impl Fn(&str) -> Option<String>,
    ) -> Result<Option<Self>, EndpointError> {
        let (dialect, default_url, default_variable) = match settings.provider {
            Provider::Openai => (Dialect::OpenAi, "https://api.openai.com/v1", "OPENAI_API_KEY"),
            Provider::Anthropic => (Dialect::Anthropic, "https://api.anthropic.com", "ANTHROPIC_API_KEY"),
            Provider::Command | Provider::Editor | Provider::Inductor | Provider::Recorded => {
                return Ok(None);
            }
        };
        let url = settings.base_url.as_deref().unwrap_or(default_url);
        let bad = |reason: String| EndpointError::BadUrl { url: secrets::shown(url), reason };
        let parsed = Url::parse(url).map_err(|error| bad(error.to_string()))?;
        if !matches!(parsed.scheme(), "http" | "https") {
            return Err(bad(format!("it begins with `{}:`", parsed.scheme())));
        }
        let key_variable = settings.api_key_env.clone().unwrap_or_else(|| default_variable.to_owned());
        let key = variable(&key_variable).map(|key| key.trim().to_owned()).filter(|key| !key.is_empty());
        let named = settings.headers.values().filter_map(|value| value.strip_prefix('$'));
        let secrets: BTreeMap<String, String> =
            named.filter_map(|name| Some((name.to_owned(), variable(name)?))).collect();
        let mut hidden = Secrets::default();
        key.iter().chain(secrets.values()).for_each(|secret| hidden.add(secret));
        settings.headers.iter().for_each(|(name, value)| hidden.add_named(name, value));
        hidden.add_address(&parsed);
        Ok(Some(Self { url: parsed, dialect, key_variable, key, secrets, hidden }))
    }

    /// Host and port, as messages name the endpoint.
    pub fn host(&self) -> String {
        let host = self.url.host_str().unwrap_or_default();
        self.url.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"))
    }

    /// The environment variable that holds the key.
    pub fn key_variable(&self) -> &str {
        &self.key_variable
    }

    pub(super) fn has_key(&self) -> bool {
        self.key.is_some()
    }

    pub(super) fn dialect(&self) -> Dialect {
        self.dialect
    }

    /// What the environment holds under a name that the settings' headers use.
    pub(super) fn secret(&self, variable: &str) -> Option<&str> {
        self.secrets.get(variable).map(String::as_str)
    }

    /// The names of the models that it serves. Asks over the network, with a time limit.
    pub async fn models(&self) -> Result<Vec<String>, EndpointError> {
        let request = self.client(CONNECT_LIMIT).get(self.address("models"));
        let request = request.headers(self.headers()?).timeout(ANSWER_LIMIT);
        let response = request.send().await.map_err(|error| self.unreachable(&error))?;
        let status = response.status();
        // What is longer than any list of models, or breaks off, is none.
        let body = read(response, LONGEST_ANSWER).await.unwrap_or_default();
        let answer: Option<Value> = serde_json::from_slice(&body).ok();
        if status.is_success() {
            let models = answer.as_ref().and_then(|answer| answer.get("data")?.as_array());
            if let Some(models) = models {
                let name = |model: &Value| model.get("id")?.as_str().map(str::to_owned);
                return Ok(models.iter().filter_map(name).collect());
            }
        }
        Err(self.refusal(status, answer.as_ref()))
    }

    pub(super) fn refusal(&self, status: StatusCode, answer: Option<&Value>) -> EndpointError {
        let (host, said, variable) = (self.host(), self.said(answer), self.key_variable.clone());
        match status {
            StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN if self.key.is_none() => {
                EndpointError::NoKey { host, variable }
            }
            StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => {
                EndpointError::Refused { host, variable, status: status.as_u16(), said }
            }
            _ => EndpointError::NotServed { host, status: status.as_u16(), said },
        }
    }

    /// The endpoint's own words for a fault, after a colon.
    pub(super) fn said(&self, answer: Option<&Value>) -> String {
        answer.map(|answer| self.hide(&refusal::words(answer))).unwrap_or_default()
    }

    /// Words of the endpoint's after a colon, on one line and without a key; nothing where there are none.
    pub(super) fn hide(&self, words: &str) -> String {
        let line = self.hidden.hide(words).split_whitespace().collect::<Vec<_>>().join(" ");
        if line.is_empty() {
            return line;
        }
        format!(": {}", line.chars().take(LONGEST_REASON).collect::<String>())
    }

    /// What is taken out of all that it says.
    pub(super) fn hidden(&self) -> &Secrets {
        &self.hidden
    }

    /// A client that goes through the environment's proxy, unless the endpoint is on this machine, where no proxy finds
    /// it; and that follows nobody elsewhere, since keys would go along.
    pub(super) fn client(&self, connect: Duration) -> Client {
        // Whoever came first has set it, which is as good.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let builder = Client::builder()
            .connect_timeout(connect)
            .redirect(Policy::none())
            .user_agent(concat!("fusewright/", env!("CARGO_PKG_VERSION")));
        let builder = if self.is_local() { builder.no_proxy() } else { builder };
        builder.build().unwrap_or_default()
    }

    fn is_local(&self) -> bool {
        let host = self.url.host_str().unwrap_or_default().trim_matches(['[', ']']);
        let loopback = host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback());
        loopback || host == "localhost" || host.ends_with(".localhost")
    }

    /// Whether the base names no version, which most servers of OpenAI's protocol want there.
    pub(super) fn lacks_version(&self) -> bool {
        self.dialect == Dialect::OpenAi && !self.url.path().contains("/v")
    }

    pub(super) fn unreachable(&self, error: &reqwest::Error) -> EndpointError {
        // The client's own words may hold the whole address.
        let reason = innermost(error).replace(self.url.as_str(), &self.host());
        EndpointError::Unreachable { host: self.host(), reason: self.hidden.hide(&reason) }
    }

    /// `path` below the base. OpenAI's base holds the version, Anthropic's does not.
    pub(super) fn address(&self, path: &str) -> Url {
        let mut url = self.url.clone();
        let base = url.path().trim_end_matches('/');
        let version = if self.dialect == Dialect::Anthropic && !base.ends_with("/v1") { "/v1" } else { "" };
        let whole = format!("{base}{version}/{path}");
        url.set_path(&whole);
        url
    }

    pub(super) fn headers(&self) -> Result<HeaderMap, EndpointError> {
        let mut headers = HeaderMap::new();
        if self.dialect == Dialect::Anthropic {
            let name = HeaderName::from_static("anthropic-version");
            headers.insert(name, HeaderValue::from_static(ANTHROPIC_VERSION));
        }
        if let Some(key) = &self.key {
            let (name, value) = match self.dialect {
                Dialect::OpenAi => (reqwest::header::AUTHORIZATION, format!("Bearer {key}")),
                Dialect::Anthropic => (HeaderName::from_static("x-api-key"), key.clone()),
            };
            let mut value = HeaderValue::from_str(&value)
                .map_err(|_| EndpointError::BadKey { variable: self.key_variable.clone() })?;
            value.set_sensitive(true);
            headers.insert(name, value);
        }
        Ok(headers)
    }
}

impl std::fmt::Debug for Endpoint {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("Endpoint")
            .field("url", &self.host())
            .field("dialect", &self.dialect)
            .field("key_variable", &self.key_variable)
            .field("has_key", &self.key.is_some())
            .finish_non_exhaustive()
    }
}

/// What lies at the bottom of an error: `Connection refused` and not `error sending request`.
fn innermost(error: &reqwest::Error) -> String {
    if error.is_timeout() {
        return "no answer in time".to_owned();
    }
    let mut cause: &dyn std::error::Error = error;
    while let Some(next) = cause.source() {
        cause = next;
    }
    let said = cause.to_string();
    // A number of the system's says nothing to most.
    said.split_once(" (os error").map_or(said.as_str(), |(said, _)| said).to_owned()
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use wiremock::matchers::{header, method, path};
    use wiremock::{Mock, MockServer, ResponseTemplate};

    use super::*;

    const KEY: &str = "sk-planted-0123456789";

    fn endpoint(provider: Provider, base_url: &str, key: Option<&str>) -> Endpoint {
        let settings =
            ModelSettings { provider, base_url: Some(base_url.to_owned()), ..ModelSettings::default() };
        Endpoint::of(&settings, |_| key.map(str::to_owned)).unwrap().unwrap()
    }

    #[tokio::test]
    async fn an_openai_endpoint_lists_its_models() {
        let server = MockServer::start().await;
        Mock::given(method("GET"))
            .and(path("/v1/models"))
            .and(header("authorization", format!("Bearer {KEY}").as_str()))
            .respond_with(
                ResponseTemplate::new(200).set_body_json(json!({"data": [{"id": "a"}, {"id": "b"}]})),
            )
            .mount(&server)
            .await;
        let base = format!("{}/v1/", server.uri());
        assert_eq!(endpoint(Provider::Openai, &base, Some(KEY)).models().await.unwrap(), ["a", "b"]);
    }

    #[tokio::test]
    async fn an_anthropic_endpoint_lists_its_models() {
        let server = MockServer::start().await;
        Mock::given(path("/v1/models"))
            .and(header("x-api-key", KEY))
            .and(header("anthropic-version", ANTHROPIC_VERSION))
            .respond_with(ResponseTemplate::new(200).set_body_json(json!({"data": [{"id": "c"}]})))
            .mount(&server)
            .await;
        assert_eq!(endpoint(Provider::Anthropic, &server.uri(), Some(KEY)).models().await.unwrap(), ["c"]);
    }

    #[tokio::test]
    async fn what_keeps_an_endpoint_from_serving_is_said_without_the_key() {
        let server = MockServer::start().await;
        let refusal = json!({"error": {"message": format!("Incorrect API key:\n{KEY}")}});
        Mock::given(path("/v1/models"))
            .respond_with(ResponseTemplate::new(401).set_body_json(refusal))
            .mount(&server)
            .await;
        let base = format!("{}/v1", server.uri());
        let nobody = {
            let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
            format!("http://{}", listener.local_addr().unwrap())
        };
        let asked = [
            endpoint(Provider::Openai, &base, Some(KEY)),
            endpoint(Provider::Openai, &base, None),
            endpoint(Provider::Openai, &server.uri(), Some(KEY)),
            endpoint(Provider::Openai, &nobody, Some(KEY)),
            endpoint(Provider::Openai, &base, Some("a\u{7}b")),
        ];
        let mut said = Vec::new();
        for endpoint in asked {
            let message = endpoint.models().await.unwrap_err().to_string();
            said.push(message.replace(&endpoint.host(), "HOST"));
            assert!(!format!("{endpoint:?}").contains(KEY));
        }
        insta::assert_snapshot!(said.join("\n"), @r"
        HOST refuses the key in $OPENAI_API_KEY (401): Incorrect API key: (the key)
        HOST wants a key, and $OPENAI_API_KEY is not set
        HOST answers with status 404 instead of its models
        HOST cannot be reached: Connection refused
        $OPENAI_API_KEY holds line breaks or control characters, which no key has
        ");
    }

    #[test]
    fn an_address_that_is_none_is_refused() {
        let refused = |base_url: &str| {
            let settings = ModelSettings {
                provider: Provider::Openai,
                base_url: Some(base_url.to_owned()),
                ..ModelSettings::default()
            };
            Endpoint::of(&settings, |_| None).unwrap_err().to_string()
        };
        insta::assert_snapshot!([refused("localhost:8000"), refused("nowhere")].join("\n"), @r#"
        `base_url = "localhost:8000"` is no http or https address: it begins with `localhost:`
        `base_url = "nowhere"` is no http or https address: relative URL without a base
        "#);
    }

    #[test]
    fn providers_without_an_endpoint_have_none() {
        assert!(Endpoint::of(&ModelSettings::default(), |_| None).unwrap().is_none());
    }
}
