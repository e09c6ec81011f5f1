//! One layer of configuration as it was written.

use std::collections::BTreeMap;
use std::path::PathBuf;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// Settings of Fusewright, as `fusewright.toml` holds them. A key that is left out keeps its default.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
#[schemars(title = "Fusewright's settings")]
pub struct Options {
    /// The Python that runs the pairs.
    pub python: PythonOptions,
    /// How pairs are judged.
    pub verify: VerifyOptions,
    /// The language model that writes kernels.
    pub model: ModelOptions,
    /// The loop that works through ideas and tasks.
    #[serde(rename = "loop")]
    pub work: LoopOptions,
    /// The dataset and what may enter it.
    pub dataset: DatasetOptions,
    /// The rules of the static checks.
    pub rules: RuleOptions,
}

/// The Python that runs the pairs.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct PythonOptions {
    /// The interpreter: a path, or a name that is looked up on PATH. Left out, Fusewright looks for one that
    /// has torch and triton.
    pub interpreter: Option<PathBuf>,
    /// A command that starts the interpreter, for one that is not on this machine: `["ssh", "gpubox", "python3"]`.
    #[schemars(length(min = 1))]
    pub command: Option<Vec<String>>,
}

/// How pairs are judged.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct VerifyOptions {
    /// The device: the GPU, Triton's interpreter on the CPU, or whichever is there. Default: `"auto"`.
    pub device: Option<DeviceChoice>,
    /// The longest that one pair may take, in seconds. Default: 60.
    #[schemars(range(min = 1))]
    pub timeout_s: Option<f64>,
    /// How many secret seeds a pair is tried with. Default: 3.
    #[schemars(range(min = 1, max = 100))]
    pub seeds: Option<u32>,
    /// The speedup that a candidate must exceed to pass. Default: 1.0.
    #[schemars(range(min = 0))]
    pub min_speedup: Option<f64>,
    /// The GPU architecture that kernels are compiled for where there is no GPU. Default: `"sm_90"`.
    #[schemars(regex(pattern = r"^sm_[0-9]{2,3}[af]?$"))]
    pub target: Option<String>,
    /// Whether a pair that is saved in the editor has its kernels compiled for `target`. That loads the pair and makes
    /// its inputs, so it runs the pair's code. Default: false.
    pub compile_on_save: Option<bool>,
    /// Whether a pair that passed on a GPU is compared with what torch.compile makes of its reference, too. That takes
    /// 5 to 20 seconds for each reference, after the rest of the verdict is there. Default: true.
    pub torch_compile: Option<bool>,
    /// What to do where this machine can't contain a pair's code in every way: go on with what there is, or refuse to
    /// judge. Once one place says `"required"` no other takes it back. Default: `"best"`.
    pub containment: Option<Containment>,
}

/// The language model that writes kernels.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct ModelOptions {
    /// Who writes the kernel. Default: `"inductor"`, which needs no model.
    pub provider: Option<Provider>,
    /// The address of the endpoint.
    pub base_url: Option<String>,
    /// Headers that every request carries, such as `{ "x-team" = "kernels" }`. A value that starts with `$` names
    /// an environment variable: keys are never written down here.
    pub headers: Option<BTreeMap<String, String>>,
    /// The program that takes the prompt on standard input and prints the answer, for `provider = "command"`.
    pub command: Option<Vec<String>>,
    /// The folder of recorded answers, for `provider = "recorded"`.
    pub answers: Option<PathBuf>,
    /// The model's name, as the provider knows it.
    pub model: Option<String>,
    /// The environment variable that holds the key.
    pub api_key_env: Option<String>,
    /// How freely the model samples.
    #[schemars(range(min = 0, max = 2))]
    pub temperature: Option<f64>,
    /// The longest answer, in tokens.
    #[schemars(range(min = 1))]
    pub max_tokens: Option<u32>,
    /// How long a model waits for TorchInductor's own kernel of the reference, which its prompt then holds as a beginning,
    /// in seconds; 0 for never. It is made from the pair's PYTHON and TEST blocks, so it runs their code. Left out, it
    /// waits up to 3 seconds where Python is running already, and not at all where it is not.
    #[schemars(range(min = 0, max = 600))]
    pub inductor_hint_s: Option<f64>,
}

