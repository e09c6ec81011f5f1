//! TorchInductor's kernel as a beginning for a model: had where it comes soon, and once for each reference.

use std::collections::HashMap;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use fusewright_pair::PairFile;
use sha2::{Digest, Sha256};
use tokio::sync::watch;
use tokio_util::sync::{CancellationToken, DropGuard};

use super::{Verifier, VerifyRequest, name, pair};
use crate::harness::{Harness, Options, Subject};
use crate::progress::Silent;

/// How long a model waits where the settings do not say it, and Python runs already.
const PATIENCE: Duration = Duration::from_secs(3);
/// How many references are remembered; whoever works at more asks again.
const MOST: usize = 256;

/// What came of asking TorchInductor.
#[derive(Debug, Clone)]
enum Outcome {
    Kernel(Arc<str>),
    /// It has none for this reference, and never will.
    Nothing,
    /// The harness ended before it answered.
    Lost,
}

type Answer = watch::Receiver<Option<Outcome>>;

/// What was asked so far, by reference. Dropping it ends what is still asked.
#[derive(Debug)]
pub(super) struct Hints {
    answers: Mutex<HashMap<[u8; 32], Answer>>,
    alive: CancellationToken,
    _end: DropGuard,
}

impl Default for Hints {
    fn default() -> Self {
        let alive = CancellationToken::new();
        Self { answers: Mutex::default(), _end: alive.clone().drop_guard(), alive }
    }
}

impl Hints {
    /// Ends what is still asked.
    pub(super) fn end(&self) {
        self.alive.cancel();
    }

    /// The answer for a subject that was asked about before, unless it was lost.
    fn known(&self, key: &[u8; 32]) -> Option<Answer> {
        let answers = self.answers.lock().unwrap_or_else(PoisonError::into_inner);
        answers.get(key).filter(|answer| !matches!(*answer.borrow(), Some(Outcome::Lost))).cloned()
    }

    /// Asks, without waiting for the answer.
    fn ask(&self, key: [u8; 32], harness: Arc<Harness>, subject: Subject, options: Options) -> Answer {
        let (sender, answer) = watch::channel(None);
        let mut answers = self.answers.lock().unwrap_or_else(PoisonError::into_inner);
        if answers.len() >= MOST {
            answers.clear();
        }
        answers.insert(key, answer.clone());
        drop(answers);
        let cancel = self.alive.child_token();
        tokio::spawn(async move {
            let outcome = match harness.inductor(&subject, &options, &Silent, &cancel).await {
                Ok(Ok(kernel)) => Outcome::Kernel(kernel.triton.into()),
                Ok(Err(_)) => Outcome::Nothing,
                Err(_) => Outcome::Lost,
            };
            // Nobody may wait for it any more.
            let _ = sender.send(Some(outcome));
        });
        answer
    }
}

impl Verifier {
    /// Has TorchInductor begin with the kernel of a pair's reference, if Python runs already and the settings want hints;
    /// [`Verifier::hint`] finds it later.
    pub fn begin_hint(&self, file: &Path, text: &Arc<str>) {
        if self.options.settings.model.inductor_hint_s == Some(0.0) {
            return;
        }
        // Whoever starts Python or ends it holds the lock, and then is no time for hints.
        let Ok(harness) = self.harness.try_lock() else { return };
        if let Some(harness) = harness.as_ref().filter(|harness| harness.is_open()) {
            let _ = self.asked(file, text, Arc::clone(harness));
        }
    }

    /// The kernel that TorchInductor has for a pair's reference, as far as the settings' patience reaches. Where they name
    /// none, a few seconds are waited if Python runs already, and none if it does not. What comes too late is kept for
    /// the next who asks.
    pub async fn hint(&self, file: &Path, text: &Arc<str>) -> Option<Arc<str>> {
        let named = self.options.settings.model.inductor_hint_s;
        let patience = match named {
            Some(seconds) => Duration::try_from_secs_f64(seconds).ok()?,
            None => PATIENCE,
        };
        if patience.is_zero() {
            return None;
        }
        let until = Instant::now() + patience;
        if named.is_none() {
            self.begin_hint(file, text);
        } else {
            let harness = self.harness(&Silent, &self.hints.alive);
            let harness = tokio::time::timeout_at(until.into(), harness).await.ok()?.ok()?;
            self.asked(file, text, harness);
        }
        let mut answer = self.hints.known(&key(&subject(file, text)?))?;
        let answered = tokio::time::timeout_at(until.into(), answer.wait_for(Option::is_some)).await;
        match answered.ok()?.ok()?.as_ref() {
            Some(Outcome::Kernel(kernel)) => Some(Arc::clone(kernel)),
            _ => None,
        }
    }

    fn asked(&self, file: &Path, text: &Arc<str>, harness: Arc<Harness>) -> Option<Answer> {
        let subject = subject(file, text)?;
        let key = key(&subject);
        let options = || self.harness_options(&VerifyRequest::new(file, Arc::clone(text)));
        Some(self.hints.known(&key).unwrap_or_else(|| self.hints.ask(key, harness, subject, options())))
    }
}

fn subject(file: &Path, text: &Arc<str>) -> Option<Subject> {
    pair::subject(&name(file), &PairFile::parse(Arc::clone(text))).ok()
}

/// What the kernel follows from: not where the code stands, nor what the file is called.
fn key(subject: &Subject) -> [u8; 32] {
    let Subject { python, test, main, entry, .. } = subject;
    let main = main.as_ref().map_or("", |main| &main.code);
    let mut digest = Sha256::new();
    for part in [&*python.code, &test.code, main, &entry.reference, &entry.candidate] {
        digest.update(part.len().to_le_bytes());
        digest.update(part);
    }
    digest.finalize().into()
}
