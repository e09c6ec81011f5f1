//! What the events of a streamed answer say. Pure: events in, pieces of the answer out.

use reqwest::StatusCode;
use serde_json::Value;

use super::error::ModelError;
use super::{Completion, Instead, Usage, refusal};

/// Which protocol an endpoint speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Dialect {
    /// Chat completions, as OpenAI and many others serve them.
    OpenAi,
    /// Anthropic's messages.
    Anthropic,
}

/// What one event brings.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// A piece of the answer, which may be empty: a sign of life.
    Text(String),
    /// A piece of the reasoning before it.
    Reasoning(String),
    /// The stream is complete.
    End,
}

/// Why a stream brings no answer; the caller knows who sent it.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum StreamFault {
    /// An event that is none.
    Malformed(String),
    /// The service reports a fault of its own: its status, as far as it is known, and its words.
    Reported { status: u16, said: String },
    /// The answer stopped at the token limit.
    Truncated,
    /// The model declines.
    Declined(String),
}

/// Follows one streamed answer.
#[derive(Debug)]
pub(super) struct Decoder {
    dialect: Dialect,
    usage: Option<Usage>,
    /// The service said why the answer ended, so it did end.
    finished: bool,
    reasoned: bool,
    /// The tool that is called, as far as its name has come.
    tool: Option<String>,
}

impl Decoder {
    pub(super) fn new(dialect: Dialect) -> Self {
        Self { dialect, usage: None, finished: false, reasoned: false, tool: None }
    }

    /// Takes one event's data.
    pub(super) fn take(&mut self, data: &str) -> Result<Step, StreamFault> {
        if self.dialect == Dialect::OpenAi && data.trim() == "[DONE]" {
            self.finished = true;
            return Ok(Step::End);
        }
        if data.trim().is_empty() {
            return Ok(Step::Text(String::new()));
        }
        let event: Value = serde_json::from_str(data)
            .map_err(|error| StreamFault::Malformed(format!("an event is no JSON ({error})")))?;
        if let Some(error) = error_in(&event) {
            return Err(reported(error));
        }
        let step = match self.dialect {
            Dialect::OpenAi => self.openai(&event),
            Dialect::Anthropic => self.anthropic(&event),
        }?;
        self.reasoned |= matches!(step, Step::Reasoning(_));
        Ok(step)
    }

    /// What an event named `error` says.
    pub(super) fn fault(data: &str) -> StreamFault {
        match serde_json::from_str::<Value>(data) {
            Ok(event) if event.is_object() => reported(error_in(&event).unwrap_or(&event)),
            _ => StreamFault::Reported { status: 500, said: data.to_owned() },
        }
    }

    /// What a stream ended with that is no event: the fault, or the whole answer, that some servers send there.
    pub(super) fn rest(&mut self, bytes: &[u8], begun: bool) -> Result<Option<String>, StreamFault> {
        let field =
            |line: &&str| ["data:", "event:", "id:", "retry:", ":"].iter().any(|name| line.starts_with(name));
        let text = String::from_utf8_lossy(bytes);
        let text = text.lines().filter(|line| !field(line)).collect::<Vec<_>>().join("\n");
        let text = text.trim();
        let Ok(answer) = serde_json::from_str::<Value>(text.strip_prefix("error:").unwrap_or(text)) else {
            return Ok(None);
        };
        let fault = error_in(&answer).or(text.starts_with("error:").then_some(&answer));
        if let Some(fault) = fault.filter(|_| begun) {
            return Err(reported(fault));
        }
        match self.take_whole(&answer) {
            Ok(text) => Ok(Some(text)),
            Err(StreamFault::Malformed(_)) => Ok(None),
            Err(fault) => Err(fault),
        }
    }

    /// The whole answer, or what came in its place.
    pub(super) fn completion(&mut self, text: String) -> Completion {
        let nothing = text.trim().is_empty();
        let tool = self.tool.take().map(Instead::Tool);
        let instead = tool.or(self.reasoned.then_some(Instead::Reasoning)).filter(|_| nothing);
        Completion { text, usage: self.usage, instead }
    }

