//! The commands that make sense on a document now; lenses and code actions show the same ones.

use fusewright_engine::verdict::Ruling;
use fusewright_engine::workspace::DATA_FOLDER;
use fusewright_pair::BlockKind;
use serde_json::Value;

use super::commands::{Command, convert};
use super::document::Snapshot;
use super::session::{Session, Standing, file_path};
use super::summary;

/// One command, under a title that says what it would do.
#[derive(Debug)]
pub(crate) struct Offer {
    title: String,
    command: Command,
    arguments: Vec<Value>,
    /// The block above which its lens stands.
    pub(crate) block: BlockKind,
}

impl Offer {
    /// The command as the protocol has it, its title after `prefix`.
    pub(crate) fn command(&self, prefix: &str) -> tower_lsp::ls_types::Command {
        tower_lsp::ls_types::Command {
            title: format!("{prefix}{}", self.title),
            command: self.command.name().to_owned(),
            arguments: Some(self.arguments.clone()),
        }
    }
}

/// What can be done with the pair.
pub(crate) fn of(session: &Session, snapshot: &Snapshot) -> Vec<Offer> {
    let state = session.state();
    if state.options.is_restricted() || !snapshot.pair.is_pair() {
        return Vec::new();
    }
    let on_document = |title: String, command, block| Offer {
        title,
        command,
        arguments: vec![Value::from(snapshot.uri.as_str())],
        block,
    };
    let on_candidate = |title: &str, command| on_document(title.to_owned(), command, BlockKind::Triton);
    if state.doing.contains_key(&snapshot.uri) {
        return vec![on_candidate("■ Cancel", Command::Cancel)];
    }
    let mut offers = Vec::new();
    if snapshot.pair.hash().is_some() {
        match state.verdicts.standing(&snapshot.uri, &snapshot.pair) {
            Standing::Unknown => offers.push(on_candidate("▶ Verify", Command::Verify)),
            Standing::Stale(_) => offers.push(on_candidate("▶ Verify again", Command::Verify)),
            Standing::Judged(verdict) => {
                let title = format!("{} · Verify again", summary::label(&verdict.line));
                offers.push(on_candidate(&title, Command::Verify));
                match verdict.line.verdict {
                    Some(Ruling::Pass | Ruling::Same | Ruling::Slower | Ruling::Untimed)
                        if verdict.is_final() =>
                    {
                        offers.push(on_candidate("Archive", Command::Archive));
                    }
                    None => offers.push(Offer {
                        arguments: Vec::new(),
                        ..on_candidate("What is missing on this machine", Command::Doctor)
                    }),
                    _ => {}
                }
            }
        }
    }
    drop(state);
    offers.extend(convert::target(&snapshot.pair).map(|style| {
        let title = format!("Convert to the {} style", convert::name(style));
        on_document(title, Command::Convert, BlockKind::Python)
    }));
    offers.extend(init(session, snapshot));
    offers
}

/// Laying out a workspace, where the file lies in none.
fn init(session: &Session, snapshot: &Snapshot) -> Option<Offer> {
    let path = file_path(&snapshot.uri)?;
    let open = session.open_folders().iter().find(|folder| path.starts_with(folder))?;
    let root = &session.folder_of_path(&path).workspace.root;
    if root.join(DATA_FOLDER).is_dir() {
        return None;
    }
    Some(Offer {
        title: "Lay out a workspace here".to_owned(),
        command: Command::Init,
        arguments: vec![Value::from(tower_lsp::ls_types::Uri::from_file_path(open)?.as_str())],
        block: BlockKind::Python,
    })
}
