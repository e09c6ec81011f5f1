//! A running harness: sends requests, sorts the answers by request, notices when it dies or falls silent.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::{Map, Value};
use tokio::sync::{Notify, mpsc};
use tokio::time::Instant;

use super::connection::{Shared, State, keep_log, read_messages, watch, write_requests};
use super::error::HarnessError;
use super::launch::Launch;
use super::protocol::{Compiled, InductorKernel, Message, Options, Pair, Request, Subject, Unwritten};
use super::spawn;
use crate::progress::{CancellationToken, Event, Progress};
use crate::verdict::VerdictLine;

/// The limits that the engine holds the harness to.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// From its start until it listens.
    pub start: Duration,
    /// What it may be silent for beyond a pair's own time limit.
    pub margin: Duration,
    /// What it may take to end once it was told to.
    pub stop: Duration,
    /// The longest line it may send, in bytes.
    pub line: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            start: Duration::from_mins(2),
            margin: Duration::from_mins(1),
            stop: Duration::from_secs(3),
            line: 64 << 20,
        }
    }
}

/// A harness process. Dropping it kills the process and everything below it.
#[derive(Debug)]
pub struct Harness {
    shared: Arc<Shared>,
    /// `None` once it was told to stop: the end of its input is the sign.
    requests: Option<mpsc::UnboundedSender<Vec<u8>>>,
    next_id: AtomicU64,
    process: u32,
    limits: Limits,
}

impl Harness {
    /// Starts a harness and waits until it listens.
    pub async fn start(
        launch: &Launch,
        limits: Limits,
        cancel: &CancellationToken,
    ) -> Result<Self, HarnessError> {
        let described = || launch.description.clone();
        let start =
            |cause: &std::io::Error| HarnessError::Start { what: described(), cause: cause.to_string() };
        let mut child = spawn::spawn(launch).await.map_err(|error| start(&error))?;
        let process = child.id().unwrap_or_default();
        let (Some(stdin), Some(stdout), Some(stderr)) =
            (child.stdin().take(), child.stdout().take(), child.stderr().take())
        else {
            return Err(start(&std::io::Error::other("its streams are not connected")));
        };
        let shared = Arc::new(Shared {
            state: Mutex::new(State::Open { waiting: HashMap::new(), heard: Instant::now() }),
            log: Mutex::default(),
            exited: AtomicBool::new(false),
            exit: Notify::new(),
            description: described(),
        });
        let (requests, queue) = mpsc::unbounded_channel();
        let (ready, mut is_ready) = mpsc::unbounded_channel();
        tokio::spawn(write_requests(stdin, queue));
        let logging = tokio::spawn(keep_log(stderr, Arc::clone(&shared)));
        let reading = tokio::spawn(read_messages(stdout, Arc::clone(&shared), ready, limits.line));
        tokio::spawn(watch(child, Arc::clone(&shared), logging, reading));

        let harness = Self { shared, requests: Some(requests), next_id: AtomicU64::new(1), process, limits };
        harness.send(launch.preamble.clone());
        let answer = tokio::select! {
            () = cancel.cancelled() => return Err(HarnessError::Cancelled),
            answer = tokio::time::timeout(limits.start, is_ready.recv()) => answer,
        };
        match answer {
            Ok(Some(())) => Ok(harness),
            Ok(None) => Err(harness.why_closed().await),
            Err(_) => Err(HarnessError::NotReady {
                what: described(),
                seconds: limits.start.as_secs(),
                log: harness.shared.log().text(),
            }),
        }
    }

    /// Whether it still answers.
    pub fn is_open(&self) -> bool {
        matches!(*self.shared.state(), State::Open { .. })
    }

    /// Judges a pair. `first` is called with the verdict while phases are pending.
    pub async fn verify(
        &self,
        pair: &Pair,
        options: &Options,
        progress: &dyn Progress,
        first: &(dyn Fn(VerdictLine) + Sync),
        cancel: &CancellationToken,
    ) -> Result<VerdictLine, HarnessError> {
        let id = self.next_id();
        let request = Request::Verify { id, pair, options };
        let mut answers = self.ask(id, &request)?;
        loop {
            match self.answer(id, &mut answers, options.timeout_s, cancel).await? {
                Message::Phase { message, .. } => progress.report(Event::Phase { message, percent: None }),
                Message::First { verdict, .. } => first(*verdict),
                Message::Verdict { verdict, .. } => return Ok(*verdict),
                other => return Err(unexpected(&other)),
            }
        }
    }

    /// Compiles a pair's kernels.
    pub async fn compile(
        &self,
        pair: &Pair,
        options: &Options,
        progress: &dyn Progress,
        cancel: &CancellationToken,
    ) -> Result<Compiled, HarnessError> {
        let id = self.next_id();
        let mut answers = self.ask(id, &Request::Compile { id, pair, options })?;
        loop {
            match self.answer(id, &mut answers, options.timeout_s, cancel).await? {
                Message::Phase { message, .. } => progress.report(Event::Phase { message, percent: None }),
                Message::Compiled { kernels, error, .. } => return Ok(Compiled { kernels, error }),
                other => return Err(unexpected(&other)),
            }
        }
    }

    /// Has TorchInductor write a pair's TRITON block.
    pub async fn inductor(
        &self,
        pair: &Subject,
        options: &Options,
        progress: &dyn Progress,
        cancel: &CancellationToken,
    ) -> Result<Result<InductorKernel, Unwritten>, HarnessError> {
        let id = self.next_id();
        let mut answers = self.ask(id, &Request::Inductor { id, pair, options })?;
        loop {
            match self.answer(id, &mut answers, options.timeout_s, cancel).await? {
                Message::Phase { message, .. } => progress.report(Event::Phase { message, percent: None }),
                Message::Written { kernel: Some(kernel), .. } => return Ok(Ok(kernel)),
                Message::Written { error: Some(error), .. } => return Ok(Err(error)),
                other => return Err(unexpected(&other)),
            }
        }
    }