/// The loop that works through ideas and tasks.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct LoopOptions {
    /// How many attempts an idea or a task gets. Default: 3.
    #[schemars(range(min = 1, max = 100))]
    pub attempts: Option<u32>,
}

/// The dataset and what may enter it.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct DatasetOptions {
    /// The dataset's file, relative to the workspace. Default:
    /// `"triton_training_data/output/training_data.jsonl"`.
    pub path: Option<PathBuf>,
    /// What a pair must be to enter: correct, or correct and faster. Default: `"correct"` for ideas and single
    /// files, `"faster"` for tasks.
    pub require: Option<Require>,
    /// Whether a pair may enter that could not be timed for want of a GPU. Default: false.
    pub allow_untimed: Option<bool>,
    /// Whether kernels that TorchInductor wrote may enter. Default: false.
    pub allow_inductor: Option<bool>,
}

/// The rules of the static checks.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct RuleOptions {
    /// Codes of rules that are not reported: `["FW305"]`. The trust rules, `FW4xx`, and verdicts cannot
    /// be ignored.
    pub ignore: Option<Vec<String>>,
}

/// The device that pairs are judged on.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum DeviceChoice {
    /// The GPU where there is one, else the interpreter.
    #[default]
    Auto,
    /// The GPU.
    Cuda,
    /// Triton's interpreter on the CPU.
    Interpreter,
}

impl DeviceChoice {
    /// The word that the settings and the harness use.
    pub fn word(self) -> &'static str {
        match self {
            Self::Auto => "auto",
            Self::Cuda => "cuda",
            Self::Interpreter => "interpreter",
        }
    }
}

/// What to do where a layer of containment can't be had.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Containment {
    /// Judge with the layers that there are; the verdict names them.
    #[default]
    Best,
    /// Refuse to judge.
    Required,
}

impl Containment {
    /// The word that the settings and the harness use.
    pub fn word(self) -> &'static str {
        match self {
            Self::Best => "best",
            Self::Required => "required",
        }
    }
}

/// Who writes the kernel.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Provider {
    /// Any endpoint that speaks OpenAI's protocol.
    Openai,
    /// Anthropic's.
    Anthropic,
    /// A program that takes the prompt on standard input and prints the answer.
    Command,
    /// The editor's own model.
    Editor,
    /// No model at all: TorchInductor's own Triton for the reference.
    #[default]
    Inductor,
    /// Answers kept in files.
    Recorded,
}

/// What a pair must be to enter the dataset.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Require {
    /// Right, however fast.
    #[default]
    Correct,
    /// Right, and faster than the reference.
    Faster,
}

/// The JSON schema of `fusewright.toml`.
pub fn schema() -> schemars::Schema {
    schemars::generate::SchemaSettings::draft07()
        .with(|settings| settings.inline_subschemas = true)
        .with_transform(schemars::transform::RecursiveTransform(drop_null))
        .into_generator()
        .into_root_schema_for::<Options>()
}

/// TOML has no null: a key without a value is left out, which the type `Option` cannot tell the schema.
fn drop_null(schema: &mut schemars::Schema) {
    let is_null = |value: &Value| value == "null" || value.get("type").is_some_and(|kind| kind == "null");
    schema.remove("default");
    if let Some(Value::Array(types)) = schema.get_mut("type") {
        types.retain(|kind| !is_null(kind));
        if let [only] = types.as_slice() {
            let only = only.clone();
            schema.insert("type".to_owned(), only);
        }
    }
    if let Some(Value::Array(variants)) = schema.get_mut("anyOf") {
        variants.retain(|variant| !is_null(variant));
        if let [Value::Object(only)] = variants.as_slice() {
            let only = only.clone();
            schema.remove("anyOf");
            for (key, value) in only {
                if schema.get(&key).is_none() {
                    schema.insert(key, value);
                }
            }
        }
    }
}
