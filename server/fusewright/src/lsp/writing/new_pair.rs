//! From a function of any Python file to a new pair file, open in the editor, whose kernel is to be written.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use fusewright_pair::{Extracted, extract};
use tower_lsp::jsonrpc::Result;
use tower_lsp::ls_types::{
    CreateFile, CreateFileOptions, DocumentChangeOperation, DocumentChanges, OneOf,
    OptionalVersionedTextDocumentIdentifier, Position, Range, ResourceOp, ShowDocumentParams,
    TextDocumentEdit, TextEdit, Uri, WorkspaceEdit,
};

use super::Order;
use crate::lsp::commands::refused;
use crate::lsp::document::Snapshot;
use crate::lsp::requests::ask::ask;
use crate::lsp::session::{Session, file_path};

/// How many files of one name there may be.
const MOST: u32 = 100;
/// How long the client has to open a file that it said it shows.
const OPENING: Duration = Duration::from_secs(5);
const LOOK: Duration = Duration::from_millis(10);

/// Makes the file, shows it, and returns what is to be written into it.
pub(crate) async fn new_pair(
    session: &Arc<Session>,
    snapshot: &Snapshot,
    selection: Range,
    instructions: Option<String>,
) -> Result<Order> {
    let selection = snapshot.encoding.text_range(&snapshot.rope, selection);
    let extracted = extract(snapshot.pair.text(), selection).map_err(refused)?;
    let folder = folder(session, &snapshot.uri)
        .ok_or_else(|| refused("there is no folder for the new pair file: save this document first"))?;
    let path = free_path(&folder, &extracted.name)
        .ok_or_else(|| refused(format!("{} holds too many pairs of that name", folder.display())))?;
    let uri =
        Uri::from_file_path(&path).ok_or_else(|| refused(format!("{} has no address", path.display())))?;
    create(session, &path, &uri, &extracted).await?;
    show(session, &uri).await;
    Ok(Order { uri, pair: extracted.pair(), failure: None, instructions })
}

/// Beside the document; an unsaved one belongs to the folder that is open.
fn folder(session: &Session, uri: &Uri) -> Option<PathBuf> {
    let beside = file_path(uri).and_then(|path| path.parent().map(Path::to_owned));
    beside.or_else(|| session.open_folders().first().cloned())
}

fn free_path(folder: &Path, name: &str) -> Option<PathBuf> {
    let names = (1..=MOST).map(|number| match number {
        1 => format!("{name}_pair.py"),
        number => format!("{name}_pair_{number}.py"),
    });
    names.map(|name| folder.join(name)).find(|path| !path.exists())
}

/// By an edit of the client's where it creates files, so that it can be undone there.
async fn create(session: &Arc<Session>, path: &Path, uri: &Uri, extracted: &Extracted) -> Result<()> {
    if session.features().creates_files {
        let client = session.client.clone();
        let edit = creation(uri, &extracted.text);
        let answer = ask("workspace/applyEdit", async move { client.apply_edit(edit).await }).await;
        return match answer {
            Some(answer) if answer.applied => Ok(()),
            Some(answer) => {
                let reason = answer.failure_reason.unwrap_or_else(|| "it gave no reason".to_owned());
                Err(refused(format!("the editor did not create {}: {reason}", path.display())))
            }
            None => Err(refused(format!(
                "the editor did not create {}: it cannot, or it did not answer",
                path.display()
            ))),
        };
    }
    let (target, text) = (path.to_owned(), extracted.text.clone());
    let written = session.jobs.spawn_blocking(move || {
        std::fs::File::create_new(&target).and_then(|mut file| file.write_all(text.as_bytes()))
    });
    written.await?.map_err(|error| refused(format!("{} cannot be written: {error}", path.display())))
}

fn creation(uri: &Uri, text: &str) -> WorkspaceEdit {
    let start = Position::new(0, 0);
    let create = CreateFile {
        uri: uri.clone(),
        options: Some(CreateFileOptions { overwrite: Some(false), ignore_if_exists: Some(false) }),
        annotation_id: None,
    };
    let fill = TextDocumentEdit {
        text_document: OptionalVersionedTextDocumentIdentifier { uri: uri.clone(), version: None },
        edits: vec![OneOf::Left(TextEdit { range: Range::new(start, start), new_text: text.to_owned() })],
    };
    WorkspaceEdit {
        document_changes: Some(DocumentChanges::Operations(vec![
            DocumentChangeOperation::Op(ResourceOp::Create(create)),
            DocumentChangeOperation::Edit(fill),
        ])),
        ..WorkspaceEdit::default()
    }
}

/// Shows a file where the client can, and waits until it has opened it.
pub(crate) async fn show(session: &Arc<Session>, uri: &Uri) {
    if !session.features().show_document {
        return;
    }
    let client = session.client.clone();
    let params = ShowDocumentParams {
        uri: uri.clone(),
        external: Some(false),
        take_focus: Some(true),
        selection: None,
    };
    let shown = ask("window/showDocument", async move { client.show_document(params).await }).await;
    if shown != Some(true) {
        return;
    }
    let opened = async {
        while session.snapshot(uri).is_none() {
            tokio::time::sleep(LOOK).await;
        }
    };
    if tokio::time::timeout(OPENING, opened).await.is_err() {
        tracing::warn!(uri = uri.as_str(), "the client shows a document that it does not open");
    }
}
