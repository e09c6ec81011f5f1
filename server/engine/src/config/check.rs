//! Reads one layer of configuration and says, key by key, what is wrong with it.

use std::ops::Range;
use std::sync::LazyLock;

use serde::Deserialize;
use serde_json::{Map, Value};
use toml::de::{DeTable, DeValue};

use super::expected::{expected, sensible};
use super::options::{Options, schema};
use crate::nearest::nearest;

/// What is wrong with one key of a layer. The other keys of the layer stay in force.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfigProblem {
    /// Whether it is a fault or only waits for the user's word.
    pub kind: ProblemKind,
    /// The 1-based line; 0 for a layer that has no lines.
    pub line: u32,
    /// The bytes of the text that it is about.
    pub range: Range<usize>,
    /// One sentence: what is wrong and what to do.
    pub message: String,
}

/// Whether a problem is a fault or only waits for the user's word.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ProblemKind {
    /// The file cannot be read, or a key or a value means nothing.
    Invalid,
    /// The key runs or sends something, and the user has not accepted the file yet.
    Untrusted,
}

/// Reads the text of a `fusewright.toml`. Trust is not asked here.
pub fn check_toml(text: &str) -> (Options, Vec<ConfigProblem>) {
    let table = match DeTable::parse(text) {
        Ok(table) => table.into_inner(),
        Err(error) => {
            let range = error.span().unwrap_or(0..0);
            let message = format!("this is not TOML: {}", error.message().trim_end_matches('.'));
            return (Options::default(), vec![problem(text, range, message)]);
        }
    };
    let mut problems = Vec::new();
    let mut sections = Map::new();
    for (name, section) in &table {
        let range = name.span();
        if let Err(message) = check_section(name.get_ref()) {
            problems.push(problem(text, range, message));
            continue;
        }
        let DeValue::Table(keys) = section.get_ref() else {
            problems.push(problem(text, range, not_a_section(name.get_ref())));
            continue;
        };
        let mut kept = Map::new();
        for (key, value) in keys {
            match check_key(name.get_ref(), key.get_ref(), || json(value.get_ref())) {
                Ok(checked) => {
                    kept.insert(key.get_ref().to_string(), checked);
                }
                Err(Fault::Key(message)) => problems.push(problem(text, key.span(), message)),
                Err(Fault::Value(message)) => problems.push(problem(text, value.span(), message)),
            }
        }
        sections.insert(name.get_ref().to_string(), Value::Object(kept));
    }
    problems.sort_by_key(|problem| problem.range.start);
    (options(sections), problems)
}

/// Reads the same keys from JSON, as an editor's settings give them. The problems name no line.
pub fn check_json(value: &Value) -> (Options, Vec<ConfigProblem>) {
    let nowhere = |message| ConfigProblem { kind: ProblemKind::Invalid, line: 0, range: 0..0, message };
    let mut problems = Vec::new();
    let mut sections = Map::new();
    for (name, section) in value.as_object().into_iter().flatten() {
        if let Err(message) = check_section(name) {
            problems.push(nowhere(message));
            continue;
        }
        let keys = match section {
            Value::Object(keys) => keys,
            Value::Null => continue,
            _ => {
                problems.push(nowhere(not_a_section(name)));
                continue;
            }
        };
        let mut kept = Map::new();
        // An editor sends null for a setting that was left alone.
        for (key, value) in keys.iter().filter(|(_, value)| !value.is_null()) {
            match check_key(name, key, || Some(value.clone())) {
                Ok(checked) => {
                    kept.insert(key.clone(), checked);
                }
                Err(Fault::Key(message) | Fault::Value(message)) => problems.push(nowhere(message)),
            }
        }
        sections.insert(name.clone(), Value::Object(kept));
    }
    (options(sections), problems)
}

enum Fault {
    Key(String),
    Value(String),
}

fn check_section(name: &str) -> Result<(), String> {
    let known = keys_of(None);
    if known.iter().any(|section| section == name) {
        return Ok(());
    }
    let advice = match nearest(name, known.iter().map(String::as_str)) {
        Some(meant) => format!("did you mean [{meant}]?"),
        None => format!("the sections are {}", known.join(", ")),
    };
    Err(format!("unknown section [{name}]: {advice}"))
}

