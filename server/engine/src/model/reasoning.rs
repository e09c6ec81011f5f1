//! Tells what a model thinks from what it answers, where its server sends both as one text.

/// How reasoning is marked: by the tags of models, and of their templates.
const TAGS: [(&str, &str); 8] = [
    ("<think>", "</think>"),
    ("<thinking>", "</thinking>"),
    ("<reasoning>", "</reasoning>"),
    ("<thought>", "</thought>"),
    ("<seed:think>", "</seed:think>"),
    ("[think]", "[/think]"),
    ("<|begin_of_thought|>", "<|end_of_thought|>"),
    ("◁think▷", "◁/think▷"),
];

/// Tokens that end a turn, which some servers let through.
const ENDS: [&str; 8] = [
    "<|im_end|>",
    "<|eot_id|>",
    "<|endoftext|>",
    "<|end_of_text|>",
    "<|return|>",
    "<|end|>",
    "<end_of_turn>",
    "</s>",
];

/// An answer without its reasoning.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Spoken {
    /// What was said.
    pub(super) text: String,
    /// What stands behind a tag that never closes: reasoning, or the answer too.
    pub(super) unclosed: Option<String>,
}

/// What an answer says once its reasoning is taken out. Lines end in line feeds.
pub(super) fn without_reasoning(answer: &str) -> Spoken {
    let mut text = last_channel(&answer.replace("\r\n", "\n"));
    let mut unclosed = None;
    for (open, close) in TAGS {
        while let Some(start) = find(&text, open) {
            let Some(length) = text.get(start..).and_then(|rest| find(rest, close)) else {
                unclosed = text.get(start + open.len()..).map(str::to_owned);
                text.truncate(start);
                break;
            };
            text.replace_range(start..start + length + close.len(), "");
        }
        // Some servers send the opening tag as part of the prompt.
        if let Some(end) = find(&text, close) {
            text.replace_range(..end + close.len(), "");
        }
    }
    for end in ENDS {
        text = text.replace(end, "");
    }
    Spoken { text, unclosed }
}

/// Where a tag stands, in whatever case.
fn find(text: &str, tag: &str) -> Option<usize> {
    text.to_ascii_lowercase().find(tag)
}

/// What is said in the channel for the user, where a text is cut into channels (Harmony, gpt-oss's format).
fn last_channel(text: &str) -> String {
    const FINAL: &str = "<|channel|>final<|message|>";
    const ANALYSIS: &str = "<|channel|>analysis<|message|>";
    match (text.rfind(FINAL), text.find(ANALYSIS)) {
        (Some(start), _) => text.get(start + FINAL.len()..).unwrap_or_default().to_owned(),
        (None, Some(start)) => {
            let (before, rest) = text.split_at(start);
            format!("{before}<think>{}", rest.get(ANALYSIS.len()..).unwrap_or_default())
        }
        (None, None) => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spoken(text: &str) -> (String, Option<String>) {
        let Spoken { text, unclosed } = without_reasoning(text);
        (text, unclosed)
    }

    #[test]
    fn reasoning_is_taken_out_however_it_is_marked() {
        let answers = [
            "<think>hm</think>code",
            "<think>hm</think><Thinking>no</Thinking>code",
            "hm</think>code",
            "[THINK]hm[/THINK]code",
            "<|begin_of_thought|>hm<|end_of_thought|>code",
            "◁think▷hm◁/think▷code",
            "<seed:think>hm</seed:think>code",
            "<|channel|>analysis<|message|>hm<|end|><|start|>assistant<|channel|>final<|message|>code<|return|>",
            "<think>\r\nhm\r\n</think>code<|im_end|>",
            "code</s>",
        ];
        for answer in answers {
            assert_eq!(spoken(answer), ("code".to_owned(), None), "{answer}");
        }
    }

    #[test]
    fn what_never_closes_is_kept_apart() {
        assert_eq!(spoken("<think>hm"), (String::new(), Some("hm".to_owned())));
        assert_eq!(spoken("code <think>hm"), ("code ".to_owned(), Some("hm".to_owned())));
        assert_eq!(spoken("<|channel|>analysis<|message|>hm"), (String::new(), Some("hm".to_owned())));
    }
}
