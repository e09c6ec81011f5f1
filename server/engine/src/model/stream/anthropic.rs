//! What Anthropic's messages say.

use serde_json::Value;

use super::{Decoder, Step};
use crate::model::stream_fault::StreamFault;

impl Decoder {
    /// What one event of a stream brings.
    pub(super) fn anthropic(&mut self, event: &Value) -> Result<Step, StreamFault> {
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

    /// The text of an answer that came as one object, if it has one, and why it ended.
    pub(super) fn anthropic_whole<'a>(&mut self, answer: &'a Value) -> (Option<String>, Option<&'a str>) {
        let blocks = answer.get("content").and_then(Value::as_array);
        let text = blocks
            .map(|blocks| blocks.iter().filter_map(|block| block.get("text")?.as_str()).collect::<String>());
        for block in blocks.into_iter().flatten() {
            self.reasoned |= block.get("thinking").is_some();
            self.anthropics_call(block);
        }
        (text, answer.get("stop_reason").and_then(Value::as_str))
    }

    fn anthropics_call(&mut self, block: &Value) {
        if block.get("type").and_then(Value::as_str) == Some("tool_use") {
            self.calls(block.get("name"));
        }
    }
}
