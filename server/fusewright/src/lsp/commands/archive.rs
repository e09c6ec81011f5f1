//! `fusewright.archive`

use std::sync::Arc;

use fusewright_engine::archive::{Archived, archive};
use fusewright_engine::dataset::Mended;
use fusewright_engine::remembered::VerdictStore;
use fusewright_engine::source;
use fusewright_pair::PairFile;
use serde_json::{Value, json};
use tower_lsp::jsonrpc::Result;
use tower_lsp::ls_types::notification::{LogMessage, ShowMessage};
use tower_lsp::ls_types::{LSPAny, LogMessageParams, MessageType, ShowMessageParams, Uri};

use super::{Command, document, refuse_untrusted, refused};
use crate::lsp::session::{Session, Standing, file_path};

/// Appends the document's pair to the dataset, if its verdict lets it in; says where it stands there.
pub(crate) async fn run(session: &Arc<Session>, arguments: &[Value]) -> Result<LSPAny> {
    refuse_untrusted(session)?;
    let uri = document(Command::Archive, arguments)?;
    let file = file_path(&uri).ok_or_else(|| refused("this document is no file yet: save it first"))?;
    let pair = pair(session, &uri, &file)?;
    let standing = session.state().verdicts.standing(&uri, &pair);
    let (known, was_judged) = match standing {
        Standing::Judged(verdict) => (Some(verdict.line.clone()), true),
        Standing::Stale(_) => (None, true),
        Standing::Unknown => (None, false),
    };
    let folder = session.folder(&uri);
    let appended = session.jobs.spawn_blocking(move || {
        let recall = || VerdictStore::of_user()?.recall(pair.hash()?);
        let Some(verdict) = known.or_else(recall) else {
            return Err(refused(if was_judged {
                "the code changed since its verdict: verify it again, then archive it"
            } else {
                "this pair has no verdict yet: verify it first, then archive it"
            }));
        };
        archive(&pair, &file, &verdict, &folder.settings).map_err(refused)
    });
    let archived = appended.await??;
    tell(session, &archived);
    Ok(json!({
        "path": archived.path,
        "line": archived.line,
        "description": archived.description,
        "converted": archived.converted,
    }))
}

/// The pair as the editor has it, or as the file has it where it is not open.
fn pair(session: &Session, uri: &Uri, file: &std::path::Path) -> Result<PairFile> {
    match session.snapshot(uri) {
        Some(snapshot) => Ok(snapshot.pair),
        None => source::read(file).map(PairFile::parse).map_err(refused),
    }
}

fn tell(session: &Session, archived: &Archived) {
    if let Some(Mended::SetAside(aside)) = &archived.mended {
        let message = format!(
            "The last line of {} was torn; what there was of it is now in {}.",
            archived.path.display(),
            aside.display()
        );
        let params = LogMessageParams { typ: MessageType::WARNING, message };
        session.outgoing.notify::<LogMessage>(&params);
    }
    if !session.state().options.status {
        let message =
            format!("Fusewright: archived as line {} of {}", archived.line, archived.path.display());
        session.outgoing.notify::<ShowMessage>(&ShowMessageParams { typ: MessageType::INFO, message });
    }
}
