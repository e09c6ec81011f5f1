//! `fusewright/complete`: the client's own language model answers a prompt.
//!
//! The request carries an id of ours; what the model says comes in `fusewright/completePiece` notifications under
//! that id, and the response ends it. `$/cancelRequest` with the request's id, which is the same, takes it back.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use fusewright_engine::model::{Completion, Limits, Listener, ModelError, Prompt};
use fusewright_engine::progress::CancellationToken;
use serde::{Deserialize, Serialize};
use serde_json::json;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::time::Instant;
use tower_lsp::jsonrpc::{ErrorCode, Request, Response};
use tower_lsp::ls_types::notification::Notification;
use tower_lsp::{Client, ExitedError};
use tower_service::Service;

use crate::lsp::session::Session;

const METHOD: &str = "fusewright/complete";
/// More than any kernel takes, in bytes.
const LONGEST_ANSWER: usize = 1 << 20;

/// What the client is asked.
#[derive(Debug, Serialize)]
struct Params<'a> {
    id: &'a str,
    /// The model that the settings name.
    #[serde(skip_serializing_if = "Option::is_none")]
    model: Option<&'a str>,
    messages: Vec<Message<'a>>,
}

#[derive(Debug, Serialize)]
struct Message<'a> {
    role: &'static str,
    text: &'a str,
}

/// What the client answers.
#[derive(Debug, Deserialize)]
struct Answer {
    /// The model that answered.
    #[serde(default)]
    model: Option<String>,
    /// The whole answer, where the client does not rely on its pieces.
    #[serde(default)]
    text: Option<String>,
}

/// The notification that carries a piece of an answer.
#[derive(Debug)]
pub(crate) enum CompletePiece {}

impl Notification for CompletePiece {
    type Params = Piece;
    const METHOD: &'static str = "fusewright/completePiece";
}

/// A piece of an answer, or a sign of life.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Piece {
    /// The request that it answers.
    pub(crate) id: String,
    /// What the model said since the last piece.
    #[serde(default)]
    pub(crate) text: String,
    /// The model that answers, as soon as the client has chosen it.
    #[serde(default)]
    pub(crate) model: Option<String>,
    /// What the answer waits for: one sentence for the user.
    #[serde(default)]
    pub(crate) waiting: Option<String>,
}

/// The prompts that the client is answering.
#[derive(Debug, Default)]
pub(crate) struct Completions {
    open: Mutex<HashMap<String, UnboundedSender<Piece>>>,
    next: AtomicU64,
}

impl Completions {
    /// Hands a piece to whoever waits for it; one that comes too late is dropped.
    pub(crate) fn take(&self, piece: Piece) {
        if let Some(waiting) = self.open().get(&piece.id) {
            // Whoever waited may have given up this moment.
            let _ = waiting.send(piece);
        }
    }

