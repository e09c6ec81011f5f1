//! What the client sends to configure the server, as it was sent.

use fusewright_engine::config::{ConfigProblem, Options, check_json};
use serde_json::Value;

/// What stands beside the settings and is none.
const NOT_SETTINGS: [&str; 8] =
    ["trusted", "status", "defaults", "languageModel", "secrets", "answers", "candidates", "differences"];

/// The `initializationOptions`.
#[derive(Debug, Clone, Default)]
pub(crate) struct ClientOptions {
    /// The editor's settings, a layer over `fusewright.toml`.
    pub(crate) settings: Options,
    /// What the editor knows better than our defaults do, a layer under `fusewright.toml`.
    pub(crate) defaults: Options,
    /// Whether the client wants `fusewright/status`.
    pub(crate) status: bool,
    /// What the client offers beyond the protocol.
    pub(crate) offers: ClientOffers,
    /// Whether the user trusts the folder, where the editor has a notion of it.
    pub(crate) trusted: Option<bool>,
    /// What is wrong with the editor's settings.
    pub(crate) problems: Vec<ConfigProblem>,
}

/// Requests and notifications of ours that the client takes.
#[derive(Debug, Clone, Copy, Default)]
#[allow(clippy::struct_excessive_bools, reason = "each is an offer of its own")]
pub(crate) struct ClientOffers {
    /// It answers `fusewright/complete` through a language model of its own.
    pub(crate) language_model: bool,
    /// It answers `fusewright/secret` from a store of its own.
    pub(crate) secrets: bool,
    /// It shows `fusewright/answer`: a kernel while it is being written.
    pub(crate) answers: bool,
    /// It takes `fusewright/candidate`: the loop wrote or deleted a file.
    pub(crate) candidates: bool,
    /// It shows `fusewright/late` as a difference.
    pub(crate) differences: bool,
}

impl ClientOptions {
    /// Reads what came with `initialize`. What cannot be read is left at its default.
    pub(crate) fn read(sent: Option<&Value>) -> Self {
        let flag = |name: &str| sent.and_then(|sent| sent.get(name)).and_then(Value::as_bool);
        let offered = |name: &str| flag(name).unwrap_or(false);
        let mut options = Self {
            status: offered("status"),
            offers: ClientOffers {
                language_model: offered("languageModel"),
                secrets: offered("secrets"),
                answers: offered("answers"),
                candidates: offered("candidates"),
                differences: offered("differences"),
            },
            trusted: flag("trusted"),
            ..Self::default()
        };
        if let Some(settings) = sent.and_then(|sent| sent.get("settings")) {
            options.take_settings(settings);
        }
        if let Some(defaults) = sent.and_then(|sent| sent.get("defaults")) {
            options.defaults = check_json(defaults).0;
        }
        options
    }

    /// Takes what came with `workspace/didChangeConfiguration`. Clients send the section bare, under
    /// `fusewright`, or as they send the initialization options.
    pub(crate) fn change(&mut self, sent: &Value) {
        let section = sent.get("fusewright").unwrap_or(sent);
        if let Some(defaults) = section.get("defaults") {
            self.defaults = check_json(defaults).0;
        }
        if let Some(trusted) = section.get("trusted").and_then(Value::as_bool) {
            self.trusted = Some(trusted);
        }
        match section.get("settings") {
            Some(settings) => self.take_settings(settings),
            // `null` and an empty object are what clients send that were only told to ask.
            None if section.as_object().is_some_and(|section| !section.is_empty()) => {
                let mut section = section.clone();
                if let Some(keys) = section.as_object_mut() {
                    keys.retain(|key, _| !NOT_SETTINGS.contains(&key.as_str()));
                }
                self.take_settings(&section);
            }
            None => {}
        }
    }

    /// Whether commands that run something are refused.
    pub(crate) fn is_restricted(&self) -> bool {
        self.trusted == Some(false)
    }

    fn take_settings(&mut self, settings: &Value) {
        (self.settings, self.problems) = check_json(settings);
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn nothing_sent_means_the_defaults() {
        for sent in [None, Some(Value::Null), Some(json!({})), Some(json!([1]))] {
            let options = ClientOptions::read(sent.as_ref());
            assert!(!options.status && options.trusted.is_none() && !options.is_restricted());
            assert_eq!(options.settings, Options::default());
        }
    }

    #[test]
    fn settings_arrive_in_each_of_the_forms_that_clients_use() {
        let settings = json!({"verify": {"seeds": 7}});
        for sent in [
            settings.clone(),
            json!({"settings": settings}),
            json!({"fusewright": settings}),
            json!({"fusewright": {"settings": settings, "trusted": false}}),
        ] {
            let mut options = ClientOptions::default();
            options.change(&sent);
            assert_eq!(options.settings.verify.seeds, Some(7), "{sent}");
        }
    }

    #[test]
    fn an_empty_change_keeps_what_was_known() {
        let mut options = ClientOptions::read(Some(&json!({"settings": {"verify": {"seeds": 7}}})));
        for nothing in [Value::Null, json!({}), json!({"fusewright": null})] {
            options.change(&nothing);
            assert_eq!(options.settings.verify.seeds, Some(7));
        }
        options.change(&json!({"fusewright": {"verify": {"seeds": "many"}}}));
        assert_eq!(options.problems.len(), 1);
    }
}
