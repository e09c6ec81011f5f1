//! What a model is asked.

/// A conversation that ends with a turn of the user's.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Prompt {
    /// The standing instructions.
    pub system: String,
    /// What was said since, in order.
    pub turns: Vec<Turn>,
    /// What is worked at, as recorded answers name it: the file's or the idea's slug.
    pub subject: String,
    /// Which attempt this is, from 1; for an analysis, the one that failed.
    pub attempt: u32,
    /// What the answer is for.
    pub purpose: Purpose,
}

/// What an answer is for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Purpose {
    /// Code.
    #[default]
    Code,
    /// The analysis of a failure.
    Analysis,
}

/// One turn of a conversation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Turn {
    /// Who speaks.
    pub role: Role,
    /// What is said.
    pub text: String,
}

/// Who speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// The one who asks.
    User,
    /// The model.
    Assistant,
}

impl Role {
    /// The word that both protocols use.
    pub fn word(self) -> &'static str {
        match self {
            Self::User => "user",
            Self::Assistant => "assistant",
        }
    }
}

impl Prompt {
    /// The whole conversation as one text, for a program that reads one.
    pub fn as_text(&self) -> String {
        let mut text = self.system.trim_end().to_owned();
        for turn in &self.turns {
            let heading = match turn.role {
                Role::User => "",
                Role::Assistant => "Your last answer was:\n\n",
            };
            text.push_str("\n\n");
            text.push_str(heading);
            text.push_str(turn.text.trim_end());
        }
        text.push('\n');
        text
    }
}
