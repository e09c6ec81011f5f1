//! `fusewright/late`: a kernel that could not be put into its document is shown as a difference, or kept in a file.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use fusewright_engine::generate::{Written, insert};
use fusewright_engine::home::Home;
use fusewright_pair::PairFile;
use serde::{Deserialize, Serialize};
use tower_lsp::jsonrpc::Result;
use tower_lsp::ls_types::Uri;
use tower_lsp::ls_types::notification::Notification;

use crate::lsp::commands::refused;
use crate::lsp::session::{Session, file_path};

/// How many files are kept beside one document.
const MOST: u32 = 100;

/// The notification.
#[derive(Debug)]
enum LateNotification {}

impl Notification for LateNotification {
    type Params = Late;
    const METHOD: &'static str = "fusewright/late";
}

/// A kernel that is not in its document.
#[derive(Debug, Serialize, Deserialize)]
struct Late {
    uri: Uri,
    /// Who wrote it.
    writer: String,
    /// Why it is not in the document.
    reason: String,
    /// What the document would be with it.
    text: String,
    /// The TRITON block alone, for `fusewright/insertion` once the document has changed again.
    block: String,
}

/// Keeps a kernel; says in words where it is.
pub(super) async fn keep(
    session: &Arc<Session>,
    uri: &Uri,
    (written, author): (&Written, &str),
    reason: &str,
) -> Result<String> {
    let text = session.snapshot(uri).and_then(|now| with_block(&now.pair, &written.block));
    let text = text.unwrap_or_else(|| written.text.clone());
    if session.state().options.offers.differences {
        let (uri, writer, block) = (uri.clone(), author.to_owned(), written.block.clone());
        let late = Late { uri, writer, reason: reason.to_owned(), text, block };
        session.outgoing.notify::<LateNotification>(&late);
        return Ok("shown beside it".to_owned());
    }
    let path = file_path(uri);
    let kept = session.jobs.spawn_blocking(move || write(path.as_deref(), &text)).await?;
    let kept = kept.map_err(|error| refused(format!("the kernel could not be kept: {error}")))?;
    Ok(format!("in {}", kept.display()))
}

/// The present text with the new block in the place of its own.
fn with_block(now: &PairFile, block: &str) -> Option<String> {
    let code = block.replace("\r\n", "\n").replace('\r', "\n");
    insert(now, &code).ok().map(|inserted| inserted.text)
}

/// A new file beside the document, or in Fusewright's own folder where the document has no place on disk.
fn write(document: Option<&Path>, text: &str) -> std::io::Result<PathBuf> {
    let (folder, stem) = match document {
        Some(path) => (
            path.parent().unwrap_or(Path::new(".")).to_owned(),
            path.file_stem().unwrap_or_default().to_string_lossy().into_owned(),
        ),
        None => (Home::of_user().root().join("kept"), "untitled".to_owned()),
    };
    std::fs::create_dir_all(&folder)?;
    let mut last = None;
    for number in 1..=MOST {
        let path = folder.join(format!("{stem}.late-{number}.py"));
        match std::fs::File::create_new(&path) {
            Ok(mut file) => {
                file.write_all(text.as_bytes())?;
                return Ok(path);
            }
            Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => last = Some(error),
            Err(error) => return Err(error),
        }
    }
    Err(last.unwrap_or_else(|| std::io::ErrorKind::AlreadyExists.into()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_kept_replaces_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let document = folder.path().join("pair.py");
        let first = write(Some(&document), "one").unwrap();
        let second = write(Some(&document), "two").unwrap();
        assert_eq!(first, folder.path().join("pair.late-1.py"));
        assert_eq!(std::fs::read_to_string(first).unwrap(), "one");
        assert_eq!(std::fs::read_to_string(second).unwrap(), "two");
    }
}