    /// What the machine that judges is: versions, driver, device.
    pub async fn environment(&self, cancel: &CancellationToken) -> Result<Map<String, Value>, HarnessError> {
        let id = self.next_id();
        let mut answers = self.ask(id, &Request::Environment { id })?;
        match self.answer(id, &mut answers, self.limits.start.as_secs_f64(), cancel).await? {
            Message::Environment { environment, .. } => Ok(environment),
            other => Err(unexpected(&other)),
        }
    }

    /// Has the harness make ready what a verdict needs, without any pair; returns once it is.
    pub async fn prewarm(&self, options: &Options, cancel: &CancellationToken) -> Result<(), HarnessError> {
        let id = self.next_id();
        let mut answers = self.ask(id, &Request::Prewarm { id, options })?;
        match self.answer(id, &mut answers, options.timeout_s, cancel).await? {
            Message::Warm { .. } => Ok(()),
            other => Err(unexpected(&other)),
        }
    }

    /// Tells it to end, and waits a moment for it to clean up after itself before it is killed.
    pub async fn stop(mut self) {
        self.requests = None;
        let exited = self.shared.exit.notified();
        if !self.shared.exited.load(Ordering::Acquire) {
            let _ = tokio::time::timeout(self.limits.stop, exited).await;
        }
    }

    fn next_id(&self) -> u64 {
        self.next_id.fetch_add(1, Ordering::Relaxed)
    }

    fn send(&self, line: Vec<u8>) {
        if let Some(requests) = &self.requests {
            // A closed queue means that the harness is gone, which whoever waits for the answer is told.
            let _ = requests.send(line);
        }
    }

    /// Sends a request and returns where its answers arrive.
    fn ask(&self, id: u64, request: &Request<'_>) -> Result<mpsc::UnboundedReceiver<Message>, HarnessError> {
        let mut line =
            serde_json::to_vec(request).map_err(|error| HarnessError::Protocol(error.to_string()))?;
        line.push(b'\n');
        let (sender, receiver) = mpsc::unbounded_channel();
        match &mut *self.shared.state() {
            State::Open { waiting, heard } => {
                if waiting.is_empty() {
                    *heard = Instant::now();
                }
                waiting.insert(id, sender);
            }
            State::Closed(why) => return Err(why.clone()),
        }
        self.send(line);
        Ok(receiver)
    }

    /// Waits for the next answer to a request. A harness that says nothing at all for longer than the pair's time
    /// limit and the margin hangs: it is killed, and every request in flight fails.
    async fn answer(
        &self,
        id: u64,
        answers: &mut mpsc::UnboundedReceiver<Message>,
        timeout_s: f64,
        cancel: &CancellationToken,
    ) -> Result<Message, HarnessError> {
        let seconds = if timeout_s.is_finite() { timeout_s.clamp(0.0, 86_400.0) } else { 86_400.0 };
        let allowed = Duration::from_secs_f64(seconds) + self.limits.margin;
        loop {
            let State::Open { heard, .. } = *self.shared.state() else {
                // What arrived before the end still counts.
                return match answers.try_recv() {
                    Ok(message) => self.accept(id, message),
                    Err(_) => Err(self.why_closed().await),
                };
            };
            tokio::select! {
                () = cancel.cancelled() => {
                    self.forget(id);
                    if let Ok(mut line) = serde_json::to_vec(&Request::Cancel { id }) {
                        line.push(b'\n');
                        self.send(line);
                    }
                    return Err(HarnessError::Cancelled);
                }
                message = answers.recv() => match message {
                    Some(message) => return self.accept(id, message),
                    None => return Err(self.why_closed().await),
                },
                () = tokio::time::sleep_until(heard + allowed) => {
                    let still = matches!(&*self.shared.state(), State::Open { heard: now, .. } if *now == heard);
                    if still {
                        let what = self.shared.description.clone();
                        self.shared.close(HarnessError::Hung { what, seconds: allowed.as_secs() });
                        self.kill();
                    }
                }
            }
        }
    }

    /// Ends the wait for a request with its final answer.
    fn accept(&self, id: u64, message: Message) -> Result<Message, HarnessError> {
        match message {
            Message::Failed { message, .. } => {
                self.forget(id);
                Err(HarnessError::Refused(message))
            }
            Message::Phase { .. } | Message::First { .. } => Ok(message),
            last => {
                self.forget(id);
                Ok(last)
            }
        }
    }

    fn forget(&self, id: u64) {
        if let State::Open { waiting, .. } = &mut *self.shared.state() {
            waiting.remove(&id);
        }
    }

    /// Why it stopped answering, once the reader knows.
    async fn why_closed(&self) -> HarnessError {
        let exited = self.shared.exit.notified();
        if self.is_open() {
            let _ = tokio::time::timeout(Duration::from_secs(5), exited).await;
        }
        match &*self.shared.state() {
            State::Closed(why) => why.clone(),
            State::Open { .. } => HarnessError::Protocol("it closed its output and runs on".to_owned()),
        }
    }

    fn kill(&self) {
        if !self.shared.exited.load(Ordering::Acquire) {
            spawn::kill_tree(self.process);
        }
    }
}

impl Drop for Harness {
    fn drop(&mut self) {
        self.kill();
    }
}

fn unexpected(message: &Message) -> HarnessError {
    HarnessError::Protocol(format!("it answered another question: {message:?}").chars().take(300).collect())
}
