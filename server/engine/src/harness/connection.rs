//! The tasks that serve one harness process: they write its requests, read its messages and its log, and notice
//! its end.

use std::collections::{HashMap, VecDeque};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use process_wrap::tokio::ChildWrapper;
use tokio::io::{AsyncRead, AsyncWriteExt as _, BufReader};
use tokio::process::ChildStdin;
use tokio::sync::{Notify, mpsc};
use tokio::time::Instant;

use super::error::HarnessError;
use super::lines::{self, Line};
use super::protocol::Message;
use super::spawn;

/// What is still read of a harness that ended, or waited for of one that closed its output.
const LAST_WORDS: Duration = Duration::from_millis(500);

#[derive(Debug)]
pub(super) struct Shared {
    pub(super) state: Mutex<State>,
    pub(super) log: Mutex<Tail>,
    pub(super) exited: AtomicBool,
    pub(super) exit: Notify,
    pub(super) description: String,
}

#[derive(Debug)]
pub(super) enum State {
    /// It answers: who waits for which request, and when it last said anything.
    Open { waiting: HashMap<u64, mpsc::UnboundedSender<Message>>, heard: Instant },
    /// It does not, and why.
    Closed(HarnessError),
}

impl Shared {
    pub(super) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn log(&self) -> MutexGuard<'_, Tail> {
        self.log.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Marks it as gone; the first reason stays. Whoever waits is woken, because the senders are dropped.
    pub(super) fn close(&self, why: HarnessError) {
        let mut state = self.state();
        if matches!(*state, State::Open { .. }) {
            *state = State::Closed(why);
        }
    }

    /// Hands a message to the request it answers; nobody waits for one that was cancelled.
    pub(super) fn deliver(&self, message: Message) {
        if let State::Open { waiting, heard } = &mut *self.state() {
            *heard = Instant::now();
            if let Some(waiter) = message.id().and_then(|id| waiting.get(&id)) {
                let _ = waiter.send(message);
            }
        }
    }
}

/// The last lines of the harness's log.
#[derive(Debug, Default)]
pub(super) struct Tail(VecDeque<String>);

impl Tail {
    const LINES: usize = 40;

    pub(super) fn push(&mut self, line: String) {
        if self.0.len() == Self::LINES {
            self.0.pop_front();
        }
        self.0.push_back(line);
    }

    pub(super) fn text(&self) -> String {
        self.0.iter().map(String::as_str).collect::<Vec<_>>().join("\n")
    }
}

pub(super) async fn write_requests(mut stdin: ChildStdin, mut queue: mpsc::UnboundedReceiver<Vec<u8>>) {
    while let Some(line) = queue.recv().await {
        let written = async {
            stdin.write_all(&line).await?;
            stdin.flush().await
        };
        if let Err(error) = written.await {
            tracing::debug!(%error, "the harness reads no more");
            return;
        }
    }
}

pub(super) async fn keep_log(stderr: impl AsyncRead + Unpin, shared: Arc<Shared>) {
    let mut reader = BufReader::new(stderr);
    // A log line longer than this is cut into pieces by dropping its middle: the tail is for people.
    while let Ok(line) = lines::next(&mut reader, 1 << 16).await {
        match line {
            Line::Whole(line) => {
                let line: String = String::from_utf8_lossy(&line).trim_end().chars().take(500).collect();
                tracing::debug!(target: "harness", "{line}");
                shared.log().push(line);
            }
            Line::TooLong => tokio::io::AsyncBufReadExt::consume(&mut reader, 1 << 13),
            Line::End => return,
        }
    }
}

pub(super) async fn read_messages(
    stdout: impl AsyncRead + Unpin,
    shared: Arc<Shared>,
    ready: mpsc::UnboundedSender<()>,
    limit: usize,
) {
    let mut reader = BufReader::with_capacity(1 << 16, stdout);
    loop {
        let line = match lines::next(&mut reader, limit).await {
            Ok(Line::Whole(line)) => line,
            Ok(Line::TooLong) => {
                return shared
                    .close(HarnessError::Protocol(format!("it sent a line of more than {limit} bytes")));
            }
            Ok(Line::End) | Err(_) => return,
        };
        if line.first() != Some(&b'{') {
            // A shell's greeting or a site customisation that prints: not ours, and no harm.
            let said: String = String::from_utf8_lossy(&line).chars().take(200).collect();
            tracing::warn!(target: "harness", "not the protocol: {said}");
            continue;
        }
        match serde_json::from_slice(&line) {
            Ok(Message::Ready) => {
                let _ = ready.send(());
            }
            Ok(message) => shared.deliver(message),
            Err(error) => {
                let said: String = String::from_utf8_lossy(&line).chars().take(200).collect();
                return shared.close(HarnessError::Protocol(format!("it sent {said:?} ({error})")));
            }
        }
    }
}

/// Waits for the process to end, and says why it did to whoever still waits for an answer.
pub(super) async fn watch(
    mut child: Box<dyn ChildWrapper>,
    shared: Arc<Shared>,
    logging: tokio::task::JoinHandle<()>,
    mut reading: tokio::task::JoinHandle<()>,
) {
    // A harness whose answers cannot be read any more is of no use, so it ends when the reader does; and one that
    // ended may have left a worker that holds its output open, so the reader ends when it does.
    let early = tokio::select! {
        status = child.wait() => Some(status),
        _ = &mut reading => None,
    };
    let status = if let Some(status) = early {
        let _ = tokio::time::timeout(LAST_WORDS, &mut reading).await;
        reading.abort();
        status
    } else if let Ok(status) = tokio::time::timeout(LAST_WORDS, child.wait()).await {
        status
    } else {
        shared.close(HarnessError::Protocol("it closed its output and ran on".to_owned()));
        child.id().into_iter().for_each(spawn::kill_tree);
        child.wait().await
    };
    // Workers that outlived it.
    let _ = child.start_kill();
    shared.exited.store(true, Ordering::Release);
    // What it wrote last is what says why; a grandchild that holds the stream open is not waited for.
    let _ = tokio::time::timeout(LAST_WORDS, logging).await;
    let log = shared.log().text();
    let status = status.map_or_else(|error| error.to_string(), |status| status.to_string());
    shared.close(HarnessError::Died { what: shared.description.clone(), status, log });
    shared.exit.notify_waiters();
}
