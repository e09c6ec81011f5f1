//! Who writes kernels.

use std::path::Path;
use std::sync::Arc;

use crate::authors::{AuthorStore, INDUCTOR};
use crate::config::{Provider, Settings};
use crate::model::{EditorModel, Limits, Model, ModelError};

/// Who writes kernels: a model, or TorchInductor. What it wrote is remembered as its own.
#[derive(Debug)]
pub struct Writer {
    kind: Kind,
    pub(super) authors: Option<AuthorStore>,
}

#[derive(Debug)]
enum Kind {
    Model(Model),
    Inductor,
}

impl Writer {
    /// The writer that the settings name. `editor` is the editor's own model, where there is one; `variable` looks up
    /// an environment variable or a secret; relative paths are meant from `root`.
    pub fn of(
        settings: &Settings,
        root: &Path,
        editor: Option<Arc<dyn EditorModel>>,
        variable: &dyn Fn(&str) -> Option<String>,
    ) -> Result<Self, ModelError> {
        let kind = match settings.model.provider {
            Provider::Inductor => Kind::Inductor,
            Provider::Editor => Kind::Model(Model::of_editor(editor.ok_or(ModelError::NoEditor)?)),
            _ => match Model::of(&settings.model, root, Limits::default(), variable)? {
                Some(model) => Kind::Model(model),
                None => Kind::Inductor,
            },
        };
        Ok(Self { kind, authors: AuthorStore::of_user() })
    }

    /// The same writer, whose works are remembered elsewhere, or nowhere.
    #[must_use]
    pub fn remembered_in(self, authors: Option<AuthorStore>) -> Self {
        Self { authors, ..self }
    }

    /// How provenance and progress name it: "small-coder-7b at localhost:8000", "inductor".
    pub fn label(&self) -> String {
        self.model().map_or_else(|| INDUCTOR.to_owned(), Model::label)
    }

    /// Whom the settings name, in few words, for a title: nothing is looked up, and nobody asked.
    pub fn named(settings: &Settings) -> String {
        let model = &settings.model;
        let name = |otherwise: &str| model.model.clone().unwrap_or_else(|| otherwise.to_owned());
        match model.provider {
            Provider::Inductor => "TorchInductor".to_owned(),
            Provider::Editor => name("the editor's model"),
            Provider::Openai | Provider::Anthropic => name("a model"),
            Provider::Command => {
                let program = model.command.as_ref().and_then(|words| words.first());
                program.map_or_else(|| "a program".to_owned(), |program| format!("`{program}`"))
            }
            Provider::Recorded => "recorded answers".to_owned(),
        }
    }

    /// Whether TorchInductor writes.
    pub fn is_inductor(&self) -> bool {
        self.model().is_none()
    }

    /// How many attempts make sense: TorchInductor writes the same every time.
    pub fn attempts(&self, configured: u32) -> u32 {
        if self.is_inductor() { 1 } else { configured.max(1) }
    }

    /// The model, unless TorchInductor writes.
    pub fn model(&self) -> Option<&Model> {
        match &self.kind {
            Kind::Model(model) => Some(model),
            Kind::Inductor => None,
        }
    }
}
