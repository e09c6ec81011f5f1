//! `workspace/executeCommand`

use std::sync::Arc;

use tower_lsp::jsonrpc::Result;
use tower_lsp::ls_types::{ExecuteCommandParams, LSPAny};

use crate::lsp::commands::{self, Command};
use crate::lsp::session::Session;

/// Runs one of the server's commands.
pub(crate) async fn run(session: &Arc<Session>, params: ExecuteCommandParams) -> Result<Option<LSPAny>> {
    let Some(command) = Command::named(&params.command) else {
        let known: Vec<_> = Command::ALL.iter().map(|command| command.name()).collect();
        let message =
            format!("there is no command {}; the commands are {}", params.command, known.join(", "));
        return Err(commands::invalid(message));
    };
    let progress = params.work_done_progress_params.work_done_token;
    let arguments = &params.arguments;
    match command {
        Command::Generate => commands::generate::run(session, arguments, progress).await,
        Command::Fix => commands::fix::run(session, arguments, progress).await,
        Command::Verify => commands::verify::run(session, arguments, progress).await,
        Command::Archive => commands::archive::run(session, arguments).await,
        Command::Cancel => commands::cancel::run(session, arguments),
        Command::Convert => commands::convert::run(session, arguments).await,
        Command::Doctor => commands::doctor::run(session, progress).await,
        Command::NextIdea => commands::next_idea::run(session, arguments, progress).await,
        Command::RunIdea => commands::run_idea::run(session, arguments, progress).await,
        Command::RunTask => commands::run_task::run(session, arguments, progress).await,
        Command::Abandon => commands::abandon::run(session, arguments).await,
        Command::Init => commands::init::run(session, arguments).await,
    }
    .map(Some)
}