    /// An answer that came as one JSON object, from a server that does not stream.
    pub(super) fn take_whole(&mut self, answer: &Value) -> Result<String, StreamFault> {
        if let Some(error) = error_in(answer) {
            return Err(reported_whole(error));
        }
        let (text, reason) = match self.dialect {
            Dialect::OpenAi => {
                let choice = answer.pointer("/choices/0");
                if let Some(words) = choice.and_then(|choice| choice.pointer("/message/refusal")?.as_str()) {
                    return Err(StreamFault::Declined(words.to_owned()));
                }
                let message = choice.and_then(|choice| choice.get("message"));
                let said = |name| {
                    message
                        .and_then(|message| message.get(name)?.as_str())
                        .is_some_and(|text| !text.is_empty())
                };
                self.reasoned |= said("reasoning_content") || said("reasoning");
                self.calls(message.and_then(|message| message.pointer("/tool_calls/0/function/name")));
                let text = message.and_then(|message| {
                    message.get("content").and_then(content).or_else(|| {
                        // A message without a text is one, too: of reasoning, or of calls.
                        Some(Said::default()).filter(|_| message.is_object())
                    })
                });
                let text = text.map(Said::text);
                (text, choice.and_then(|choice| choice.get("finish_reason")?.as_str()))
            }
            Dialect::Anthropic => {
                let blocks = answer.get("content").and_then(Value::as_array);
                let text = blocks.map(|blocks| {
                    blocks.iter().filter_map(|block| block.get("text")?.as_str()).collect::<String>()
                });
                for block in blocks.into_iter().flatten() {
                    self.reasoned |= block.get("thinking").is_some();
                    self.anthropics_call(block);
                }
                (text, answer.get("stop_reason").and_then(Value::as_str))
            }
        };
        self.count(answer.get("usage"));
        self.finish(reason)?;
        self.finished = true;
        text.ok_or_else(|| {
            let said = refusal::words(answer);
            let said = if said.is_empty() { said } else { format!(" but says: {said}") };
            StreamFault::Malformed(format!("its answer holds no message{said}"))
        })
    }

    /// Whether the answer is whole, so that the end of the connection is the end of the answer.
    pub(super) fn is_finished(&self) -> bool {
        self.finished
    }

    #[cfg(test)]
    fn usage(&self) -> Option<Usage> {
        self.usage
    }

    fn calls(&mut self, name: Option<&Value>) {
        if let Some(name) = name.and_then(Value::as_str) {
            self.tool.get_or_insert_default().push_str(name);
        }
    }

    fn anthropics_call(&mut self, block: &Value) {
        if block.get("type").and_then(Value::as_str) == Some("tool_use") {
            self.calls(block.get("name"));
        }
    }

    fn openai(&mut self, event: &Value) -> Result<Step, StreamFault> {
        self.count(event.get("usage"));
        let Some(choice) = event.pointer("/choices/0") else { return Ok(Step::Text(String::new())) };
        let said = |name| choice.pointer(name).and_then(Value::as_str).filter(|text| !text.is_empty());
        if let Some(words) = said("/delta/refusal") {
            return Err(StreamFault::Declined(words.to_owned()));
        }
        self.finish(choice.get("finish_reason").and_then(Value::as_str))?;
        self.calls(choice.pointer("/delta/tool_calls/0/function/name"));
        self.calls(choice.pointer("/delta/function_call/name"));
        // Some send the whole message in one event.
        let place = if choice.get("delta").is_some_and(Value::is_object) {
            "/delta/content"
        } else {
            "/message/content"
        };
        let said_so = choice.pointer(place).and_then(content).unwrap_or_default();
        // Servers disagree on the name.
        let reasoning = said("/delta/reasoning_content").or_else(|| said("/delta/reasoning"));
        Ok(match (said_so, reasoning) {
            (Said { text, .. }, _) if !text.is_empty() => Step::Text(text),
            (_, Some(reasoning)) => Step::Reasoning(reasoning.to_owned()),
            (Said { reasoning, .. }, None) if !reasoning.is_empty() => Step::Reasoning(reasoning),
            _ => Step::Text(String::new()),
        })
    }

