//! The harness: the Python process that runs and judges pairs, and the engine's side of the line to it.
//!
//! One harness process serves many requests. It is started on first use, ends with this process, and when it
//! dies or falls silent every request in flight is told why.

mod bubblewrap;
mod client;
mod connection;
mod error;
mod launch;
pub(crate) mod lines;
mod package;
mod protocol;
pub(crate) mod spawn;

pub use client::{Harness, Limits};
pub use error::HarnessError;
pub use launch::{Launch, LaunchError};
pub use package::{Package, folder};
pub use protocol::{Code, Compiled, Entry, InductorKernel, Options, Pair, Subject, Unwritten};
