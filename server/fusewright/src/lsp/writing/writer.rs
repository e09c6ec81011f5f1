//! Who writes: as the settings have it, with the keys of the editor's secret store; and how the editor names it.

use std::path::Path;
use std::sync::Arc;

use fusewright_engine::authors::INDUCTOR;
use fusewright_engine::config::{Provider, Settings};
use fusewright_engine::generate::{EditorModel, Writer};
use tower_lsp::jsonrpc::Result;

use super::editor_model::ClientModel;
use crate::lsp::commands::refused;
use crate::lsp::requests::secret;
use crate::lsp::session::Session;

/// What writes where no model does: the name says that it is none.
const NO_MODEL: &str = "TorchInductor (no model)";

/// The writer that the settings name.
pub(crate) async fn of(session: &Arc<Session>, settings: &Settings, root: &Path) -> Result<Writer> {
    let secrets = secret::of(session, &settings.model).await;
    let editor = ClientModel::of(session, settings).map(|model| Arc::new(model) as Arc<dyn EditorModel>);
    Writer::of(settings, root, editor, &|name| secrets.variable(name)).map_err(refused)
}

/// How titles name the writer of these settings, before it is asked.
pub(crate) fn name_of(settings: &Settings) -> String {
    match settings.model.provider {
        Provider::Inductor => NO_MODEL.to_owned(),
        Provider::Editor if settings.model.model.is_some() => {
            format!("{} in the editor", Writer::named(settings))
        }
        _ => Writer::named(settings),
    }
}

/// How messages name whoever wrote.
pub(super) fn shown(writer: &str) -> String {
    if writer == INDUCTOR { NO_MODEL.to_owned() } else { writer.to_owned() }
}
