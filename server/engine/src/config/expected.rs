//! What the value of each key must be: the words for the user, and the check that no type can make.

use serde_json::Value;

use super::settings::may_be_ignored;

/// What a key's value must be, as the end of a sentence: "must be …".
pub(super) fn expected(section: &str, key: &str) -> &'static str {
    match (section, key) {
        ("python", "interpreter") => "the path of a Python interpreter, or its name on PATH",
        ("python", "command") => r#"a list of words that start Python, such as ["ssh", "gpubox", "python3"]"#,
        ("verify", "device") => r#""auto", "cuda" or "interpreter""#,
        ("verify", "timeout_s") => "a number of seconds from 1 to 86400",
        ("verify", "seeds") | ("loop", "attempts") => "a whole number from 1 to 100",
        ("verify", "min_speedup") => "a number from 0 to 1000",
        ("verify", "containment") => r#""best" or "required""#,
        ("verify", "target") => r#"a GPU architecture such as "sm_90""#,
        ("model", "provider") => r#""openai", "anthropic", "command", "editor", "inductor" or "recorded""#,
        ("model", "base_url") => "an address that starts with http:// or https://",
        ("model", "headers") => {
            r#"a table of texts, such as { "x-team" = "kernels", "api-key" = "$MY_KEY" }"#
        }
        ("model", "command") => r#"a list of words that start a program, such as ["llm", "-m", "coder"]"#,
        ("model", "answers") => "the path of a folder",
        ("model", "model") => "the name of a model",
        ("model", "api_key_env") => "the name of an environment variable, never the key itself",
        ("model", "temperature") => "a number from 0 to 2",
        ("model", "max_tokens") => "a whole number of at least 1",
        ("model", "inductor_hint_s") => "a number of seconds from 0 to 600",
        ("dataset", "path") => "the path of a file",
        ("dataset", "require") => r#""correct" or "faster""#,
        ("verify", "compile_on_save" | "torch_compile") | ("dataset", "allow_untimed" | "allow_inductor") => {
            "true or false"
        }
        ("rules", "ignore") => {
            r#"a list of rule codes such as ["FW305"]; the trust rules (FW4xx) and verdicts (FW5xx) cannot be ignored"#
        }
        _ => "something else",
    }
}

/// Whether a value of the right type is also a sensible one.
pub(super) fn sensible(section: &str, key: &str, value: &Value) -> bool {
    let number_in = |low: f64, high: f64| value.as_f64().is_some_and(|number| (low..=high).contains(&number));
    let text = value.as_str().unwrap_or_default();
    match (section, key) {
        ("python", "interpreter") | ("model", "model") | ("dataset", "path") => !text.trim().is_empty(),
        ("python" | "model", "command") => value.as_array().is_some_and(|words| {
            words.first().and_then(Value::as_str).is_some_and(|program| !program.trim().is_empty())
        }),
        ("verify", "timeout_s") => number_in(1.0, 86400.0),
        ("verify", "seeds") | ("loop", "attempts") => number_in(1.0, 100.0),
        ("verify", "min_speedup") => number_in(0.0, 1000.0),
        ("verify", "target") => is_target(text),
        ("model", "base_url") => text.starts_with("http://") || text.starts_with("https://"),
        ("model", "api_key_env") => is_variable(text),
        ("model", "temperature") => number_in(0.0, 2.0),
        ("model", "max_tokens") => number_in(1.0, f64::from(u32::MAX)),
        ("model", "inductor_hint_s") => number_in(0.0, 600.0),
        ("rules", "ignore") => {
            value.as_array().is_some_and(|codes| codes.iter().filter_map(Value::as_str).all(is_rule))
        }
        _ => true,
    }
}

fn is_target(text: &str) -> bool {
    text.strip_prefix("sm_").is_some_and(|rest| {
        let digits = rest.strip_suffix(['a', 'f']).unwrap_or(rest);
        (2..=3).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit())
    })
}

fn is_variable(text: &str) -> bool {
    !text.is_empty()
        && !text.starts_with(|first: char| first.is_ascii_digit())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

fn is_rule(code: &str) -> bool {
    code.len() == 5
        && code.strip_prefix("FW").is_some_and(|digits| digits.bytes().all(|byte| byte.is_ascii_digit()))
        && may_be_ignored(code)
}
