//! The language server: one file for each request, notification and command, named after it.
//!
//! A message travels from [`stdio`] through [`transport`] and the framework to its handler in [`requests`] or
//! [`notifications`], which enters its change into the [`session`] before it waits for anything. What the
//! server says of its own accord goes through [`outgoing`]; long work goes to [`jobs`].

mod candidate;
mod client_process;
mod commands;
mod compile_on_save;
mod diagnostics;
mod document;
mod edits;
mod encoding;
mod features;
mod frames;
mod guarded;
mod ideas;
mod jobs;
mod markdown;
mod notifications;
mod offers;
mod outgoing;
mod prewarm;
mod progress;
mod requests;
mod server;
mod session;
mod status;
mod stdio;
mod summary;
mod transport;
mod working;
mod writer;
mod writing;

use std::pin::pin;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use fusewright_engine::progress::CancellationToken;
use tower_lsp::LspService;
use tower_lsp::ls_types::notification::Notification;

use requests::complete::CompletePiece;
use requests::insertion;
use server::FusewrightServer;
use session::Session;
use transport::Connection;

/// How long the server waits, once its client is gone, for what is under way to end.
const GRACE: Duration = Duration::from_secs(2);

/// Serves on standard input and output until the client says exit, closes standard input or ends.
pub(crate) fn run() -> anyhow::Result<ExitCode> {
    // One thread: a keystroke is read, entered, checked and answered without a change of threads.
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .context("the language server could not start")?;
    let session = runtime.block_on(serve())?;
    let code = if session.is_shut_down() { ExitCode::SUCCESS } else { ExitCode::FAILURE };
    // A read from a terminal cannot be ended, so its thread is left behind.
    runtime.shutdown_background();
    Ok(code)
}

async fn serve() -> anyhow::Result<Arc<Session>> {
    let (input, output) = stdio::open().context("standard input and output could not be opened")?;
    let (outgoing, pending) = outgoing::channel();
    let (service, socket) = LspService::build(|client| FusewrightServer::new(client, outgoing))
        .custom_method("window/workDoneProgress/cancel", FusewrightServer::cancel_progress)
        .custom_method(CompletePiece::METHOD, FusewrightServer::complete_piece)
        .custom_method(insertion::METHOD, FusewrightServer::insertion)
        .finish();
    let session = service.inner().session();
    let client_gone = service.inner().client_gone();
    let publisher = {
        let session = session.clone();
        Box::new(move |uri: &_| {
            let diagnostics = diagnostics::of_open(&session, uri);
            status::update(&session, uri);
            diagnostics
        })
    };
    let input_ended = CancellationToken::new();
    let connection =
        Connection::new((input, output), (service, socket), (pending, publisher), input_ended.clone());
    let mut serving = pin!(connection.serve());
    tokio::select! {
        () = &mut serving => {}
        () = input_ended.cancelled() => {
            session.jobs.cancel_all();
            if tokio::time::timeout(GRACE, serving).await.is_err() {
                tracing::warn!("the client closed the connection while work was under way");
            }
        }
        () = client_gone.cancelled() => tracing::warn!("the client's process is gone"),
    }
    writing::keep_unjudged(&session);
    session.end(GRACE).await;
    Ok(session)
}
