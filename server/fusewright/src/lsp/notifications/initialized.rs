//! `initialized`

use std::sync::Arc;

use tower_lsp::ls_types::{
    DidChangeWatchedFilesRegistrationOptions, FileSystemWatcher, GlobPattern, Registration,
};

use super::did_change_configuration::report_problems;
use crate::lsp::diagnostics;
use crate::lsp::requests::ask::ask;
use crate::lsp::session::Session;

/// Has the settings files watched, and says what is wrong with those of the open folders.
pub(crate) fn run(session: &Arc<Session>) {
    report_problems(session);
    for folder in session.open_folders() {
        diagnostics::publish_closed_config(session, &session.folder_of_path(&folder.join("any")));
    }
    if session.features().watched_files {
        let client = session.client.clone();
        tokio::spawn(ask("client/registerCapability", async move {
            client.register_capability(vec![watch_settings()]).await
        }));
    }
}

fn watch_settings() -> Registration {
    let glob = format!("**/{}", fusewright_engine::config::CONFIG_FILE);
    let watcher = FileSystemWatcher { glob_pattern: GlobPattern::String(glob), kind: None };
    let options = DidChangeWatchedFilesRegistrationOptions { watchers: vec![watcher] };
    Registration {
        id: "fusewright-settings".to_owned(),
        method: "workspace/didChangeWatchedFiles".to_owned(),
        register_options: serde_json::to_value(options).ok(),
    }
}
