//! `fusewright.abandon`

use std::sync::Arc;
use std::time::Duration;

use fusewright_engine::work::{self, WorkError};
use serde_json::{Value, json};
use tower_lsp::jsonrpc::Result;
use tower_lsp::ls_types::LSPAny;

use super::{Command, place, refuse_untrusted, refused};
use crate::lsp::session::{Folder, Session};
use crate::lsp::{candidate, ideas, working};

/// How long a loop of this session has to end before what it worked at is given up.
const ENDING: Duration = Duration::from_secs(10);
const LOOK: Duration = Duration::from_millis(50);

/// Gives up what is being worked at; with `{"idea": line}` after the workspace's address, leaves out that idea. Only
/// what the loop wrote is deleted.
pub(crate) async fn run(session: &Arc<Session>, arguments: &[Value]) -> Result<LSPAny> {
    refuse_untrusted(session)?;
    let folder = working::folder(session, place(Command::Abandon, arguments)?)?;
    let root = folder.workspace.root.clone();
    let candidate = root.join(work::CANDIDATE);
    if let Some(number) = idea(session, &folder, arguments.get(1)).await? {
        let skipped = session.jobs.spawn_blocking(move || work::skip(&root, number)).await?;
        let message = format!("\"{}\" is left out.", skipped.map_err(refused)?);
        candidate::given_up(session, &candidate);
        return Ok(json!({ "message": message }));
    }
    let running = session.state().working.get(&root).map(|(_, cancel)| cancel.clone());
    if let Some(running) = &running {
        running.cancel();
    }
    let job = session.jobs.spawn(async move {
        let end = tokio::time::Instant::now() + ENDING;
        loop {
            let target = root.clone();
            let done = tokio::task::spawn_blocking(move || work::abandon(&target)).await;
            match done.map_err(refused)? {
                // The loop that was just cancelled still holds the workspace.
                Err(WorkError::Busy(_)) if running.is_some() && tokio::time::Instant::now() < end => {
                    tokio::time::sleep(LOOK).await;
                }
                done => return done.map_err(refused),
            }
        }
    });
    let abandoned = job.await??;
    let file = abandoned.file.display();
    let about = &abandoned.about;
    let message = if abandoned.kept {
        format!("\"{about}\" is given up. {file} was changed by somebody else, so it is left where it is.")
    } else {
        format!("\"{about}\" is given up.")
    };
    candidate::given_up(session, &abandoned.file);
    Ok(json!({ "abandoned": abandoned, "message": message }))
}

/// The line of the idea that is to be left out.
async fn idea(session: &Arc<Session>, folder: &Folder, which: Option<&Value>) -> Result<Option<usize>> {
    let moved = ideas::line(session, folder, which).await?;
    let named = which.and_then(|which| which.get("idea")).and_then(Value::as_u64);
    Ok(moved.or_else(|| named.and_then(|number| usize::try_from(number).ok())))
}