    fn anthropic(&mut self, event: &Value) -> Result<Step, StreamFault> {
        self.count(event.pointer("/message/usage"));
        self.count(event.get("usage"));
        match event.get("type").and_then(Value::as_str) {
            Some("message_stop") => {
                self.finished = true;
                Ok(Step::End)
            }
            Some("content_block_start") => {
                if let Some(block) = event.get("content_block") {
                    self.anthropics_call(block);
                }
                let begun = event.pointer("/content_block/text").and_then(Value::as_str);
                Ok(Step::Text(begun.unwrap_or_default().to_owned()))
            }
            Some("content_block_delta") => {
                let said = |name| event.pointer(name).and_then(Value::as_str);
                Ok(match said("/delta/thinking") {
                    Some(reasoning) => Step::Reasoning(reasoning.to_owned()),
                    None => Step::Text(said("/delta/text").unwrap_or_default().to_owned()),
                })
            }
            Some("message_delta") => {
                self.finish(event.pointer("/delta/stop_reason").and_then(Value::as_str))?;
                Ok(Step::Text(String::new()))
            }
            Some(_) => Ok(Step::Text(String::new())),
            None => Err(StreamFault::Malformed("an event has no type".to_owned())),
        }
    }

    fn finish(&mut self, reason: Option<&str>) -> Result<(), StreamFault> {
        match reason.map(str::to_ascii_lowercase).as_deref() {
            // SGLang and Ollama say an empty reason with every piece; who took that for an end would cut the answer.
            None | Some("" | "null") => Ok(()),
            Some(
                "length" | "max_tokens" | "model_length" | "max_length" | "model_context_window_exceeded",
            ) => Err(StreamFault::Truncated),
            Some("content_filter" | "refusal" | "safety" | "sensitive" | "recitation") => {
                Err(StreamFault::Declined(String::new()))
            }
            // The service, or the one behind a gateway, broke off.
            Some(
                "error"
                | "abort"
                | "aborted"
                | "cancelled"
                | "network_error"
                | "timeout"
                | "insufficient_system_resource",
            ) => Err(StreamFault::Reported { status: 502, said: String::new() }),
            Some(_) => {
                // Anthropic's stream goes on to say that it is complete.
                self.finished |= self.dialect == Dialect::OpenAi;
                Ok(())
            }
        }
    }

    /// Adds what is told of tokens; services tell it in one event or in several, each with the sum so far.
    fn count(&mut self, usage: Option<&Value>) {
        let Some(usage) = usage.filter(|usage| usage.is_object()) else { return };
        let number = |names: [&str; 2]| names.iter().find_map(|name| usage.get(*name)?.as_u64());
        let known = self.usage.unwrap_or_default();
        self.usage = Some(Usage {
            prompt: number(["prompt_tokens", "input_tokens"]).unwrap_or(known.prompt),
            answer: number(["completion_tokens", "output_tokens"]).unwrap_or(known.answer),
            cost: usage.get("cost").and_then(Value::as_f64).or(known.cost),
        });
    }

    /// What the answer cost, as a gateway tells it beside the stream.
    pub(super) fn cost(&mut self, cost: Option<f64>) {
        if cost.is_some_and(f64::is_finite) {
            self.usage.get_or_insert_default().cost = cost;
        }
    }
}

/// What a message says: its answer, and the reasoning that some services put between.
#[derive(Debug, Default)]
struct Said {
    text: String,
    reasoning: String,
}

impl Said {
    fn text(self) -> String {
        self.text
    }
}