    fn open(&self) -> MutexGuard<'_, HashMap<String, UnboundedSender<Piece>>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A prompt under way. Dropped before it was answered, it is taken back from the client.
struct Asked {
    session: Arc<Session>,
    id: String,
    pieces: UnboundedReceiver<Piece>,
    answered: bool,
}

impl Asked {
    fn enter(session: &Arc<Session>) -> Self {
        let number = session.completions.next.fetch_add(1, Ordering::Relaxed);
        let id = format!("fusewright-complete-{number}");
        let (sender, pieces) = unbounded_channel();
        session.completions.open().insert(id.clone(), sender);
        Self { session: session.clone(), id, pieces, answered: false }
    }
}

impl Drop for Asked {
    fn drop(&mut self) {
        self.session.completions.open().remove(&self.id);
        if !self.answered {
            // By the way of the requests, so that it cannot overtake the one that it takes back.
            let mut client: Client = self.session.client.clone();
            let cancel = Request::build("$/cancelRequest").params(json!({"id": self.id})).finish();
            self.session.detach(async move { client.call(cancel).await });
        }
    }
}

/// Has the client's model answer a prompt. `named` learns the model's name as soon as it is known.
pub(crate) async fn complete(
    session: &Arc<Session>,
    model: Option<&str>,
    prompt: &Prompt,
    limits: Limits,
    (listener, named): (&dyn Listener, &(dyn Fn(String) + Send + Sync)),
    cancel: &CancellationToken,
) -> Result<Completion, ModelError> {
    let mut asked = Asked::enter(session);
    let mut client: Client = session.client.clone();
    let mut response = client.call(request(&asked.id, model, prompt)?);
    let mut text = String::new();
    let mut limit = limits.first;
    let mut end = Instant::now() + limit;
    let answer = loop {
        tokio::select! {
            biased;
            () = cancel.cancelled() => return Err(ModelError::Cancelled),
            Some(piece) = asked.pieces.recv() => {
                take(piece, &mut text, listener, named)?;
                if !text.is_empty() {
                    limit = limits.silence;
                }
                end = Instant::now() + limit;
            }
            answer = &mut response => break answer,
            () = tokio::time::sleep_until(end) => {
                let what = if text.is_empty() { "no answer" } else { "nothing more" };
                return Err(ModelError::Silent { host: HOST.to_owned(), what, limit });
            }
        }
    };
    asked.answered = true;
    while let Ok(piece) = asked.pieces.try_recv() {
        take(piece, &mut text, listener, named)?;
    }
    let answer = read(answer)?;
    if let Some(model) = answer.model {
        named(model);
    }
    match answer.text {
        Some(whole) if whole.len() > LONGEST_ANSWER => Err(too_long()),
        Some(whole) => {
            if text.is_empty() {
                listener.text(&whole);
            }
            Ok(Completion { text: whole, ..Completion::default() })
        }
        None => Ok(Completion { text, ..Completion::default() }),
    }
}

/// How messages name who answers.
const HOST: &str = "the editor";

fn request(id: &str, model: Option<&str>, prompt: &Prompt) -> Result<Request, ModelError> {
    let system = Message { role: "system", text: &prompt.system };
    let turns = prompt.turns.iter().map(|turn| Message { role: turn.role.word(), text: &turn.text });
    let messages = std::iter::once(system).chain(turns).collect();
    let params = serde_json::to_value(Params { id, model, messages })
        .map_err(|error| ModelError::Editor(format!("the prompt could not be written: {error}")))?;
    Ok(Request::build(METHOD).id(id.to_owned()).params(params).finish())
}

fn take(
    piece: Piece,
    text: &mut String,
    listener: &dyn Listener,
    named: &(dyn Fn(String) + Send + Sync),
) -> Result<(), ModelError> {
    if let Some(model) = piece.model {
        named(model);
    }
    if let Some(why) = &piece.waiting {
        listener.waiting(why);
    }
    if !piece.text.is_empty() {
        listener.text(&piece.text);
        text.push_str(&piece.text);
    }
    if text.len() > LONGEST_ANSWER { Err(too_long()) } else { Ok(()) }
}

fn too_long() -> ModelError {
    ModelError::TooLong { who: "the editor's model".to_owned() }
}

fn read(answer: Result<Option<Response>, ExitedError>) -> Result<Answer, ModelError> {
    let Ok(Some(response)) = answer else { return Err(ModelError::Cancelled) };
    match response.into_parts().1 {
        Ok(value) => serde_json::from_value(value)
            .map_err(|error| ModelError::Malformed { host: HOST.to_owned(), detail: error.to_string() }),
        Err(error) if error.code == ErrorCode::MethodNotFound => Err(no_model()),
        Err(error) if error.code == ErrorCode::RequestCancelled => Err(ModelError::Cancelled),
        Err(error) => Err(ModelError::Editor(error.message.into_owned())),
    }
}

/// The client has no model.
pub(crate) fn no_model() -> ModelError {
    ModelError::Editor(
        "this editor hands no language model on: name another `provider` under [model], such as \"openai\" or \"inductor\""
            .to_owned(),
    )
}
