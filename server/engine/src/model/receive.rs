//! Takes an answer from an endpoint: as a stream of events, or as one object from a server that does not stream.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use eventsource_stream::Eventsource;
use futures::StreamExt;
use reqwest::header::{CONTENT_ENCODING, CONTENT_TYPE, HeaderMap, HeaderName};
use reqwest::{Response, StatusCode};
use serde_json::Value;
use tokio_util::bytes::Bytes;

use super::error::ModelError;
use super::http::{Failure, Http};
use super::secrets::Hiding;
use super::stream::{Decoder, Step};
use super::stream_fault::StreamFault;
use super::{Completion, Listener, retry};

/// The most that is taken of an answer, in bytes.
pub(super) const LONGEST_ANSWER: usize = 2 << 20;
/// The most that is heard of reasoning, in bytes: a model may turn in circles for good.
const LONGEST_REASONING: usize = 4 << 20;
/// The most that one event of a stream may hold: what collects events reads all of one again with each packet.
const LONGEST_EVENT: usize = 1 << 20;
/// What some put before a text in UTF-8.
const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";
/// How long a stream whose answer is whole may take to say that it ends: token counts come last.
const FAREWELL: Duration = Duration::from_secs(2);

impl Http {
    /// The answer in a response that says that there is one.
    pub(super) async fn received(
        &self,
        response: Response,
        listener: &dyn Listener,
    ) -> Result<Completion, Failure> {
        let told = |name: HeaderName| response.headers().get(name).and_then(|value| value.to_str().ok());
        let malformed = |detail| Err(self.fault(StreamFault::Malformed(detail), false));
        if let Some(packed) = told(CONTENT_ENCODING).filter(|packed| !packed.eq_ignore_ascii_case("identity"))
        {
            return malformed(format!("it is packed ({packed}), which nobody asked for"));
        }
        match told(CONTENT_TYPE).map(|kind| kind.split(';').next().unwrap_or_default().trim()) {
            Some("application/json") => self.whole(response, listener).await,
            Some(kind @ ("text/html" | "application/x-ndjson")) => {
                malformed(format!("it is {kind}; is `[model] base_url` right?"))
            }
            _ => self.streamed(response, listener).await,
        }
    }

    async fn streamed(&self, response: Response, listener: &dyn Listener) -> Result<Completion, Failure> {
        let mut decoder = Decoder::new(self.endpoint.dialect());
        decoder.cost(told_cost(response.headers()));
        let pending = AtomicUsize::new(0);
        // What came since the last event but one: a fault that is no event would be lost with the connection.
        let recent = Mutex::new(Recent::default());
        let mut mark = BYTE_ORDER_MARK;
        let packets =
            response.bytes_stream().map(|packet| packet.map(|bytes| without_mark(bytes, &mut mark)));
        let packets = packets.take_while(|packet| {
            let length = packet.as_ref().map_or(0, Bytes::len);
            if let Ok(packet) = packet {
                recent.lock().unwrap_or_else(PoisonError::into_inner).take(packet);
            }
            std::future::ready(pending.fetch_add(length, Ordering::Relaxed) <= LONGEST_EVENT)
        });
        let mut events = std::pin::pin!(packets.eventsource());
        let mut hiding = Hiding::new(self.endpoint.hidden());
        let (mut text, mut reasoned) = (String::new(), 0);
        let (mut limit, mut heard) = (self.limits.first, 0);
        loop {
            let limit_now = if decoder.is_finished() { limit.min(FAREWELL) } else { limit };
            let event = match tokio::time::timeout(limit_now, events.next()).await {
                Ok(event) => event,
                // All was said but the farewell.
                Err(_) if decoder.is_finished() => None,
                // Comments are no events, but who sends them is alive.
                Err(_) if pending.load(Ordering::Relaxed) > heard => {
                    heard = pending.load(Ordering::Relaxed);
                    continue;
                }
                Err(_) => {
                    let what = if text.is_empty() { "no answer" } else { "nothing more" };
                    return Err(Failure::Lasting(self.silent(what, limit)));
                }
            };
            limit = self.limits.silence;
            heard = 0;
            if pending.swap(0, Ordering::Relaxed) > LONGEST_EVENT {
                return Err(Failure::Lasting(self.too_long()));
            }
            let Some(Ok(event)) = event else {
                // The connection ended, in order or not; what counts is whether the answer had.
                return if decoder.is_finished() {
                    text.push_str(&told(hiding.finish(), listener));
                    Ok(decoder.completion(text))
                } else {
                    let rest = recent.into_inner().unwrap_or_else(PoisonError::into_inner).bytes;
                    let rest = decoder
                        .rest(&rest, !text.is_empty())
                        .map_err(|fault| self.fault(fault, text.is_empty()))?;
                    if let Some(whole) = rest.filter(|_| text.is_empty()) {
                        let text = told(self.endpoint.hidden().hide(&whole), listener);
                        return Ok(decoder.completion(text));
                    }
                    let cut =
                        ModelError::Cut { host: self.endpoint.host(), characters: text.chars().count() };
                    Err(if text.is_empty() { Failure::Passing(cut, None) } else { Failure::Lasting(cut) })
                };
            };
            recent.lock().unwrap_or_else(PoisonError::into_inner).forget();
            if event.event == "error" {
                return Err(self.fault(Decoder::fault(&event.data), text.is_empty()));
            }
            match decoder.take(&event.data).map_err(|fault| self.fault(fault, text.is_empty()))? {
                Step::End => {
                    text.push_str(&told(hiding.finish(), listener));
                    return Ok(decoder.completion(text));
                }
                Step::Text(piece) if piece.is_empty() => {}
                Step::Reasoning(piece) => {
                    reasoned += piece.len();
                    if reasoned > LONGEST_REASONING {
                        return Err(Failure::Lasting(self.too_long()));
                    }
                    listener.thinking(&piece);
                }
                Step::Text(piece) => {
                    text.push_str(&told(hiding.take(&piece), listener));
                    if text.len() > LONGEST_ANSWER {
                        return Err(Failure::Lasting(self.too_long()));
                    }
                }
            }
        }
    }

