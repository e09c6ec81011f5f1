//! The framework's view of the server: every method is handed to the file of its name.

use std::sync::Arc;

use fusewright_engine::progress::CancellationToken;
use tower_lsp::jsonrpc::Result;
use tower_lsp::ls_types::{
    CodeActionParams, CodeActionResponse, CodeLens, CodeLensParams, CompletionParams, CompletionResponse,
    DidChangeConfigurationParams, DidChangeTextDocumentParams, DidChangeWatchedFilesParams,
    DidChangeWorkspaceFoldersParams, DidCloseTextDocumentParams, DidOpenTextDocumentParams,
    DidSaveTextDocumentParams, DocumentSymbolParams, DocumentSymbolResponse, ExecuteCommandParams,
    FoldingRange, FoldingRangeParams, Hover, HoverParams, InitializeParams, InitializeResult,
    InitializedParams, InlayHint, InlayHintParams, LSPAny, WorkDoneProgressCancelParams,
};
use tower_lsp::{Client, LanguageServer};

use super::outgoing::Outgoing;
use super::requests::complete::Piece;
use super::requests::insertion;
use super::session::Session;
use super::{client_process, notifications, requests, writing};

/// The server for one client.
#[derive(Debug)]
pub(crate) struct FusewrightServer {
    session: Arc<Session>,
    client_gone: CancellationToken,
}

impl FusewrightServer {
    /// A server that sends through `client` and `outgoing`.
    pub(crate) fn new(client: Client, outgoing: Outgoing) -> Self {
        Self { session: Arc::new(Session::new(client, outgoing)), client_gone: CancellationToken::new() }
    }

    /// The connection's state.
    pub(crate) fn session(&self) -> Arc<Session> {
        self.session.clone()
    }

    /// Cancelled when the client's process has ended.
    pub(crate) fn client_gone(&self) -> CancellationToken {
        self.client_gone.clone()
    }

    /// `fusewright/completePiece`
    #[allow(clippy::unused_async, reason = "the framework calls for a future")]
    pub(crate) async fn complete_piece(&self, piece: Piece) {
        notifications::complete_piece::run(&self.session, piece);
    }

    /// `fusewright/insertion`
    #[allow(clippy::unused_async, reason = "the framework calls for a future")]
    pub(crate) async fn insertion(&self, params: insertion::Params) -> Result<insertion::Inserted> {
        insertion::run(&self.session, &params)
    }

    /// `window/workDoneProgress/cancel`
    #[allow(clippy::unused_async, reason = "the framework calls for a future")]
    pub(crate) async fn cancel_progress(&self, params: WorkDoneProgressCancelParams) {
        notifications::cancel_progress::run(&self.session, &params);
    }
}

impl LanguageServer for FusewrightServer {
    async fn initialize(&self, params: InitializeParams) -> Result<InitializeResult> {
        client_process::watch(params.process_id, self.client_gone.clone());
        Ok(requests::initialize::run(&self.session, &params))
    }

    async fn initialized(&self, _params: InitializedParams) {
        notifications::initialized::run(&self.session);
    }

    async fn shutdown(&self) -> Result<()> {
        self.session.shut_down();
        // Some clients kill the server soon after its answer.
        writing::keep_unjudged(&self.session);
        Ok(())
    }

    async fn did_open(&self, params: DidOpenTextDocumentParams) {
        notifications::did_open::run(&self.session, params);
    }

    async fn did_change(&self, params: DidChangeTextDocumentParams) {
        notifications::did_change::run(&self.session, params);
    }

    async fn did_save(&self, params: DidSaveTextDocumentParams) {
        notifications::did_save::run(&self.session, &params);
    }

    async fn did_close(&self, params: DidCloseTextDocumentParams) {
        notifications::did_close::run(&self.session, &params);
    }

    async fn did_change_configuration(&self, params: DidChangeConfigurationParams) {
        notifications::did_change_configuration::run(&self.session, &params);
    }

    async fn did_change_watched_files(&self, params: DidChangeWatchedFilesParams) {
        notifications::did_change_watched_files::run(&self.session, &params);
    }

    async fn did_change_workspace_folders(&self, params: DidChangeWorkspaceFoldersParams) {
        notifications::did_change_workspace_folders::run(&self.session, &params);
    }

    async fn hover(&self, params: HoverParams) -> Result<Option<Hover>> {
        Ok(requests::hover::run(&self.session, &params).await)
    }

    async fn code_lens(&self, params: CodeLensParams) -> Result<Option<Vec<CodeLens>>> {
        Ok(requests::code_lens::run(&self.session, &params).await)
    }

    async fn code_action(&self, params: CodeActionParams) -> Result<Option<CodeActionResponse>> {
        Ok(requests::code_action::run(&self.session, &params).await)
    }

    async fn completion(&self, params: CompletionParams) -> Result<Option<CompletionResponse>> {
        Ok(requests::completion::run(&self.session, &params))
    }

    async fn document_symbol(&self, params: DocumentSymbolParams) -> Result<Option<DocumentSymbolResponse>> {
        Ok(requests::document_symbol::run(&self.session, &params))
    }

    async fn folding_range(&self, params: FoldingRangeParams) -> Result<Option<Vec<FoldingRange>>> {
        Ok(requests::folding_range::run(&self.session, &params))
    }

    async fn inlay_hint(&self, params: InlayHintParams) -> Result<Option<Vec<InlayHint>>> {
        Ok(requests::inlay_hint::run(&self.session, &params))
    }

    async fn execute_command(&self, params: ExecuteCommandParams) -> Result<Option<LSPAny>> {
        requests::execute_command::run(&self.session, params).await
    }
}
