//! The language server as a client sees it: the real binary, over its standard input and output.

#![allow(
    clippy::expect_used,
    clippy::unwrap_used,
    clippy::panic,
    clippy::needless_pass_by_value,
    reason = "a test ends by panicking, and takes what is handy"
)]

mod attempts;
mod client;
mod commands;
mod compile_on_save;
mod documents;
mod endings;
mod generating;
mod ideas;
mod initialize;
mod model_server;
mod order;
mod prewarm;
mod settings;
mod verdicts;
mod working;
mod workshop;
mod writing;
