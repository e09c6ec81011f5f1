//! What is noted of the work: an idea or a task, what happened to it, and when.
//!
//! A draft is noted, whole, before its file is written: so no answer is lost, and a file is known for the loop's own by
//! its digest alone.

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::dataset::attempts::Message;
use crate::model::Usage;

/// What is worked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// A line of `fusion_ideas.txt`.
    Idea,
    /// A task that `generate_fusion_task.py` drew.
    Task,
}

/// An idea or a task, known by its text: the file of ideas may be edited, and numbers move.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub(super) struct Subject {
    /// What it is.
    pub kind: Kind,
    /// Its text.
    pub about: String,
}

/// One line of the journal.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Entry {
    /// When: UTC, as RFC 3339 writes it.
    pub time: String,
    /// What was worked at.
    #[serde(flatten)]
    pub subject: Subject,
    /// What happened.
    #[serde(flatten)]
    pub step: Step,
}

/// What happened to an idea or a task.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "step", rename_all = "lowercase")]
pub(super) enum Step {
    /// Work at it began.
    Begun {
        /// What tells this run over it from the next.
        run: String,
        /// How many attempts it may take.
        of: u32,
        /// Who writes.
        writer: String,
        /// The candidate's file, relative to the workspace's root.
        file: String,
        /// A task as it was drawn, whole; its first line is its text.
        #[serde(default, skip_serializing_if = "String::is_empty")]
        brief: String,
    },
    /// A candidate was written; its file follows.
    Written {
        /// The attempt's number, from 1.
        attempt: u32,
        /// The candidate.
        #[serde(flatten)]
        draft: Draft,
    },
    /// It is in the dataset.
    Archived {
        /// How many attempts it took.
        attempts: u32,
        /// The line of the dataset.
        line: u64,
        /// The sentence that describes it there.
        description: String,
        /// Whether another idea's example is the same code, so that no line was added.
        twin: bool,
    },
    /// A task's file was moved to the finished ones.
    Moved {
        /// How many attempts it took.
        attempts: u32,
        /// Where it lies now, relative to the workspace's root.
        to: String,
        /// The line of the dataset, where the settings let it in.
        line: Option<u64>,
    },
    /// It was given up.
    Abandoned {
        /// How many attempts were made.
        attempts: u32,
        /// Why, in a sentence.
        reason: String,
    },
    /// The user does not want it.
    Skipped,
    /// The user wants it done again, or after all.
    Reopened,
}

/// A candidate, and how it came to be.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Draft {
    /// The digest of the file's text.
    pub digest: String,
    /// The file's text.
    pub text: String,
    /// Who wrote it.
    pub writer: String,
    /// What the model was asked; `None` where no model was.
    pub prompt: Option<Vec<Message>>,
    /// What it answered.
    pub answer: String,
    /// The tokens that took, where the provider tells.
    pub usage: Option<Usage>,
    /// How long that took, in seconds.
    pub seconds: f64,
}

/// The digest that a candidate's file is known by.
pub(super) fn digest(text: &[u8]) -> String {
    format!("{:x}", Sha256::digest(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn idea(about: &str) -> Subject {
        Subject { kind: Kind::Idea, about: about.to_owned() }
    }

    #[test]
    fn an_entry_is_one_flat_object() {
        let step = Step::Abandoned { attempts: 3, reason: "wrong".to_owned() };
        let entry = Entry { time: "t".to_owned(), subject: idea("add, relu"), step };
        let line = serde_json::to_string(&entry).unwrap();
        assert_eq!(
            line,
            r#"{"time":"t","kind":"idea","about":"add, relu","step":"abandoned","attempts":3,"reason":"wrong"}"#
        );
        assert_eq!(serde_json::from_str::<Entry>(&line).unwrap(), entry);
        let draft = Draft {
            digest: digest(b"x"),
            text: "x".to_owned(),
            writer: String::new(),
            prompt: None,
            answer: String::new(),
            usage: None,
            seconds: 0.0,
        };
        let step = Step::Written { attempt: 1, draft };
        let entry = Entry { time: "t".to_owned(), subject: idea("a"), step };
        let line = serde_json::to_string(&entry).unwrap();
        assert_eq!(serde_json::from_str::<Entry>(&line).unwrap(), entry);
    }
}