/// A message's content: a text, or parts that are texts or reasoning.
fn content(content: &Value) -> Option<Said> {
    if let Some(text) = content.as_str() {
        return Some(Said { text: text.to_owned(), ..Said::default() });
    }
    let mut said = Said::default();
    for part in content.as_array()? {
        let text = |part: &Value| part.get("text").and_then(Value::as_str).unwrap_or_default().to_owned();
        match part.get("thinking") {
            Some(Value::String(thinking)) => said.reasoning.push_str(thinking),
            Some(Value::Array(thoughts)) => said.reasoning.extend(thoughts.iter().map(text)),
            _ => said.text.push_str(&text(part)),
        }
    }
    Some(said)
}

/// The fault that an event or an answer is, if it is one: under `error`, or the whole object.
fn error_in(event: &Value) -> Option<&Value> {
    let whole = event.get("object").and_then(Value::as_str) == Some("error");
    let empty = |error: &Value| {
        error.is_null()
            || error == &Value::Bool(false)
            || error.as_str() == Some("")
            || error.as_object().is_some_and(serde_json::Map::is_empty)
    };
    // A gateway may wrap even the object.
    let event = event.get(0).unwrap_or(event);
    event.get("error").filter(|error| !empty(error)).or(whole.then_some(event))
}

/// A fault that the service reports in the stream, once the status of its response was sent.
fn reported(error: &Value) -> StreamFault {
    let status = refusal::status(error).or_else(|| status_of_kind(error)).unwrap_or(500);
    StreamFault::Reported { status, said: refusal::words(error) }
}

/// The same where it is all that came, although the status said that all is well.
fn reported_whole(error: &Value) -> StreamFault {
    let status = refusal::status(error).or_else(|| status_of_kind(error)).unwrap_or(200);
    StreamFault::Reported { status, said: refusal::words(error) }
}

fn status_of_kind(error: &Value) -> Option<u16> {
    Some(match error.get("type").and_then(Value::as_str)? {
        "overloaded_error" => super::retry::OVERLOADED,
        "rate_limit_error" | "rate_limit_exceeded" => 429,
        "invalid_request_error" => 400,
        "authentication_error" => 401,
        "billing_error" | "insufficient_quota" => 402,
        "permission_error" => 403,
        "not_found_error" => 404,
        "request_too_large" => 413,
        "timeout_error" => 504,
        "api_error" | "server_error" => 500,
        _ => return None,
    })
}

