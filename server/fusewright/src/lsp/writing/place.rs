//! Puts a written kernel into the document: one edit, made only where the document is still what it was asked for.

use std::ops::Range;
use std::sync::Arc;
use std::time::Duration;

use fusewright_engine::generate::Written;
use fusewright_engine::{files, source};
use fusewright_pair::{BlockKind, Edit, PairFile, TextRange, TextSize};
use tower_lsp::jsonrpc::Result;
use tower_lsp::ls_types::Uri;

use super::late;
use crate::lsp::document::Snapshot;
use crate::lsp::edits;
use crate::lsp::requests::ask::ask;
use crate::lsp::session::{Session, file_path};

/// How often an edit is offered again to a client that took it back because the user typed meanwhile.
const TRIES: usize = 3;

/// How long a client may take to tell of an edit that it made; some wait for more to tell at once.
const TELLING: Duration = Duration::from_secs(2);
const LOOK: Duration = Duration::from_millis(10);

/// What became of a kernel.
#[derive(Debug)]
pub(super) enum Placed {
    /// It is in the document.
    Applied,
    /// It came too late, or the client did not take it.
    Kept {
        /// Why it is not in the document.
        reason: String,
        /// Where it is, in words.
        place: String,
    },
}

/// Puts `written`, which was asked for at the text `asked`, into the document; `author` names who wrote it.
pub(super) async fn place(
    session: &Arc<Session>,
    uri: &Uri,
    asked: &PairFile,
    (written, author): (&Written, &str),
) -> Result<Placed> {
    if session.snapshot(uri).is_none() {
        return beside_the_editor(session, uri, asked, (written, author)).await;
    }
    let mut reason = "the editor closed the document";
    let mut refusal = None;
    for _ in 0..TRIES {
        let Some(snapshot) = session.snapshot(uri) else { break };
        let Some(range) = still(asked, &snapshot.pair, &written.replaced) else {
            reason = "the block is no longer the text that it was asked for";
            refusal = None;
            break;
        };
        let edit = Edit { range, new_text: written.new_text.clone() };
        let expected = apply(&snapshot.pair, &edit);
        let changes = edits::of(&snapshot, &[edit], session.features());
        let client = session.client.clone();
        let answer = ask("workspace/applyEdit", async move { client.apply_edit(changes).await }).await;
        // One that does not answer may have made the edit all the same, and one that says so may have left it.
        let is_made = |now: &Snapshot| Some(now.pair.text()) == expected.as_deref();
        let says_so = answer.as_ref().is_some_and(|answer| answer.applied);
        if says_so && arrives(session, uri, &written.new_text).await
            || session.snapshot(uri).as_ref().is_some_and(is_made)
        {
            return Ok(Placed::Applied);
        }
        let now = session.snapshot(uri);
        reason = if answer.is_some() {
            "the editor did not make the change"
        } else {
            "the editor did not answer in time"
        };
        refusal = answer.and_then(|answer| answer.failure_reason);
        if now.is_some_and(|now| now.version == snapshot.version) {
            break;
        }
    }
    let said = refusal.map(|said| format!(" ({said})")).unwrap_or_default();
    let reason = format!("{reason}{said}");
    let place = late::keep(session, uri, (written, author), &reason).await?;
    Ok(Placed::Kept { reason, place })
}

/// Whether an edit that the client says it made is told by it, which may take it a while.
async fn arrives(session: &Arc<Session>, uri: &Uri, new_text: &str) -> bool {
    let told = async {
        while !session.snapshot(uri).is_some_and(|now| now.pair.text().contains(new_text)) {
            tokio::time::sleep(LOOK).await;
        }
    };
    tokio::time::timeout(TELLING, told).await.is_ok()
}

/// Where the client has not opened the file that the kernel is for, the file itself is written.
async fn beside_the_editor(
    session: &Arc<Session>,
    uri: &Uri,
    asked: &PairFile,
    (written, author): (&Written, &str),
) -> Result<Placed> {
    let (path, asked, text) = (file_path(uri), asked.clone(), written.text.clone());
    let writing = session.jobs.spawn_blocking(move || {
        let path = path.ok_or("the editor closed the document")?;
        match source::read(&path) {
            Ok(now) if *now == *asked.text() => {
                files::replace(&path, text.as_bytes()).map_err(|_| "the file cannot be written")
            }
            _ => Err("the file is no longer the text that it was asked for"),
        }
    });
    match writing.await? {
        Ok(()) => Ok(Placed::Applied),
        Err(reason) => {
            let place = late::keep(session, uri, (written, author), reason).await?;
            Ok(Placed::Kept { reason: reason.to_owned(), place })
        }
    }
}