fn not_a_section(name: &str) -> String {
    format!("`{name}` must be a section: write [{name}] on a line of its own, and its keys below")
}

/// Checks one key; the value is the checked one.
fn check_key(section: &str, key: &str, value: impl FnOnce() -> Option<Value>) -> Result<Value, Fault> {
    let known = keys_of(Some(section));
    if !known.iter().any(|name| name == key) {
        let advice = match nearest(key, known.iter().map(String::as_str)) {
            Some(meant) => format!("did you mean `{meant}`?"),
            None => format!("its keys are {}", known.join(", ")),
        };
        return Err(Fault::Key(format!("unknown key `{key}` in [{section}]: {advice}")));
    }
    let value = value().unwrap_or(Value::Null);
    let mut alone = Map::new();
    alone.insert(key.to_owned(), value.clone());
    let mut sections = Map::new();
    sections.insert(section.to_owned(), Value::Object(alone));
    let typed = !value.is_null() && Options::deserialize(Value::Object(sections)).is_ok();
    if typed && sensible(section, key, &value) {
        Ok(value)
    } else {
        Err(Fault::Value(format!("`{section}.{key}` must be {}", expected(section, key))))
    }
}

/// The layer that holds the sections, whose keys were each checked before.
fn options(sections: Map<String, Value>) -> Options {
    Options::deserialize(Value::Object(sections)).unwrap_or_default()
}

/// The names of the sections, or of one section's keys, as the types declare them.
fn keys_of(section: Option<&str>) -> Vec<String> {
    static SCHEMA: LazyLock<schemars::Schema> = LazyLock::new(schema);
    let pointer = match section {
        Some(section) => format!("/properties/{section}/properties"),
        None => "/properties".to_owned(),
    };
    let keys = SCHEMA.pointer(&pointer).and_then(Value::as_object);
    keys.into_iter().flat_map(Map::keys).cloned().collect()
}

/// A TOML value as JSON; `None` for one that JSON cannot say, which no key wants.
fn json(value: &DeValue<'_>) -> Option<Value> {
    match value {
        DeValue::String(text) => Some(Value::String(text.to_string())),
        DeValue::Integer(number) => {
            i64::from_str_radix(number.as_str(), number.radix()).ok().map(Value::from)
        }
        DeValue::Float(number) => number.as_str().parse::<f64>().ok().map(Value::from),
        DeValue::Boolean(flag) => Some(Value::Bool(*flag)),
        DeValue::Array(items) => items.iter().map(|item| json(item.get_ref())).collect(),
        DeValue::Table(entries) => {
            let entries = entries.iter();
            let entries =
                entries.map(|(name, value)| Some((name.get_ref().to_string(), json(value.get_ref())?)));
            entries.collect::<Option<Map<String, Value>>>().map(Value::Object)
        }
        DeValue::Datetime(_) => None,
    }
}

fn problem(text: &str, range: Range<usize>, message: String) -> ConfigProblem {
    ConfigProblem { kind: ProblemKind::Invalid, line: line_of(text, range.start), range, message }
}

