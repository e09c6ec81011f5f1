//! The client's own language model, as the engine asks it.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use fusewright_engine::config::{Provider, Settings};
use fusewright_engine::generate::EditorModel;
use fusewright_engine::model::{Completion, Limits, Listener, ModelError, Prompt};
use fusewright_engine::progress::CancellationToken;
use futures::FutureExt;
use futures::future::BoxFuture;

use crate::lsp::requests::complete::{complete, no_model};
use crate::lsp::session::Session;

/// The model that the client hands on.
pub(super) struct ClientModel {
    session: Arc<Session>,
    /// The model that the settings name.
    wanted: Option<String>,
    /// The one that answered last.
    answered: Mutex<Option<String>>,
}

impl ClientModel {
    /// The client's model, where the settings name it. A client that has none says so when it is asked.
    pub(super) fn of(session: &Arc<Session>, settings: &Settings) -> Option<Self> {
        (settings.model.provider == Provider::Editor).then(|| Self {
            session: session.clone(),
            wanted: settings.model.model.clone(),
            answered: Mutex::default(),
        })
    }

    fn name(&self, name: String) {
        *self.answered.lock().unwrap_or_else(PoisonError::into_inner) = Some(name);
    }
}

impl fmt::Debug for ClientModel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("ClientModel").field(&self.label()).finish()
    }
}

impl EditorModel for ClientModel {
    fn label(&self) -> String {
        let answered = self.answered.lock().unwrap_or_else(PoisonError::into_inner).clone();
        answered
            .or_else(|| self.wanted.clone())
            .map_or_else(|| "the editor's model".to_owned(), |name| format!("{name} in the editor"))
    }

    fn complete<'a>(
        &'a self,
        prompt: &'a Prompt,
        listener: &'a dyn Listener,
        cancel: &'a CancellationToken,
    ) -> BoxFuture<'a, Result<Completion, ModelError>> {
        async move {
            if !self.session.state().options.offers.language_model {
                return Err(no_model());
            }
            let named = |name| self.name(name);
            let wanted = self.wanted.as_deref();
            complete(&self.session, wanted, prompt, Limits::default(), (listener, &named), cancel).await
        }
        .boxed()
    }
}