fn apply(pair: &PairFile, edit: &Edit) -> Option<String> {
    let mut text = pair.text().to_owned();
    let range: Range<usize> = edit.range.into();
    text.get(range.clone())?;
    text.replace_range(range, &edit.new_text);
    Some(text)
}

/// Where `replaced`, a range of the text that was asked about, is now: `None` unless PYTHON and TRITON are what they were.
fn still(asked: &PairFile, now: &PairFile, replaced: &Range<usize>) -> Option<TextRange> {
    for kind in [BlockKind::Python, BlockKind::Triton] {
        if asked.code(kind) != now.code(kind) {
            return None;
        }
    }
    // The block that is replaced moves with what stands before it; a new one stands behind PYTHON, or before it.
    let anchor = |pair: &PairFile| {
        let block = pair.block(BlockKind::Triton).or_else(|| pair.block(BlockKind::Python))?;
        let (start, end) = (block.range().start().to_usize(), block.range().end().to_usize());
        Some((start, end))
    };
    let ((start, end), (start_now, end_now)) = (anchor(asked)?, anchor(now)?);
    let (from, to) = if replaced.start >= end { (end, end_now) } else { (start, start_now) };
    let moved = |offset: usize| (offset + to).checked_sub(from);
    let range = moved(replaced.start)?..moved(replaced.end)?;
    let whole = from.min(replaced.start)..replaced.end;
    let whole_now = moved(whole.start)?..range.end;
    if asked.text().get(whole)? != now.text().get(whole_now)? {
        return None;
    }
    let size = |offset: usize| TextSize::try_from(offset).ok();
    Some(TextRange::new(size(range.start)?, size(range.end)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAIR: &str = "\"\"\"T.\"\"\"\n# <PYTHON>\nx = 1\n# </PYTHON>\n\n# <TRITON>\ny = 1\n# </TRITON>\n\n# <TEST>\nz = 1\n# </TEST>\n";

    fn moved(before: &str, after: &str, words: &str) -> Option<String> {
        let start = before.find(words).unwrap();
        let (asked, now) = (PairFile::parse(before), PairFile::parse(after));
        let range: Range<usize> = still(&asked, &now, &(start..start + words.len()))?.into();
        Some(after[range].to_owned())
    }

    #[test]
    fn the_block_is_found_where_it_moved_to_and_only_as_it_was() {
        assert_eq!(moved(PAIR, PAIR, "y = 1").as_deref(), Some("y = 1"));
        let above = PAIR.replace("T.", "A longer title.\n\nWith a second line.");
        assert_eq!(moved(PAIR, &above, "y = 1").as_deref(), Some("y = 1"));
        let below = PAIR.replace("z = 1", "zz = 11");
        assert_eq!(moved(PAIR, &below, "y = 1").as_deref(), Some("y = 1"));
        assert_eq!(moved(PAIR, &PAIR.replace("y = 1", "y = 2"), "y = 1"), None, "TRITON was edited");
        assert_eq!(moved(PAIR, &PAIR.replace("x = 1", "x = 2"), "y = 1"), None, "PYTHON was edited");
        assert_eq!(moved(PAIR, "x = 1\n", "y = 1"), None, "nothing is left of the pair");
    }

    #[test]
    fn a_new_block_goes_where_nothing_changed() {
        let without = PAIR.replace("# <TRITON>\ny = 1\n# </TRITON>\n\n", "");
        let at = without.find("# <TEST>").unwrap();
        let (asked, replaced) = (PairFile::parse(&*without), at..at);
        let now = without.replace("T.", "Title.");
        let range = still(&asked, &PairFile::parse(&*now), &replaced).unwrap();
        assert!(now[range.start().to_usize()..].starts_with("# <TEST>"));
        assert_eq!(
            still(&asked, &PairFile::parse(PAIR), &replaced),
            None,
            "somebody wrote a kernel meanwhile"
        );
    }
}