/// The 1-based line of a byte offset.
pub(super) fn line_of(text: &str, offset: usize) -> u32 {
    let breaks = text.get(..offset).unwrap_or(text).matches('\n').count();
    u32::try_from(breaks).unwrap_or(u32::MAX - 1) + 1
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;
    use crate::config::{DeviceChoice, Require};

    fn report(text: &str) -> String {
        let (_, problems) = check_toml(text);
        let lines = problems.iter().map(|problem| format!("{}: {}", problem.line, problem.message));
        lines.collect::<Vec<_>>().join("\n")
    }

    #[test]
    fn every_documented_key_is_read() {
        let (options, problems) = check_toml(
            r#"
            [python]
            interpreter = "/usr/bin/python3"
            [verify]
            device = "interpreter"
            timeout_s = 30
            seeds = 4
            min_speedup = 1.05
            target = "sm_100a"
            [model]
            provider = "openai"
            base_url = "http://localhost:8000/v1"
            model = "local"
            api_key_env = "LOCAL_KEY"
            headers = { "x-team" = "kernels", "api-key" = "$TEAM_KEY" }
            temperature = 0.2
            max_tokens = 4096
            inductor_hint_s = 2.5
            [loop]
            attempts = 2
            [dataset]
            path = "data/pairs.jsonl"
            require = "faster"
            allow_untimed = true
            allow_inductor = true
            [rules]
            ignore = ["FW305"]
            "#,
        );
        assert_eq!(problems, []);
        assert_eq!(options.verify.device, Some(DeviceChoice::Interpreter));
        assert_eq!(options.verify.timeout_s, Some(30.0));
        assert_eq!(options.work.attempts, Some(2));
        assert_eq!(options.dataset.require, Some(Require::Faster));
        assert_eq!(options.rules.ignore, Some(vec!["FW305".to_owned()]));
    }

    #[test]
    fn every_fault_is_named_on_its_line() {
        insta::assert_snapshot!(report(
            r#"[verfy]
seeds = 3
[verify]
devise = "cuda"
device = "gpu"
timeout_s = "long"
seeds = 0
min_speedup = nan
target = "H200"
colour = "red"
[model]
api_key_env = "sk-abc123"
base_url = "localhost"
[dataset]
allow_untimed = "yes"
require = 1979-05-27
[rules]
ignore = ["FW401"]
[loop]
attempts = 1e3
"#
        ), @r#"
        1: unknown section [verfy]: did you mean [verify]?
        4: unknown key `devise` in [verify]: did you mean `device`?
        5: `verify.device` must be "auto", "cuda" or "interpreter"
        6: `verify.timeout_s` must be a number of seconds from 1 to 86400
        7: `verify.seeds` must be a whole number from 1 to 100
        8: `verify.min_speedup` must be a number from 0 to 1000
        9: `verify.target` must be a GPU architecture such as "sm_90"
        10: unknown key `colour` in [verify]: its keys are device, timeout_s, seeds, min_speedup, target, compile_on_save, torch_compile, containment
        12: `model.api_key_env` must be the name of an environment variable, never the key itself
        13: `model.base_url` must be an address that starts with http:// or https://
        15: `dataset.allow_untimed` must be true or false
        16: `dataset.require` must be "correct" or "faster"
        18: `rules.ignore` must be a list of rule codes such as ["FW305"]; the trust rules (FW4xx) and verdicts (FW5xx) cannot be ignored
        20: `loop.attempts` must be a whole number from 1 to 100
        "#);
    }

    #[test]
    fn what_is_no_toml_or_no_section_is_one_problem() {
        insta::assert_snapshot!(report("[verify]\nseeds = \n"), @"2: this is not TOML: string values must be quoted, expected literal string");
        insta::assert_snapshot!(report("verify = 3\n"), @"1: `verify` must be a section: write [verify] on a line of its own, and its keys below");
    }

    #[test]
    fn a_fault_leaves_the_other_keys_in_force() {
        let (options, problems) = check_toml("[verify]\nseeds = 0\ntimeout_s = 12\n[loop]\nattempts = 2\n");
        assert_eq!(problems.len(), 1);
        assert_eq!(options.verify.seeds, None);
        assert_eq!(options.verify.timeout_s, Some(12.0));
        assert_eq!(options.work.attempts, Some(2));
    }

    #[test]
    fn every_key_says_what_it_must_be() {
        for section in keys_of(None) {
            let keys = keys_of(Some(&section));
            assert!(!keys.is_empty(), "{section} has no keys");
            for key in keys {
                assert_ne!(expected(&section, &key), "something else", "{section}.{key}");
            }
        }
    }

    #[test]
    fn an_editors_settings_are_read_like_the_file() {
        let (options, problems) =
            check_json(&json!({"verify": {"seeds": 2, "device": null, "sedes": 1}, "loop": null, "x": 1}));
        assert_eq!(options.verify.seeds, Some(2));
        let messages: Vec<_> = problems.iter().map(|problem| problem.message.as_str()).collect();
        insta::assert_debug_snapshot!(messages, @r#"
        [
            "unknown key `sedes` in [verify]: did you mean `seeds`?",
            "unknown section [x]: the sections are python, verify, model, loop, dataset, rules",
        ]
        "#);
    }

    proptest! {
        #[test]
        fn any_text_is_read_without_a_panic(text in "(?s).{0,200}|([\\[\\]a-z_=\" \\n0-9.]{0,80})") {
            let (_, problems) = check_toml(&text);
            for problem in problems {
                prop_assert!(problem.line >= 1);
                prop_assert!(problem.range.end <= text.len());
            }
        }
    }
}
