//! The commands that make sense on a document now; lenses and code actions show the same ones.

use std::path::Path;

use fusewright_engine::config::Provider;
use fusewright_engine::verdict::Ruling;
use fusewright_engine::work::CANDIDATE;
use fusewright_engine::workspace::DATA_FOLDER;
use fusewright_pair::{BlockKind, selected_function};
use serde_json::{Value, json};
use tower_lsp::ls_types::{Range, Uri};

use super::commands::{Command, convert};
use super::document::Snapshot;
use super::session::{Session, Standing, file_path};
use super::{summary, writing};

/// One command, under a title that says what it would do.
#[derive(Debug)]
pub(crate) struct Offer {
    title: String,
    command: Command,
    arguments: Vec<Value>,
    /// The block above which its lens stands.
    pub(crate) block: BlockKind,
}

/// The new pair file that a function of any other Python file can become.
pub(crate) fn extraction(
    session: &Session,
    snapshot: &Snapshot,
    range: Range,
) -> Option<tower_lsp::ls_types::Command> {
    if session.state().options.is_restricted() || snapshot.pair.is_pair() {
        return None;
    }
    let selection = snapshot.encoding.text_range(&snapshot.rope, range);
    let name = selected_function(snapshot.pair.text(), selection)?;
    let writer = writing::name_of(&session.folder(&snapshot.uri).settings);
    Some(tower_lsp::ls_types::Command {
        title: format!("Fusewright: make {name} a pair, its kernel written by {writer}"),
        command: Command::Generate.name().to_owned(),
        arguments: Some(vec![Value::from(snapshot.uri.as_str()), json!({ "range": range })]),
    })
}

impl Offer {
    /// Whether it mends what a verdict names.
    pub(crate) fn mends(&self) -> bool {
        self.command == Command::Fix
    }

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
    let folder = session.folder(&snapshot.uri);
    let writer = writing::name_of(&folder.settings);
    let root = &folder.workspace.root;
    // TorchInductor writes the same again, whatever the verdict says.
    let by_model = folder.settings.model.provider != Provider::Inductor;
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
    if state.doing.contains_key(&snapshot.uri) && !state.placing.contains(&snapshot.uri) {
        return vec![on_candidate("■ Cancel", Command::Cancel)];
    }
    let mut offers = Vec::new();
    if is_candidate(root, &snapshot.uri) {
        offers.push(on_document("▶ Go on with the idea".to_owned(), Command::NextIdea, BlockKind::Python));
        offers.push(on_document("Abandon".to_owned(), Command::Abandon, BlockKind::Python));
    }
    if snapshot.pair.block(BlockKind::Python).is_some() {
        let title = format!("✦ Generate Triton with {writer}");
        offers.push(on_document(title, Command::Generate, BlockKind::Python));
    }
    if snapshot.pair.hash().is_some() {
        match state.verdicts.standing(&snapshot.uri, &snapshot.pair) {
            Standing::Unknown => offers.push(on_candidate("▶ Verify", Command::Verify)),
            Standing::Stale(_) => offers.push(on_candidate("▶ Verify again", Command::Verify)),
            Standing::Judged(verdict) => {
                let title = format!("{} · Verify again", summary::label(&verdict.line));
                offers.push(on_candidate(&title, Command::Verify));
                if by_model && writing::can_be_mended(&verdict.line) {
                    let title = format!("Fix with the verdict, by {writer}");
                    offers.push(on_candidate(&title, Command::Fix));
                }
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

/// Whether the document is the candidate of the idea at work.
fn is_candidate(root: &Path, uri: &Uri) -> bool {
    file_path(uri).is_some_and(|path| path == root.join(CANDIDATE))
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
