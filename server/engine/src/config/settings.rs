//! What the layers of configuration resolve to.

use std::collections::BTreeMap;
use std::path::PathBuf;

use super::options::{Containment, DeviceChoice, Options, Provider, Require};

/// The dataset's file where nothing else is configured, relative to the workspace.
const DATASET_PATH: &str = "triton_training_data/output/training_data.jsonl";

/// The settings in force.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Settings {
    /// The Python that runs the pairs.
    pub python: PythonSettings,
    /// How pairs are judged.
    pub verify: VerifySettings,
    /// The language model that writes kernels.
    pub model: ModelSettings,
    /// The loop that works through ideas and tasks.
    pub work: LoopSettings,
    /// The dataset and what may enter it.
    pub dataset: DatasetSettings,
    /// The rules of the static checks.
    pub rules: RuleSettings,
}

/// The Python that runs the pairs.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct PythonSettings {
    /// The interpreter, where one was named.
    pub interpreter: Option<PathBuf>,
    /// The command that starts the interpreter, where one was named.
    pub command: Option<Vec<String>>,
}

/// How pairs are judged.
#[derive(Debug, Clone, PartialEq)]
pub struct VerifySettings {
    /// The device.
    pub device: DeviceChoice,
    /// The longest that one pair may take, in seconds.
    pub timeout_s: f64,
    /// How many secret seeds a pair is tried with.
    pub seeds: u32,
    /// The speedup that a candidate must exceed to pass.
    pub min_speedup: f64,
    /// The architecture that kernels are compiled for where there is no GPU.
    pub target: String,
    /// Whether a saved pair's kernels are compiled in the editor.
    pub compile_on_save: bool,
    /// Whether the reference is compared with what torch.compile makes of it.
    pub torch_compile: bool,
    /// Whether every layer of containment must be in force.
    pub containment: Containment,
}

impl Default for VerifySettings {
    fn default() -> Self {
        Self {
            device: DeviceChoice::Auto,
            timeout_s: 60.0,
            seeds: 3,
            min_speedup: 1.0,
            target: "sm_90".to_owned(),
            compile_on_save: false,
            torch_compile: true,
            containment: Containment::Best,
        }
    }
}

/// The language model that writes kernels.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ModelSettings {
    /// Who writes the kernel.
    pub provider: Provider,
    /// The address of the endpoint, where one was named.
    pub base_url: Option<String>,
    /// Headers that every request carries; a value that starts with `$` names an environment variable.
    pub headers: BTreeMap<String, String>,
    /// The program that answers, where one was named.
    pub command: Option<Vec<String>>,
    /// The folder of recorded answers, where one was named.
    pub answers: Option<PathBuf>,
    /// The model's name, where one was given.
    pub model: Option<String>,
    /// The environment variable that holds the key, where one was named.
    pub api_key_env: Option<String>,
    /// How freely the model samples; the provider's own default where it was left out.
    pub temperature: Option<f64>,
    /// The longest answer, in tokens; the provider's own default where it was left out.
    pub max_tokens: Option<u32>,
    /// How long a model waits for TorchInductor's kernel of the reference, in seconds, where it was said.
    pub inductor_hint_s: Option<f64>,
}

impl ModelSettings {
    /// The environment variables that may hold keys: what runs a pair's code is started without them.
    pub fn key_variables(&self) -> impl Iterator<Item = &str> {
        let named = self.headers.values().filter_map(|value| value.strip_prefix('$'));
        ["OPENAI_API_KEY", "ANTHROPIC_API_KEY"].into_iter().chain(self.api_key_env.as_deref()).chain(named)
    }
}

/// The loop that works through ideas and tasks.
#[derive(Debug, Clone, PartialEq)]
pub struct LoopSettings {
    /// How many attempts an idea or a task gets.
    pub attempts: u32,
}

impl Default for LoopSettings {
    fn default() -> Self {
        Self { attempts: 3 }
    }
}

/// The dataset and what may enter it.
#[derive(Debug, Clone, PartialEq)]
pub struct DatasetSettings {
    /// The dataset's file; a relative one is meant from the workspace's root.
    pub path: PathBuf,
    /// What a pair must be to enter, where it was said: tasks and ideas have different rules of their own.
    pub require: Option<Require>,
    /// Whether a pair may enter that could not be timed.
    pub allow_untimed: bool,
    /// Whether kernels that TorchInductor wrote may enter.
    pub allow_inductor: bool,
}

impl Default for DatasetSettings {
    fn default() -> Self {
        Self { path: DATASET_PATH.into(), require: None, allow_untimed: false, allow_inductor: false }
    }
}

/// The rules of the static checks.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct RuleSettings {
    /// Codes of rules that are not reported.
    pub ignore: Vec<String>,
}

impl RuleSettings {
    /// Whether a rule is left out. The trust rules and the verdict's own codes never are: the file that a
    /// model wrote must not be able to silence them.
    pub fn ignores(&self, code: &str) -> bool {
        may_be_ignored(code) && self.ignore.iter().any(|ignored| ignored == code)
    }
}

/// Whether the settings may silence a rule.
pub(super) fn may_be_ignored(code: &str) -> bool {
    !(code.starts_with("FW4") || code.starts_with("FW5"))
}

