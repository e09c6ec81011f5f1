//! What the client said it can do, as far as the server asks.

use tower_lsp::ls_types::{ClientCapabilities, ResourceOperationKind};

/// Abilities of the client; each is false where the client does not name it.
#[derive(Debug, Clone, Copy, Default)]
#[allow(clippy::struct_excessive_bools, reason = "each is an ability of its own, as the protocol has them")]
pub(crate) struct Features {
    /// Shows related places of a diagnostic.
    pub(crate) related_information: bool,
    /// Opens a diagnostic's page.
    pub(crate) code_description: bool,
    /// Takes code actions, and not commands alone.
    pub(crate) code_action_literals: bool,
    /// Takes edits that name the version they were made for.
    pub(crate) document_changes: bool,
    /// Takes a tree of symbols.
    pub(crate) symbol_tree: bool,
    /// Takes completions with places to fill in.
    pub(crate) snippets: bool,
    /// Creates files as part of an edit.
    pub(crate) creates_files: bool,
    /// Shows a document that the server names.
    pub(crate) show_document: bool,
    /// Shows progress that the server begins.
    pub(crate) progress: bool,
    /// Asks for code lenses again when told to.
    pub(crate) code_lens_refresh: bool,
    /// Asks for inlay hints again when told to.
    pub(crate) inlay_hint_refresh: bool,
    /// Watches files on the server's behalf.
    pub(crate) watched_files: bool,
}

impl From<&ClientCapabilities> for Features {
    fn from(client: &ClientCapabilities) -> Self {
        let text = client.text_document.as_ref();
        let workspace = client.workspace.as_ref();
        let publish = text.and_then(|text| text.publish_diagnostics.as_ref());
        let action = text.and_then(|text| text.code_action.as_ref());
        let symbol = text.and_then(|text| text.document_symbol.as_ref());
        let item = text
            .and_then(|text| text.completion.as_ref())
            .and_then(|completion| completion.completion_item.as_ref());
        let said = |flag: Option<bool>| flag.unwrap_or(false);
        Self {
            related_information: said(publish.and_then(|publish| publish.related_information)),
            code_description: said(publish.and_then(|publish| publish.code_description_support)),
            code_action_literals: action.is_some_and(|action| action.code_action_literal_support.is_some()),
            document_changes: said(
                workspace
                    .and_then(|workspace| workspace.workspace_edit.as_ref())
                    .and_then(|edit| edit.document_changes),
            ),
            creates_files: workspace
                .and_then(|workspace| workspace.workspace_edit.as_ref())
                .filter(|edit| edit.document_changes == Some(true))
                .and_then(|edit| edit.resource_operations.as_ref())
                .is_some_and(|operations| operations.contains(&ResourceOperationKind::Create)),
            show_document: client
                .window
                .as_ref()
                .and_then(|window| window.show_document.as_ref())
                .is_some_and(|show| show.support),
            symbol_tree: said(symbol.and_then(|symbol| symbol.hierarchical_document_symbol_support)),
            snippets: said(item.and_then(|item| item.snippet_support)),
            progress: said(client.window.as_ref().and_then(|window| window.work_done_progress)),
            code_lens_refresh: said(
                workspace
                    .and_then(|workspace| workspace.code_lens.as_ref())
                    .and_then(|lens| lens.refresh_support),
            ),
            inlay_hint_refresh: said(
                workspace
                    .and_then(|workspace| workspace.inlay_hint.as_ref())
                    .and_then(|hint| hint.refresh_support),
            ),
            watched_files: said(
                workspace
                    .and_then(|workspace| workspace.did_change_watched_files.as_ref())
                    .and_then(|watched| watched.dynamic_registration),
            ),
        }
    }
}
