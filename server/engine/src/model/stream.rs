//! What the events of a streamed answer say. Pure: events in, pieces of the answer out.

mod anthropic;
mod openai;

use serde_json::Value;

use super::stream_fault::{StreamFault, error_in, reported, reported_whole};
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
            Dialect::OpenAi => self.openai_whole(answer)?,
            Dialect::Anthropic => self.anthropic_whole(answer),
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
