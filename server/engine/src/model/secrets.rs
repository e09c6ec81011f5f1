//! Takes keys out of what an endpoint says, before anybody reads it: refusals repeat keys, and an answer that did would
//! carry one into a dataset.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use reqwest::Url;

/// What stands where a key was.
const INSTEAD: &str = "(the key)";
/// What is shorter guards nothing, and stands in honest code too.
const SHORTEST: usize = 8;
/// Words that say of a header or a parameter that its value is a secret.
const TELLING: [&str; 7] = ["key", "token", "secret", "auth", "password", "cookie", "signature"];

/// Texts that nobody may see.
#[derive(Clone, Default)]
pub(super) struct Secrets(Vec<String>);

impl Secrets {
    /// Adds a text, unless it is too short to be a secret.
    pub(super) fn add(&mut self, text: &str) {
        if text.len() >= SHORTEST && !self.0.iter().any(|known| known == text) {
            self.0.push(text.to_owned());
            // One may begin like another: the longer is looked for first.
            self.0.sort_by_key(|secret| std::cmp::Reverse(secret.len()));
        }
    }

    /// Adds a header's value, or a parameter's, if its name says that it is a secret.
    pub(super) fn add_named(&mut self, name: &str, value: &str) {
        let name = name.to_ascii_lowercase();
        if TELLING.iter().any(|word| name.contains(word)) {
            self.add(value);
            // `Bearer KEY`: the key alone may be repeated too.
            value.split_whitespace().for_each(|word| self.add(word));
        }
    }

    /// Adds what an address carries: a password, and parameters that are secrets by their names.
    pub(super) fn add_address(&mut self, url: &Url) {
        if let Some(password) = url.password() {
            self.add(password);
            self.add(&STANDARD.encode(format!("{}:{password}", url.username())));
        } else if !url.username().is_empty() {
            self.add(url.username());
            self.add(&STANDARD.encode(format!("{}:", url.username())));
        }
        for (name, value) in url.query_pairs() {
            self.add_named(&name, &value);
        }
    }

    /// The text without the secrets.
    pub(super) fn hide(&self, text: &str) -> String {
        self.0.iter().fold(text.to_owned(), |text, secret| text.replace(secret.as_str(), INSTEAD))
    }

    /// How much at the end of a text may be the beginning of a secret.
    fn begun(&self, text: &str) -> usize {
        let longest = |secret: &String| {
            let most = secret.len().saturating_sub(1).min(text.len());
            let ends = |length: &usize| secret.get(..*length).is_some_and(|start| text.ends_with(start));
            (1..=most).rev().find(ends)
        };
        self.0.iter().filter_map(longest).max().unwrap_or(0)
    }
}

/// A stream without the secrets, also those that come in pieces.
pub(super) struct Hiding<'a> {
    secrets: &'a Secrets,
    held: String,
}

impl<'a> Hiding<'a> {
    pub(super) fn new(secrets: &'a Secrets) -> Self {
        Self { secrets, held: String::new() }
    }

    /// What can be shown once this piece came.
    pub(super) fn take(&mut self, piece: &str) -> String {
        if self.secrets.0.is_empty() {
            return piece.to_owned();
        }
        self.held.push_str(piece);
        let mut text = self.secrets.hide(&self.held);
        self.held = text.split_off(text.len() - self.secrets.begun(&text));
        text
    }

    /// What was held back at the end.
    pub(super) fn finish(self) -> String {
        self.held
    }
}

/// An address as messages show it: without a password and without parameters, and also where it is no address.
pub(super) fn shown(url: &str) -> String {
    let (url, query) = url.split_once('?').map_or((url, ""), |(url, _)| (url, "?…"));
    let (scheme, rest) = url.split_once("//").map_or(("", url), |(scheme, rest)| (scheme, rest));
    let slashes = if url.contains("//") { "//" } else { "" };
    let rest = rest.rsplit_once('@').map_or(rest.to_owned(), |(_, host)| format!("…@{host}"));
    format!("{scheme}{slashes}{rest}{query}")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn secrets(url: &str) -> Secrets {
        let mut secrets = Secrets::default();
        secrets.add_address(&Url::parse(url).unwrap());
        secrets
    }

    #[test]
    fn an_address_keeps_its_secrets() {
        let secrets = secrets("http://me:sk-12345678@host/v1?api_key=ak-abcdefgh&version=2026-01-01");
        let basic = STANDARD.encode("me:sk-12345678");
        let said = format!("no sk-12345678, no ak-abcdefgh, no {basic}; version 2026-01-01");
        assert_eq!(secrets.hide(&said), "no (the key), no (the key), no (the key); version 2026-01-01");
        assert_eq!(shown("http://me:sk-12345678@host/v1?key=x"), "http://…@host/v1?…");
        assert_eq!(shown("me:sk-12345678@host"), "…@host");
        assert_eq!(shown("localhost:8000"), "localhost:8000");
    }

    #[test]
    fn only_headers_that_say_so_hold_secrets() {
        let mut secrets = Secrets::default();
        secrets.add_named("x-team", "reduction");
        secrets.add_named("Authorization", "Bearer tk-12345678");
        assert_eq!(secrets.hide("reduction tk-12345678"), "reduction (the key)");
    }

    proptest! {
        #[test]
        fn a_secret_is_hidden_however_it_is_cut(text in "(sk-sk-123|sk-|é|x){0,12}", cuts in prop::collection::vec(0_usize..40, 0..6)) {
            let mut secrets = Secrets::default();
            secrets.add("sk-sk-123");
            let mut hiding = Hiding::new(&secrets);
            let mut shown = String::new();
            let mut rest = text.as_str();
            for cut in cuts {
                let at = (0..=cut.min(rest.len())).rev().find(|at| rest.is_char_boundary(*at)).unwrap();
                let (piece, later) = rest.split_at(at);
                shown.push_str(&hiding.take(piece));
                rest = later;
            }
            shown.push_str(&hiding.take(rest));
            shown.push_str(&hiding.finish());
            prop_assert!(!shown.contains("sk-sk-123"));
            prop_assert_eq!(shown, secrets.hide(&text));
        }
    }
}
