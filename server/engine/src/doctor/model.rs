//! The language model: whether what the settings name can be asked.

use super::{Check, DoctorOptions};
use crate::config::{ModelSettings, Provider};
use crate::model::{Endpoint, EndpointError};
use crate::nearest::nearest;
use crate::progress::CancellationToken;

const SUBJECT: &str = "model";

/// Asks the configured endpoint for its models; nothing is sent where none is configured.
pub(super) async fn examine(options: &DoctorOptions, cancel: &CancellationToken) -> Option<Check> {
    let settings = &options.settings.model;
    let endpoint = match Endpoint::of(settings, |name| std::env::var(name).ok()) {
        Ok(endpoint) => endpoint?,
        Err(error) => return Some(Check::warning(SUBJECT, error.to_string(), remedy(&error, settings))),
    };
    let models = tokio::select! {
        models = endpoint.models() => models,
        () = cancel.cancelled() => return None,
    };
    Some(match models {
        Ok(models) => served(&endpoint.host(), &models, settings),
        Err(error) => Check::warning(SUBJECT, error.to_string(), remedy(&error, settings)),
    })
}

fn served(host: &str, models: &[String], settings: &ModelSettings) -> Check {
    let Some(wanted) = &settings.model else {
        let message = format!("{host} answers, but no model is named");
        let example = models.first().map_or("…", String::as_str);
        return Check::warning(SUBJECT, message, format!("set `[model] model`, to \"{example}\" for one"));
    };
    // Endpoints list dated names, and serve the undated ones too.
    if models.iter().any(|model| model.starts_with(wanted.as_str())) {
        return Check::good(SUBJECT, format!("{wanted} at {host}"));
    }
    let message = format!("{host} answers, but does not list a model {wanted}");
    let near = nearest(wanted, models.iter().map(String::as_str));
    let remedy = match near.or_else(|| models.first().map(String::as_str)) {
        Some(name) => format!("set `[model] model` to one that it lists, such as \"{name}\""),
        None => "have the endpoint serve a model".to_owned(),
    };
    Check::warning(SUBJECT, message, remedy)
}

fn remedy(error: &EndpointError, settings: &ModelSettings) -> String {
    match error {
        EndpointError::BadUrl { .. } => {
            "write it like `base_url = \"http://localhost:8000/v1\"` under [model]".to_owned()
        }
        EndpointError::NoKey { variable, .. } | EndpointError::BadKey { variable } => {
            format!("export {variable}=… and start the program that needs it again")
        }
        EndpointError::Refused { variable, .. } => format!("export a key in {variable} that it accepts"),
        EndpointError::Unreachable { .. } if settings.base_url.is_some() => {
            "start the endpoint, or mend `[model] base_url`".to_owned()
        }
        EndpointError::Unreachable { .. } => {
            "look at the network; behind a proxy, export HTTPS_PROXY".to_owned()
        }
        EndpointError::NotServed { .. } => match settings.provider {
            Provider::Anthropic => "mend `[model] base_url`, which ends before `/v1`".to_owned(),
            _ => "mend `[model] base_url`, which mostly ends in `/v1`".to_owned(),
        },
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use wiremock::matchers::path;
    use wiremock::{Mock, MockServer, ResponseTemplate};

    use super::*;
    use crate::config::Settings;
    use crate::home::Home;

    async fn examined(base_url: Option<String>, provider: Provider, model: Option<&str>) -> String {
        let model = ModelSettings {
            provider,
            base_url,
            model: model.map(str::to_owned),
            api_key_env: Some("FUSEWRIGHT_TEST_NO_SUCH_KEY".to_owned()),
            ..ModelSettings::default()
        };
        let options = DoctorOptions {
            root: "/".into(),
            settings: Settings { model, ..Settings::default() },
            problems: Vec::new(),
            home: Home::at("/"),
        };
        match examine(&options, &CancellationToken::new()).await {
            Some(check) => {
                format!("{:?}: {} -> {}", check.state, check.message, check.remedy.unwrap_or_default())
            }
            None => "nothing was asked".to_owned(),
        }
    }

    #[tokio::test]
    async fn each_way_in_which_a_model_is_not_there_has_its_remedy() {
        let server = MockServer::start().await;
        let models = json!({"data": [{"id": "small-coder-7b"}, {"id": "large-coder-70b"}]});
        Mock::given(path("/v1/models"))
            .respond_with(ResponseTemplate::new(200).set_body_json(models))
            .mount(&server)
            .await;
        let locked = MockServer::start().await;
        Mock::given(path("/v1/models")).respond_with(ResponseTemplate::new(401)).mount(&locked).await;
        let base = format!("{}/v1", server.uri());
        let said = [
            examined(None, Provider::Inductor, None).await,
            examined(Some(base.clone()), Provider::Openai, Some("small-coder-7b")).await,
            examined(Some(base.clone()), Provider::Openai, Some("smal-coder-7b")).await,
            examined(Some(base.clone()), Provider::Openai, None).await,
            examined(Some(server.uri()), Provider::Openai, None).await,
            examined(Some(format!("{}/v1", locked.uri())), Provider::Openai, None).await,
            examined(Some("ftp://models".to_owned()), Provider::Anthropic, None).await,
        ];
        let port = |server: &MockServer| server.address().to_string();
        let said = said.join("\n").replace(&port(&server), "SERVER").replace(&port(&locked), "LOCKED");
        insta::assert_snapshot!(said, @r#"
        nothing was asked
        Good: small-coder-7b at SERVER -> 
        Warning: SERVER answers, but does not list a model smal-coder-7b -> set `[model] model` to one that it lists, such as "small-coder-7b"
        Warning: SERVER answers, but no model is named -> set `[model] model`, to "small-coder-7b" for one
        Warning: SERVER answers with status 404 instead of its models -> mend `[model] base_url`, which mostly ends in `/v1`
        Warning: LOCKED wants a key, and $FUSEWRIGHT_TEST_NO_SUCH_KEY is not set -> export FUSEWRIGHT_TEST_NO_SUCH_KEY=… and start the program that needs it again
        Warning: `base_url = "ftp://models"` is no http or https address: it begins with `ftp:` -> write it like `base_url = "http://localhost:8000/v1"` under [model]
        "#);
    }
}
