//! `fusewright/secret`: keys from the client's secret store.
//!
//! A key is asked for when it is needed and kept no longer than the work that needs it. Where the client has no store,
//! or not this key, the environment holds it.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use fusewright_engine::config::ModelSettings;
use fusewright_engine::model::Endpoint;
use serde::{Deserialize, Serialize};
use tower_lsp::ls_types::request::Request;

use super::ask::ask;
use crate::lsp::session::Session;

/// The request.
#[derive(Debug)]
enum Secret {}

impl Request for Secret {
    type Params = Name;
    type Result = Option<Value>;
    const METHOD: &'static str = "fusewright/secret";
}

/// Which secret: the environment variable that would hold it.
#[derive(Debug, Serialize, Deserialize)]
struct Name {
    name: String,
}

/// The secret, if the store has it.
#[derive(Serialize, Deserialize)]
struct Value {
    value: Option<String>,
}

/// Secrets by name. Has no `Debug`, so that no message can hold them.
#[derive(Default, Clone)]
pub(crate) struct Secrets(Arc<BTreeMap<String, String>>);

impl Secrets {
    /// What the store holds under a name, else what the environment holds.
    pub(crate) fn variable(&self, name: &str) -> Option<String> {
        self.0.get(name).cloned().or_else(|| std::env::var(name).ok())
    }
}

/// Asks the client for the secrets that a model's settings need.
pub(crate) async fn of(session: &Session, settings: &ModelSettings) -> Secrets {
    if !session.state().options.offers.secrets {
        return Secrets::default();
    }
    let mut known = BTreeMap::new();
    for name in needed(settings) {
        let client = session.client.clone();
        let params = Name { name: name.clone() };
        let asked = ask(Secret::METHOD, async move { client.send_request::<Secret>(params).await });
        if let Some(Some(Value { value: Some(value) })) = asked.await {
            known.insert(name, value);
        }
    }
    Secrets(Arc::new(known))
}

/// The variables that the endpoint looks up.
fn needed(settings: &ModelSettings) -> Vec<String> {
    let names = Mutex::new(Vec::new());
    let note = |name: &str| {
        names.lock().unwrap_or_else(PoisonError::into_inner).push(name.to_owned());
        None
    };
    // What is wrong with the settings is told when the model is made.
    let _ = Endpoint::of(settings, note);
    let mut names = names.into_inner().unwrap_or_else(PoisonError::into_inner);
    names.sort();
    names.dedup();
    names
}