    /// An answer of a server that does not stream.
    async fn whole(&self, response: Response, listener: &dyn Listener) -> Result<Completion, Failure> {
        let cost = told_cost(response.headers());
        let body = match tokio::time::timeout(self.limits.first, read(response, LONGEST_ANSWER)).await {
            Err(_) => return Err(Failure::Lasting(self.silent("no whole answer", self.limits.first))),
            Ok(Err(Unread::TooLong)) => return Err(Failure::Lasting(self.too_long())),
            Ok(Err(Unread::Lost(characters))) => {
                let cut = ModelError::Cut { host: self.endpoint.host(), characters };
                return Err(Failure::Passing(cut, None));
            }
            Ok(Ok(body)) => body,
        };
        let mut decoder = Decoder::new(self.endpoint.dialect());
        let answer: Value = serde_json::from_slice(&body).map_err(|error| {
            self.fault(StreamFault::Malformed(format!("its answer is no JSON ({error})")), true)
        })?;
        let text = decoder.take_whole(&answer).map_err(|fault| self.fault(fault, true))?;
        decoder.cost(cost);
        let text = told(self.endpoint.hidden().hide(&text), listener);
        Ok(decoder.completion(text))
    }

    /// A fault that the stream told. Before the first piece of an answer it may pass by itself.
    fn fault(&self, fault: StreamFault, nothing_yet: bool) -> Failure {
        if let StreamFault::Reported { status, said } = &fault
            && nothing_yet
            && StatusCode::from_u16(*status).is_ok_and(retry::passes)
        {
            let (host, said) = (self.endpoint.host(), self.endpoint.hide(said));
            return Failure::Passing(
                ModelError::Busy { host, status: *status, said, advice: String::new() },
                None,
            );
        }
        // A server that answers whatever it does not know, with a status that says that all is well.
        if let StreamFault::Reported { status: 200, said } = &fault
            && self.endpoint.lacks_version()
        {
            let said = format!("{}; does `base_url` lack `/v1` at its end?", self.endpoint.hide(said));
            return Failure::Lasting(ModelError::Rejected { host: self.endpoint.host(), status: 200, said });
        }
        Failure::Lasting(fault.into_error(self.endpoint.host(), |words| self.endpoint.hide(words)))
    }

    pub(super) fn silent(&self, what: &'static str, limit: Duration) -> ModelError {
        ModelError::Silent { host: self.endpoint.host(), what, limit }
    }

    fn too_long(&self) -> ModelError {
        ModelError::TooLong { who: self.endpoint.host() }
    }
}

/// The packet without the part of the mark that it begins with, and that may come in several: what collects events
/// does not bear one.
fn without_mark(mut packet: Bytes, mark: &mut &[u8]) -> Bytes {
    while let ([next, rest @ ..], Some(first)) = (*mark, packet.first()) {
        if next != first {
            *mark = &[];
            break;
        }
        *mark = rest;
        packet = packet.slice(1..);
    }
    packet
}

/// The packets of a stream since the one that ended an event, which may hold more than that.
#[derive(Default)]
struct Recent {
    bytes: Vec<u8>,
    last: usize,
}

impl Recent {
    fn take(&mut self, packet: &[u8]) {
        self.bytes.extend_from_slice(packet);
        self.last = packet.len();
    }

    fn forget(&mut self) {
        let before = self.bytes.len() - self.last;
        self.bytes.drain(..before);
    }
}

/// Why a body was not read to its end.
pub(super) enum Unread {
    TooLong,
    Lost(usize),
}

/// The body, as far as `limit` bytes.
pub(super) async fn read(response: Response, limit: usize) -> Result<Vec<u8>, Unread> {
    let mut body = Vec::new();
    let mut pieces = response.bytes_stream();
    while let Some(piece) = pieces.next().await {
        body.extend_from_slice(&piece.map_err(|_| Unread::Lost(body.len()))?);
        if body.len() > limit {
            return Err(Unread::TooLong);
        }
    }
    Ok(body)
}

/// The piece, once the listener has heard it.
fn told(piece: String, listener: &dyn Listener) -> String {
    if !piece.is_empty() {
        listener.text(&piece);
    }
    piece
}

/// What a gateway says that the answer costs.
fn told_cost(headers: &HeaderMap) -> Option<f64> {
    headers.get("x-litellm-response-cost")?.to_str().ok()?.trim().parse().ok()
}