impl Settings {
    /// Resolves layers of options; a later layer wins over an earlier one, key by key.
    pub fn resolve(layers: &[&Options]) -> Self {
        let mut settings = Self::default();
        for layer in layers {
            settings.apply(layer);
        }
        settings
    }

    fn apply(&mut self, layer: &Options) {
        let Options { python, verify, model, work, dataset, rules } = layer;
        // An interpreter and a command say the same thing, so the later layer's choice replaces both.
        if python.interpreter.is_some() || python.command.is_some() {
            self.python =
                PythonSettings { interpreter: python.interpreter.clone(), command: python.command.clone() };
        }
        set(&mut self.verify.device, verify.device.as_ref());
        set(&mut self.verify.timeout_s, verify.timeout_s.as_ref());
        set(&mut self.verify.seeds, verify.seeds.as_ref());
        set(&mut self.verify.min_speedup, verify.min_speedup.as_ref());
        set(&mut self.verify.target, verify.target.as_ref());
        set(&mut self.verify.compile_on_save, verify.compile_on_save.as_ref());
        set(&mut self.verify.torch_compile, verify.torch_compile.as_ref());
        // The stricter wins, whoever says so: a workspace's file must not take back what its user insists on.
        self.verify.containment = self.verify.containment.max(verify.containment.unwrap_or_default());
        set(&mut self.model.provider, model.provider.as_ref());
        set_option(&mut self.model.base_url, model.base_url.as_ref());
        set(&mut self.model.headers, model.headers.as_ref());
        set_option(&mut self.model.command, model.command.as_ref());
        set_option(&mut self.model.answers, model.answers.as_ref());
        set_option(&mut self.model.model, model.model.as_ref());
        set_option(&mut self.model.api_key_env, model.api_key_env.as_ref());
        set_option(&mut self.model.temperature, model.temperature.as_ref());
        set_option(&mut self.model.max_tokens, model.max_tokens.as_ref());
        set_option(&mut self.model.inductor_hint_s, model.inductor_hint_s.as_ref());
        set(&mut self.work.attempts, work.attempts.as_ref());
        set(&mut self.dataset.path, dataset.path.as_ref());
        set_option(&mut self.dataset.require, dataset.require.as_ref());
        set(&mut self.dataset.allow_untimed, dataset.allow_untimed.as_ref());
        set(&mut self.dataset.allow_inductor, dataset.allow_inductor.as_ref());
        set(&mut self.rules.ignore, rules.ignore.as_ref());
    }
}

fn set<T: Clone>(slot: &mut T, value: Option<&T>) {
    if let Some(value) = value {
        *slot = value.clone();
    }
}

fn set_option<T: Clone>(slot: &mut Option<T>, value: Option<&T>) {
    if value.is_some() {
        *slot = value.cloned();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{PythonOptions, RuleOptions, VerifyOptions};

    #[test]
    fn later_layers_win_key_by_key() {
        let file = Options {
            verify: VerifyOptions { seeds: Some(5), timeout_s: Some(10.0), ..VerifyOptions::default() },
            ..Options::default()
        };
        let flags = Options {
            verify: VerifyOptions { seeds: Some(7), ..VerifyOptions::default() },
            ..Options::default()
        };
        let settings = Settings::resolve(&[&file, &flags]);
        assert_eq!(settings.verify.seeds, 7);
        assert!((settings.verify.timeout_s - 10.0).abs() < f64::EPSILON);
        assert_eq!(settings.verify.target, "sm_90");
    }

    #[test]
    fn no_layer_takes_back_that_containment_is_required() {
        let says = |containment| Options {
            verify: VerifyOptions { containment, ..VerifyOptions::default() },
            ..Options::default()
        };
        let (best, required, silent) =
            (says(Some(Containment::Best)), says(Some(Containment::Required)), says(None));
        for layers in [[&required, &best], [&best, &required], [&silent, &required], [&required, &silent]] {
            assert_eq!(Settings::resolve(&layers).verify.containment, Containment::Required);
        }
        assert_eq!(Settings::resolve(&[&best, &silent]).verify.containment, Containment::Best);
    }

    #[test]
    fn an_interpreter_replaces_a_command_of_an_earlier_layer() {
        let file = Options {
            python: PythonOptions { interpreter: None, command: Some(vec!["ssh".into(), "box".into()]) },
            ..Options::default()
        };
        let flags = Options {
            python: PythonOptions { interpreter: Some("/usr/bin/python3".into()), command: None },
            ..Options::default()
        };
        let python = Settings::resolve(&[&file, &flags]).python;
        assert_eq!(python.command, None);
        assert_eq!(python.interpreter, Some("/usr/bin/python3".into()));
    }

    #[test]
    fn trust_rules_cannot_be_ignored() {
        let options = Options {
            rules: RuleOptions { ignore: Some(vec!["FW305".into(), "FW401".into()]) },
            ..Options::default()
        };
        let rules = Settings::resolve(&[&options]).rules;
        assert!(rules.ignores("FW305"));
        assert!(!rules.ignores("FW401"));
        assert!(!rules.ignores("FW101"));
    }
}
