//! What an endpoint says where it does not answer. Pure: its words in, what they mean out.
//!
//! Every server puts its reasons elsewhere: under `error`, `message` or `detail`, as a text, an object or a list, and
//! gateways wrap those of the service behind them.

use std::time::Duration;

use serde_json::Value;

/// Fields of a request that not every server of the protocol takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Field {
    /// Asks for the token count at the end of the stream.
    StreamOptions,
    /// Newer models want it under another name.
    MaxTokens,
    /// Reasoning models have none.
    Temperature,
    /// The templates of some open models know a user and an assistant alone.
    SystemRole,
    /// Some accounts may not have a model's answers streamed.
    Stream,
}

impl Field {
    const ALL: [Self; 5] =
        [Self::StreamOptions, Self::MaxTokens, Self::Temperature, Self::SystemRole, Self::Stream];

    /// The fields that a refusal is about, by its whole text.
    pub(super) fn blamed(refusal: &str) -> impl Iterator<Item = Self> {
        let text = refusal.to_ascii_lowercase();
        Self::ALL.into_iter().filter(move |field| field.is_blamed(&text))
    }

    fn is_blamed(self, text: &str) -> bool {
        let any = |words: &[&str]| words.iter().any(|word| text.contains(word));
        match self {
            Self::StreamOptions => text.contains("stream_options"),
            Self::MaxTokens => text.contains("max_tokens"),
            Self::Temperature => text.contains("temperature"),
            Self::SystemRole => text.contains("role") && any(&["system", "must alternate", "only user"]),
            Self::Stream => {
                any(&["stream this model", "\"param\":\"stream\"", "\"param\": \"stream\"", "'stream'"])
            }
        }
    }
}

/// The words of a refusal, without what they are wrapped in; nothing where it has none.
pub(super) fn words(answer: &Value) -> String {
    // Some wrap even the object.
    let answer = answer.get(0).unwrap_or(answer);
    let error = answer.get("error").filter(|error| !error.is_null()).unwrap_or(answer);
    let said = ["message", "detail", "error_description"].iter().find_map(|name| error.get(name));
    let said = said.map_or_else(|| plain(error), plain);
    // A gateway says that somebody else refused; who did, says why.
    let behind = error.pointer("/metadata/raw").map(inner).filter(|words| !said.contains(words.as_str()));
    let parts = [Some(said), behind].into_iter().flatten().filter(|words| !words.is_empty());
    parts.collect::<Vec<_>>().join(": ")
}

/// A text, or the faults of a validation.
fn plain(said: &Value) -> String {
    match said {
        Value::String(text) => text.clone(),
        Value::Array(faults) => faults.iter().map(fault).collect::<Vec<_>>().join("; "),
        Value::Object(object) => object.get("detail").map(plain).unwrap_or_default(),
        _ => String::new(),
    }
}

/// One fault of a validation: the field, and what is wrong with it.
fn fault(fault: &Value) -> String {
    let said = ["msg", "message"].iter().find_map(|name| fault.get(name)?.as_str());
    let place = fault.get("loc").and_then(Value::as_array).and_then(|place| place.last()?.as_str());
    let place = place.filter(|place| *place != "body");
    match (place, said.or_else(|| fault.as_str())) {
        (Some(place), Some(said)) => format!("{place}: {said}"),
        (None, Some(said)) => said.to_owned(),
        (_, None) => String::new(),
    }
}

/// What the service behind a gateway said: JSON within a text, an object, or words.
fn inner(raw: &Value) -> String {
    match raw {
        Value::String(text) => serde_json::from_str::<Value>(text)
            .ok()
            .filter(|value| value.is_object() || value.is_array())
            .map_or_else(|| text.clone(), |value| words(&value)),
        other => words(other),
    }
}

/// The status that a fault names, as a number or as digits.
pub(super) fn status(error: &Value) -> Option<u16> {
    let code = ["code", "status", "status_code"].iter().find_map(|name| {
        let code = error.get(name)?;
        code.as_u64().or_else(|| code.as_str()?.parse().ok())
    });
    code.and_then(|code| u16::try_from(code).ok()).filter(|code| (400..600).contains(code))
}

/// Whether a refusal says that somebody has to pay first: to ask again is of no use, whatever the status says.
pub(super) fn wants_money(refusal: &str) -> bool {
    ["insufficient_quota", "billing_hard_limit", "billing_not_active", "insufficient_user_quota"]
        .iter()
        .any(|code| refusal.contains(code))
}

/// The wait that a refusal asks for in words: `try again in 7.66s`, `in 1m2s`, `"retryDelay": "31s"`.
pub(super) fn asked_wait(refusal: &str) -> Option<Duration> {
    let text = refusal.to_ascii_lowercase();
    ["try again in ", "retry in ", "retry after ", "retrydelay\":\"", "retrydelay\": \""].iter().find_map(
        |lead| {
            let rest = text.get(text.find(lead)? + lead.len()..)?;
            duration(rest)
        },
    )
}

