//! What chat completions say, as OpenAI and many others serve them.

use serde_json::Value;

use super::{Decoder, Step};
use crate::model::stream_fault::StreamFault;

impl Decoder {
    /// What one event of a stream brings.
    pub(super) fn openai(&mut self, event: &Value) -> Result<Step, StreamFault> {
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

    /// The text of an answer that came as one object, if it has one, and why it ended.
    pub(super) fn openai_whole<'a>(
        &mut self,
        answer: &'a Value,
    ) -> Result<(Option<String>, Option<&'a str>), StreamFault> {
        let choice = answer.pointer("/choices/0");
        if let Some(words) = choice.and_then(|choice| choice.pointer("/message/refusal")?.as_str()) {
            return Err(StreamFault::Declined(words.to_owned()));
        }
        let message = choice.and_then(|choice| choice.get("message"));
        let said = |name| {
            message.and_then(|message| message.get(name)?.as_str()).is_some_and(|text| !text.is_empty())
        };
        self.reasoned |= said("reasoning_content") || said("reasoning");
        self.calls(message.and_then(|message| message.pointer("/tool_calls/0/function/name")));
        let text = message.and_then(|message| {
            message.get("content").and_then(content).or_else(|| {
                // A message without a text is one, too: of reasoning, or of calls.
                Some(Said::default()).filter(|_| message.is_object())
            })
        });
        Ok((text.map(|said| said.text), choice.and_then(|choice| choice.get("finish_reason")?.as_str())))
    }
}

/// What a message says: its answer, and the reasoning that some services put between.
#[derive(Debug, Default)]
struct Said {
    text: String,
    reasoning: String,
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