impl StreamFault {
    /// The error for the user; `said` puts the service's own words after a colon.
    pub(super) fn into_error(self, host: String, said: impl Fn(&str) -> String) -> ModelError {
        match self {
            Self::Malformed(detail) => ModelError::Malformed { host, detail },
            Self::Truncated => ModelError::Truncated,
            Self::Declined(words) => ModelError::Declined { said: said(&words) },
            Self::Reported { status, said: words } => {
                let said = said(&words);
                if StatusCode::from_u16(status).is_ok_and(super::retry::passes) {
                    let advice = "; it broke off in the middle of its answer: ask again later".to_owned();
                    return ModelError::Busy { host, status, said, advice };
                }
                ModelError::Rejected { host, status, said }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn followed(dialect: Dialect, events: &[&str]) -> (Result<String, StreamFault>, Decoder) {
        let mut decoder = Decoder::new(dialect);
        let mut text = String::new();
        for event in events {
            match decoder.take(event) {
                Ok(Step::Text(piece)) => text.push_str(&piece),
                Ok(Step::Reasoning(piece)) => assert_eq!(piece, "hm"),
                Ok(Step::End) => break,
                Err(fault) => return (Err(fault), decoder),
            }
        }
        (Ok(text), decoder)
    }

    #[test]
    fn an_openai_stream_is_followed() {
        let (text, decoder) = followed(
            Dialect::OpenAi,
            &[
                r#"{"choices":[{"delta":{"role":"assistant","content":""}}]}"#,
                r#"{"choices":[{"delta":{"reasoning_content":"hm"}}]}"#,
                r#"{"choices":[{"delta":{"content":"im"},"finish_reason":null}]}"#,
                r#"{"choices":[{"delta":{"content":"port"},"finish_reason":"stop"}]}"#,
                r#"{"choices":[],"usage":{"prompt_tokens":7,"completion_tokens":2,"cost":0.0021}}"#,
                "[DONE]",
            ],
        );
        assert_eq!(text.unwrap(), "import");
        assert!(decoder.is_finished());
        assert_eq!(decoder.usage(), Some(Usage { prompt: 7, answer: 2, cost: Some(0.0021) }));
    }

    #[test]
    fn an_anthropic_stream_is_followed() {
        let start = r#"{"type":"message_start","message":{"usage":{"input_tokens":9,"output_tokens":1}}}"#;
        let events = [
            start,
            r#"{"type":"ping"}"#,
            r#"{"type":"content_block_delta","delta":{"type":"thinking_delta","thinking":"hm"}}"#,
            r#"{"type":"content_block_delta","delta":{"type":"text_delta","text":"import"}}"#,
            r#"{"type":"message_delta","delta":{"stop_reason":"end_turn"},"usage":{"output_tokens":5}}"#,
            r#"{"type":"message_stop"}"#,
        ];
        let (text, decoder) = followed(Dialect::Anthropic, &events);
        assert_eq!(text.unwrap(), "import");
        assert!(decoder.is_finished());
        assert_eq!(decoder.usage(), Some(Usage { prompt: 9, answer: 5, cost: None }));
        let (_, cut) = followed(Dialect::Anthropic, &events[..5]);
        assert!(!cut.is_finished(), "the stream did not say that it was complete");
    }

    #[test]
    fn a_stream_without_an_end_is_not_finished() {
        let (text, decoder) = followed(Dialect::OpenAi, &[r#"{"choices":[{"delta":{"content":"im"}}]}"#]);
        assert_eq!(text.unwrap(), "im");
        assert!(!decoder.is_finished());
    }

    #[test]
    fn every_fault_in_a_stream_is_told_apart() {
        let fault = |dialect, event| followed(dialect, &[event]).0.unwrap_err();
        assert_eq!(
            fault(Dialect::OpenAi, r#"{"choices":[{"delta":{},"finish_reason":"length"}]}"#),
            StreamFault::Truncated
        );
        assert_eq!(
            fault(Dialect::Anthropic, r#"{"type":"message_delta","delta":{"stop_reason":"refusal"}}"#),
            StreamFault::Declined(String::new())
        );
        assert_eq!(
            fault(
                Dialect::Anthropic,
                r#"{"type":"error","error":{"type":"overloaded_error","message":"later"}}"#
            ),
            StreamFault::Reported { status: 529, said: "later".to_owned() }
        );
        assert_eq!(
            fault(Dialect::OpenAi, r#"{"error":{"code":503,"message":"loading"}}"#),
            StreamFault::Reported { status: 503, said: "loading".to_owned() }
        );
        assert!(matches!(fault(Dialect::OpenAi, "{"), StreamFault::Malformed(_)));
        assert!(matches!(fault(Dialect::Anthropic, "{}"), StreamFault::Malformed(_)));
    }

    #[test]
    fn an_answer_in_one_piece_is_read_too() {
        let whole =
            |dialect, text: &str| Decoder::new(dialect).take_whole(&serde_json::from_str(text).unwrap());
        let openai = r#"{"choices":[{"message":{"content":"code"},"finish_reason":"stop"}]}"#;
        assert_eq!(whole(Dialect::OpenAi, openai).unwrap(), "code");
        let anthropic = r#"{"content":[{"type":"text","text":"co"},{"type":"text","text":"de"}],"stop_reason":"end_turn"}"#;
        assert_eq!(whole(Dialect::Anthropic, anthropic).unwrap(), "code");
        assert!(matches!(whole(Dialect::OpenAi, "{}"), Err(StreamFault::Malformed(_))));
        assert_eq!(
            whole(Dialect::OpenAi, r#"{"choices":[{"message":{"content":"c"},"finish_reason":"length"}]}"#),
            Err(StreamFault::Truncated)
        );
    }
}
