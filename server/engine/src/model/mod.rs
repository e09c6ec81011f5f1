//! The language model that writes kernels: who it is, what it is asked, and what it answers.
//!
//! Two protocols over HTTP, a program, recorded files, and the editor's own model, which the front end reaches.
//! TorchInductor needs no model.
//!
//! Architecture Invariant: an answer is whole or it is an error. A stream that was cut, or that stopped at the
//! token limit, never becomes a kernel. Keys come from the caller's environment or the editor's secret store and
//! appear in no message, log or event.

mod answer;
mod command;
mod editor;
mod endpoint;
mod endpoint_error;
mod error;
mod fences;
mod http;
mod prompt;
mod reasoning;
mod receive;
mod recorded;
mod refusal;
mod retry;
mod secrets;
mod stream;
mod stream_fault;
mod whole;

pub(crate) use answer::looks_like_code;
pub use answer::{AnswerError, Wanted, find_code};
pub use editor::EditorModel;
pub use endpoint::Endpoint;
pub use endpoint_error::EndpointError;
pub use error::ModelError;
pub(crate) use fences::fenced_blocks;
pub use http::Limits;
pub use prompt::{Prompt, Purpose, Role, Turn};
pub use whole::find_pair;

use std::path::Path;
use std::sync::Arc;

use crate::config::{ModelSettings, Provider};
use crate::progress::CancellationToken;

/// A model that can be asked.
#[derive(Debug)]
pub struct Model(Kind);

#[derive(Debug)]
enum Kind {
    Http(Box<http::Http>),
    Command(command::Program),
    Recorded(recorded::Recorded),
    Editor(Arc<dyn EditorModel>),
}

/// Hears an answer as it comes. Calls must return at once.
pub trait Listener: Send + Sync {
    /// A piece of the answer.
    fn text(&self, piece: &str);
    /// A piece of the model's reasoning, where it is sent apart.
    fn thinking(&self, _piece: &str) {}
    /// The answer waits, and why: one sentence for the user.
    fn waiting(&self, why: &str);
}

/// Hears nothing.
#[derive(Debug, Clone, Copy, Default)]
pub struct Deaf;

impl Listener for Deaf {
    fn text(&self, _piece: &str) {}
    fn waiting(&self, _why: &str) {}
}

/// A whole answer.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Completion {
    /// What the model said, its reasoning left out where it was sent apart.
    pub text: String,
    /// The tokens used, where the provider tells.
    pub usage: Option<Usage>,
    /// What came where no text did.
    pub instead: Option<Instead>,
}

/// What a model may send instead of a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Instead {
    /// Its reasoning, which never came to an end or was taken for all there is.
    Reasoning,
    /// A call of a tool, by its name, although none was offered.
    Tool(String),
}

impl Completion {
    /// Why there is no code, where that is more than that there is no text.
    pub fn blame(&self, reason: AnswerError) -> AnswerError {
        match (&self.instead, reason) {
            (Some(Instead::Reasoning), AnswerError::Empty) => AnswerError::OnlyReasoning,
            (Some(Instead::Tool(name)), AnswerError::Empty) => AnswerError::ToolCall { name: name.clone() },
            (_, reason) => reason,
        }
    }
}

/// What an answer took, as the provider counts it.
#[derive(Debug, Clone, Copy, Default, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Usage {
    /// Tokens of the prompt.
    pub prompt: u64,
    /// Tokens of the answer, reasoning included.
    pub answer: u64,
    /// What it cost, in US dollars, where the provider or a gateway tells.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cost: Option<f64>,
}

impl std::fmt::Display for Usage {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "{} tokens in, {} out", self.prompt, self.answer)?;
        match self.cost {
            Some(cost) if cost > 0.0 && cost < 0.01 => write!(out, ", ${cost:.4}"),
            Some(cost) => write!(out, ", ${cost:.2}"),
            None => Ok(()),
        }
    }
}

impl Model {
    /// The model that the settings name, or `None` where the editor or TorchInductor answers. `variable` looks up
    /// an environment variable or a secret; relative paths are meant from `root`.
    pub fn of(
        settings: &ModelSettings,
        root: &Path,
        limits: Limits,
        variable: &dyn Fn(&str) -> Option<String>,
    ) -> Result<Option<Self>, ModelError> {
        let kind = match settings.provider {
            Provider::Openai | Provider::Anthropic => {
                let Some(endpoint) = Endpoint::of(settings, variable)? else { return Ok(None) };
                Kind::Http(Box::new(http::Http::new(endpoint, settings, limits)?))
            }
            Provider::Command => Kind::Command(command::Program::of(settings, root)?),
            Provider::Recorded => Kind::Recorded(recorded::Recorded::of(settings, root)?),
            Provider::Editor | Provider::Inductor => return Ok(None),
        };
        Ok(Some(Self(kind)))
    }

    /// The editor's own model.
    pub fn of_editor(editor: Arc<dyn EditorModel>) -> Self {
        Self(Kind::Editor(editor))
    }

    /// How provenance and progress name it: "small-coder-7b at localhost:8000".
    pub fn label(&self) -> String {
        match &self.0 {
            Kind::Http(http) => http.label(),
            Kind::Command(program) => program.label(),
            Kind::Recorded(recorded) => recorded.label(),
            Kind::Editor(editor) => editor.label(),
        }
    }

    /// The answer to a prompt. Cancelling ends the connection or the program at once.
    pub async fn complete(
        &self,
        prompt: &Prompt,
        listener: &dyn Listener,
        cancel: &CancellationToken,
    ) -> Result<Completion, ModelError> {
        let answer = async {
            match &self.0 {
                Kind::Http(http) => http.complete(prompt, listener).await,
                Kind::Command(program) => program.complete(prompt, listener).await,
                Kind::Recorded(recorded) => recorded.complete(prompt, listener),
                Kind::Editor(editor) => editor.complete(prompt, listener, cancel).await,
            }
        };
        tokio::select! {
            biased;
            () = cancel.cancelled() => Err(ModelError::Cancelled),
            answer = answer => answer,
        }
    }
}
