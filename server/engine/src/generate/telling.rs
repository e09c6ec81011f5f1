//! Tells how an answer comes along: its pieces, and a line with the writer, the tokens and the seconds.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::error::GenerateError;
use crate::model::{Completion, Listener, Model, ModelError, Prompt};
use crate::progress::{CancellationToken, Event, Progress};

/// How often the line is renewed.
const PERIOD: Duration = Duration::from_millis(500);
/// What a token is long, roughly: nobody tells their number before the answer is whole.
const CHARACTERS_A_TOKEN: usize = 4;

/// A whole answer and how long it took.
#[derive(Debug)]
pub(super) struct Answered {
    pub(super) completion: Completion,
    pub(super) seconds: f64,
}

/// Asks a model. `doing` is what the line begins with: "writing the kernel".
pub(super) async fn ask(
    model: &Model,
    prompt: &Prompt,
    doing: &str,
    progress: &dyn Progress,
    cancel: &CancellationToken,
) -> Result<Answered, GenerateError> {
    let telling =
        Telling { doing, writer: model.label(), progress, started: Instant::now(), heard: Mutex::default() };
    telling.tick();
    let mut answer = std::pin::pin!(model.complete(prompt, &telling, cancel));
    let mut clock = tokio::time::interval(PERIOD);
    let completion = loop {
        tokio::select! {
            biased;
            answer = &mut answer => break answer,
            _ = clock.tick() => telling.tick(),
        }
    };
    let completion = completion.map_err(|error| match error {
        ModelError::Cancelled => GenerateError::Cancelled,
        error => error.into(),
    })?;
    Ok(Answered { completion, seconds: telling.started.elapsed().as_secs_f64() })
}

struct Telling<'a> {
    doing: &'a str,
    writer: String,
    progress: &'a dyn Progress,
    started: Instant,
    heard: Mutex<Heard>,
}

/// How many characters came.
#[derive(Debug, Clone, Copy, Default)]
struct Heard {
    answer: usize,
    reasoning: usize,
}

impl Telling<'_> {
    fn heard(&self, add: impl FnOnce(&mut Heard)) -> Heard {
        let mut heard = self.heard.lock().unwrap_or_else(PoisonError::into_inner);
        add(&mut heard);
        *heard
    }

    fn tick(&self) {
        let heard = self.heard(|_| {});
        let (state, characters) = match heard {
            Heard { answer: 0, reasoning: 0 } => ("", 0),
            Heard { answer: 0, reasoning } => ("reasoning, ", reasoning),
            Heard { answer, reasoning } => ("", answer + reasoning),
        };
        let tokens = match characters.div_ceil(CHARACTERS_A_TOKEN) {
            0 => "waiting".to_owned(),
            1 => "1 token".to_owned(),
            tokens => format!("{tokens} tokens"),
        };
        let (doing, writer) = (self.doing, &self.writer);
        let seconds = self.started.elapsed().as_secs();
        let message = format!("{doing}: {writer}, {state}{tokens}, {seconds} s");
        self.progress.report(Event::Phase { message, percent: None });
    }
}

impl Listener for Telling<'_> {
    fn text(&self, piece: &str) {
        self.heard(|heard| heard.answer += piece.chars().count());
        self.progress.report(Event::Answer(piece.to_owned()));
    }

    fn thinking(&self, piece: &str) {
        self.heard(|heard| heard.reasoning += piece.chars().count());
    }

    fn waiting(&self, why: &str) {
        self.progress.report(Event::Note(why.to_owned()));
    }
}