/// A duration at the start of a text: numbers, each with its unit.
fn duration(text: &str) -> Option<Duration> {
    let mut rest = text;
    let mut seconds = None;
    loop {
        let digits = rest.find(|character: char| !character.is_ascii_digit() && character != '.');
        let (number, tail) = rest.split_at(digits.unwrap_or(rest.len()));
        let Ok(number) = number.trim_end_matches('.').parse::<f64>() else { break };
        let tail = tail.trim_start_matches(' ');
        let letters = tail.find(|character: char| !character.is_ascii_alphabetic()).unwrap_or(tail.len());
        let (unit, tail) = tail.split_at(letters);
        let scale = match unit {
            "ms" | "millisecond" | "milliseconds" => 1e-3,
            "s" | "sec" | "second" | "seconds" => 1.0,
            "m" | "min" | "minute" | "minutes" => 60.0,
            "h" | "hour" | "hours" => 3600.0,
            _ => break,
        };
        seconds = Some(seconds.unwrap_or(0.0) + number * scale);
        rest = tail;
    }
    Duration::try_from_secs_f64(seconds?).ok()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn words_are_found_wherever_a_server_puts_them() {
        let cases = [
            (json!({"error": {"message": "bad", "type": "x"}}), "bad"),
            (json!({"error": "no such model"}), "no such model"),
            (json!({"object": "error", "message": "too long", "code": 400}), "too long"),
            (json!({"detail": "Not Found"}), "Not Found"),
            (
                json!({"detail": [{"loc": ["body", "stream_options"], "msg": "Extra inputs are not permitted"}]}),
                "stream_options: Extra inputs are not permitted",
            ),
            (
                json!({"object": "error", "message": {"detail": [{"loc": ["body", "top"], "msg": "no"}]}}),
                "top: no",
            ),
            (json!([{"error": {"code": 400, "message": "API key not valid"}}]), "API key not valid"),
            (
                json!({"error": {"message": "Provider returned error", "metadata": {"raw": "{\"error\":{\"message\":\"'temperature' is not supported\"}}"}}}),
                "Provider returned error: 'temperature' is not supported",
            ),
            (json!({"error": {"message": "behind", "metadata": {"raw": "behind"}}}), "behind"),
            (json!({"success": false, "message": "quota is used up"}), "quota is used up"),
            (json!({"error": {}}), ""),
            (json!({}), ""),
            (json!(null), ""),
        ];
        for (answer, expected) in cases {
            assert_eq!(words(&answer), expected, "{answer}");
        }
    }

    #[test]
    fn what_a_refusal_is_about_is_recognised() {
        let cases: [(&str, &[Field]); 10] = [
            (
                "Unsupported parameter: 'max_tokens' is not supported with this model. Use 'max_completion_tokens' instead.",
                &[Field::MaxTokens],
            ),
            (
                "Unsupported value: 'temperature' does not support 0.2 with this model. Only the default (1) value is supported.",
                &[Field::Temperature],
            ),
            ("System role not supported", &[Field::SystemRole]),
            ("Conversation roles must alternate user/assistant/user/assistant/...", &[Field::SystemRole]),
            ("Only user and assistant roles are supported!", &[Field::SystemRole]),
            (
                "Unsupported value: 'messages[0].role' does not support 'system' with this model.",
                &[Field::SystemRole],
            ),
            ("Your organization must be verified to stream this model.", &[Field::Stream]),
            (
                r#"{"loc":["body","stream_options"],"msg":"Extra inputs are not permitted"}"#,
                &[Field::StreamOptions],
            ),
            (
                "litellm.UnsupportedParamsError: o1 does not support parameters: ['temperature']",
                &[Field::Temperature],
            ),
            ("This model's maximum context length is 8192 tokens.", &[]),
        ];
        for (text, fields) in cases {
            assert_eq!(Field::blamed(text).collect::<Vec<_>>(), fields, "{text}");
        }
    }

    #[test]
    fn a_wait_is_read_out_of_words() {
        let wait = |text| asked_wait(text).map(|wait| wait.as_millis());
        assert_eq!(wait("Rate limit reached. Please try again in 7.66s. Visit"), Some(7660));
        assert_eq!(wait("Please try again in 1m2.5s."), Some(62_500));
        assert_eq!(wait("please try again in 250ms"), Some(250));
        assert_eq!(wait("Please retry after 3 seconds."), Some(3000));
        assert_eq!(wait(r#"{"@type":"RetryInfo","retryDelay": "31s"}"#), Some(31_000));
        assert_eq!(wait("try again in a while"), None);
        assert_eq!(wait("try again in 99999999999999999999999h"), None);
        assert_eq!(wait("try again in ..s"), None);
        assert_eq!(wait("Überlastet"), None);
    }

    #[test]
    fn a_status_may_be_digits() {
        assert_eq!(status(&json!({"code": "401"})), Some(401));
        assert_eq!(status(&json!({"code": 429})), Some(429));
        assert_eq!(status(&json!({"code": "server_error"})), None);
        assert_eq!(status(&json!({"code": 7})), None);
    }
}
