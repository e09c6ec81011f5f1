//! The file of ideas in the editor: what became of each, and what can be done with it, above its line.

use std::sync::Arc;

use fusewright_engine::work::{Became, IDEAS, IdeaBook, IdeaState, line_of_idea};
use serde_json::{Value, json};
use tower_lsp::jsonrpc::Result;
use tower_lsp::ls_types::{CodeLens, Position, Range, Uri};

use super::commands::{Command, refused};
use super::session::{Folder, Session, file_path};

/// The ideas of an open document, and what became of each.
#[derive(Debug)]
pub(crate) struct Ideas {
    uri: Uri,
    folder: Arc<Folder>,
    states: Vec<IdeaState>,
}

/// One command on one line.
#[derive(Debug)]
pub(crate) struct Offer {
    /// The 0-based line.
    pub(crate) line: u32,
    title: String,
    command: Command,
    arguments: Vec<Value>,
}

/// The workspace whose file of ideas a document is.
pub(crate) fn folder(session: &Session, uri: &Uri) -> Option<Arc<Folder>> {
    // Most documents are none, and to tell them by their end costs nothing.
    let path = file_path(uri).filter(|path| path.ends_with(IDEAS))?;
    let folder = session.folder(uri);
    (path == folder.workspace.root.join(IDEAS)).then_some(folder)
}

/// The ideas of a document, if it is the file of ideas. Where nothing can be said of them, there are none.
pub(crate) async fn of(session: &Arc<Session>, uri: &Uri) -> Option<Ideas> {
    let folder = folder(session, uri)?;
    let text = session.state().documents.get(uri)?.text();
    let root = folder.workspace.root.clone();
    let dataset = folder.workspace.dataset(&folder.settings);
    let known = session.state().books.get(&root).cloned();
    let reading = session.jobs.spawn_blocking(move || {
        let book = match known.filter(|book| book.is_current()) {
            Some(book) => book,
            None => Arc::new(IdeaBook::read(&root, &dataset)?),
        };
        let states = book.states(&text);
        Ok::<_, fusewright_engine::work::WorkError>((book, states))
    });
    let states = match reading.await {
        Ok(Ok((book, states))) => {
            session.state().books.insert(folder.workspace.root.clone(), book);
            states
        }
        Ok(Err(error)) => {
            tracing::warn!(%error, "what became of the ideas cannot be told");
            Vec::new()
        }
        Err(error) => {
            tracing::error!(%error, "what became of the ideas cannot be told");
            Vec::new()
        }
    };
    Some(Ideas { uri: uri.clone(), folder, states })
}

/// Where the idea that a command names by its text stands on the disk: there, the file may not be what is seen.
pub(crate) async fn line(
    session: &Arc<Session>,
    folder: &Folder,
    which: Option<&Value>,
) -> Result<Option<usize>> {
    let Some(about) = which.and_then(|which| which.get("about")).and_then(Value::as_str) else {
        return Ok(None);
    };
    let (root, wanted) = (folder.workspace.root.clone(), about.to_owned());
    let found = session.jobs.spawn_blocking(move || line_of_idea(&root, &wanted)).await?;
    match found.map_err(refused)? {
        Some(line) => Ok(Some(line)),
        None => Err(refused(format!("\"{about}\" is not in {IDEAS} on the disk: save the file first"))),
    }
}

impl Ideas {
    /// What can be done with each.
    pub(crate) fn offers(&self, session: &Session) -> Vec<Offer> {
        let state = session.state();
        if state.options.is_restricted() {
            return Vec::new();
        }
        let working = state.working.get(&self.folder.workspace.root);
        let works = working.is_some_and(|(_, cancel)| !cancel.is_cancelled());
        drop(state);
        let mut offers = Vec::new();
        let left = self.states.iter().filter(|idea| idea.became == Became::Open).count();
        let mut first = (left > 1 && !works).then_some(left);
        for idea in &self.states {
            let Some(line) = idea.number.and_then(|number| u32::try_from(number).ok()?.checked_sub(1)) else {
                continue;
            };
            let offer = |title: String, command, which: Value| {
                let arguments = vec![Value::from(self.uri.as_str()), which];
                offers.push(Offer { line, title, command, arguments });
            };
            offer_on(idea, works, &mut first, offer);
        }
        offers
    }

    /// What became of the idea on a 0-based line, at length.
    pub(crate) fn told(&self, line: u32) -> Option<String> {
        let number = usize::try_from(line).ok()? + 1;
        let idea = self.states.iter().find(|idea| idea.number == Some(number))?;
        let more = match &idea.became {
            Became::Open => return None,
            Became::AtWork { writer, .. } => format!("Written by {writer}."),
            Became::Archived { description, .. } | Became::ByHand { description, .. } => description.clone(),
            Became::Abandoned { reason, .. } => reason.clone(),
            Became::Skipped => "The loop leaves it out.".to_owned(),
        };
        Some(format!("{}\n{more}", said(&idea.became)))
    }
}

/// What can be done with one idea; `first` is the number of those that are left, until it is offered to run them all.
fn offer_on(
    idea: &IdeaState,
    works: bool,
    first: &mut Option<usize>,
    mut offer: impl FnMut(String, Command, Value),
) {
    let this = || json!({ "idea": idea.number, "about": idea.idea });
    let again = || json!({ "redo": idea.number, "about": idea.idea });
    match &idea.became {
        Became::Open if works => {}
        Became::Open => {
            offer("▶ Run".to_owned(), Command::RunIdea, this());
            offer("Skip".to_owned(), Command::Abandon, this());
            if let Some(left) = first.take() {
                offer(format!("Run all {left} that are left"), Command::RunIdea, json!({ "all": true }));
            }
        }
        Became::AtWork { .. } if works => {
            offer(format!("■ Cancel · {}", said(&idea.became)), Command::Cancel, Value::Null);
        }
        Became::AtWork { .. } => {
            offer(format!("▶ Go on · {}", said(&idea.became)), Command::RunIdea, this());
            offer("Skip".to_owned(), Command::Abandon, this());
        }
        over => {
            let again_title = if *over == Became::Skipped { "Run all the same" } else { "Redo" };
            offer(format!("{} · {again_title}", said(over)), Command::RunIdea, again());
        }
    }
}

impl Offer {
    /// The command as the protocol has it, its title after `prefix`.
    pub(crate) fn command(self, prefix: &str) -> tower_lsp::ls_types::Command {
        tower_lsp::ls_types::Command {
            title: format!("{prefix}{}", self.title),
            command: self.command.name().to_owned(),
            arguments: Some(self.arguments),
        }
    }

    /// Its lens.
    pub(crate) fn lens(self) -> CodeLens {
        let start = Position::new(self.line, 0);
        CodeLens { range: Range::new(start, start), command: Some(self.command("")), data: None }
    }
}

/// What became of an idea, in few words.
fn said(became: &Became) -> String {
    let tried =
        |attempts: u32| if attempts == 1 { "1 attempt".to_owned() } else { format!("{attempts} attempts") };
    match became {
        Became::Open => "open".to_owned(),
        // Before the first is written, it is what is being written.
        Became::AtWork { attempt, of, .. } => format!("attempt {} of {of}", (*attempt).max(1)),
        Became::Archived { line, twin: true, .. } => format!("✓ same code as line {line} of the dataset"),
        Became::Archived { line, .. } => format!("✓ archived as line {line}"),
        Became::ByHand { line, .. } => format!("✓ archived by hand as line {line}"),
        Became::Abandoned { attempts, .. } => format!("✗ abandoned after {}", tried(*attempts)),
        Became::Skipped => "skipped".to_owned(),
    }
}
