//! `workspace/didChangeConfiguration`

use tower_lsp::ls_types::notification::ShowMessage;
use tower_lsp::ls_types::{DidChangeConfigurationParams, MessageType, ShowMessageParams};

use crate::lsp::diagnostics;
use crate::lsp::requests::refresh;
use crate::lsp::session::Session;

/// Takes the editor's settings into force.
pub(crate) fn run(session: &Session, params: &DidChangeConfigurationParams) {
    {
        let mut state = session.state();
        state.options.change(&params.settings);
        state.folders.forget();
    }
    report_problems(session);
    for folder in session.open_folders() {
        diagnostics::publish_closed_config(session, &session.folder_of_path(&folder.join("any")));
    }
    session.publish_all();
    refresh::all(session);
}

/// Says what is wrong with the editor's settings: they have no file that a diagnostic could stand in.
pub(crate) fn report_problems(session: &Session) {
    let problems: Vec<String> =
        session.state().options.problems.iter().map(|problem| problem.message.clone()).collect();
    for problem in problems {
        let message = format!("Fusewright's settings in the editor: {problem}");
        session.outgoing.notify::<ShowMessage>(&ShowMessageParams { typ: MessageType::WARNING, message });
    }
}
