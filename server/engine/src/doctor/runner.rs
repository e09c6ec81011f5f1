//! What runs the pairs: the interpreter, the harness, the GPU.

use serde_json::{Map, Value};

use super::{Check, DoctorOptions};
use crate::config::Containment;
use crate::progress::{CancellationToken, Progress};
use crate::python::{self, Interpreter, PythonError};
use crate::verify::{Verifier, VerifierOptions};

/// What later checks depend on.
#[derive(Debug, Default)]
pub(super) struct Found {
    /// The interpreter, where it is on this machine.
    pub(super) interpreter: Option<Interpreter>,
    /// Whether pairs run behind a command, so that this machine does not matter.
    pub(super) elsewhere: bool,
    /// Whether the harness sees a GPU.
    pub(super) gpu: bool,
}

pub(super) async fn examine(
    options: &DoctorOptions,
    checks: &mut Vec<Check>,
    progress: &dyn Progress,
    cancel: &CancellationToken,
) -> Found {
    let mut found = Found::default();
    let settings = &options.settings.python;
    match &settings.command {
        Some(command) if python::from_variable().is_none() => {
            found.elsewhere = true;
            checks.push(Check::good("python", format!("behind `{}`", command.join(" "))));
        }
        _ => match python::find(settings.interpreter.as_deref(), &options.home).await {
            Ok(interpreter) => {
                let (summary, origin) = (interpreter.probe.summary(), interpreter.origin.describe());
                let message = format!("{} ({summary}; {origin})", interpreter.path.display());
                checks.push(Check::good("python", message));
                found.interpreter = Some(interpreter);
            }
            Err(error) => {
                checks.push(Check::fault("python", error.to_string(), remedy(&error)));
                return found;
            }
        },
    }
    let verifier = Verifier::new(VerifierOptions {
        home: options.home.clone(),
        store: None,
        ..VerifierOptions::new(options.settings.clone())
    });
    match verifier.environment(progress, cancel).await {
        Ok(environment) => {
            checks.push(Check::good("harness", format!("starts ({})", versions(&environment))));
            found.gpu = environment.get("device").is_some_and(Value::is_object);
            checks.extend(gpu(&environment));
            checks.push(interpreter(&environment));
            checks.extend(containment(&environment, options.settings.verify.containment));
        }
        Err(error) => {
            let log =
                if error.traceback.is_empty() { String::new() } else { format!("\n{}", error.traceback) };
            let remedy = "set FUSEWRIGHT_LOG=debug and run the command again to see its whole log";
            checks.push(Check::fault("harness", format!("{}{log}", error.message), remedy));
        }
    }
    verifier.shut_down().await;
    found
}

fn remedy(error: &PythonError) -> String {
    match error {
        PythonError::Incomplete { path, missing, .. } => python::remedy(path, missing),
        PythonError::NotFound { .. } => "fusewright setup".to_owned(),
        _ => "name another interpreter under `[python] interpreter`, or run `fusewright setup`".to_owned(),
    }
}

fn versions(environment: &Map<String, Value>) -> String {
    let version = |name: &&str| Some(format!("{name} {}", environment.get(*name)?.as_str()?));
    ["python", "torch", "triton", "driver"].iter().filter_map(version).collect::<Vec<_>>().join(", ")
}

fn gpu(environment: &Map<String, Value>) -> Vec<Check> {
    let device = environment.get("device").and_then(Value::as_object);
    let text = |name: &str| device.and_then(|device| device.get(name)).and_then(Value::as_str);
    if device.is_some() {
        let name = text("name").unwrap_or("a CUDA device");
        let capability = text("capability").map(|capability| format!(" ({capability})")).unwrap_or_default();
        return vec![Check::good("gpu", format!("{name}{capability}"))];
    }
    if let Some(driver) = environment.get("driver").and_then(Value::as_str) {
        return vec![Check::warning(
            "gpu",
            format!("the driver {driver} is there, but torch finds no usable GPU, so pairs are not timed"),
            "run `nvidia-smi`; check CUDA_VISIBLE_DEVICES, and that torch was built for CUDA and for this driver",
        )];
    }
    vec![Check::warning(
        "gpu",
        "no NVIDIA GPU: pairs run in Triton's interpreter and get the verdict \"untimed\" at best",
        "judge on a machine with one: `[python] command = [\"ssh\", \"HOST\", \"python3\"]` in fusewright.toml",
    )]
}

/// The layers that hold a pair's code. The harness found out by putting them up.
fn containment(environment: &Map<String, Value>, wanted: Containment) -> Option<Check> {
    let layers = environment.get("containment")?.as_array()?;
    let layers: Vec<&str> = layers.iter().filter_map(Value::as_str).collect();
    let Some(missing) = environment.get("containment_missing").and_then(Value::as_str) else {
        return Some(Check::good("containment", layers.join(", ")));
    };
    let mends = [
        (
            ["files", "signals"],
            "use a kernel from 6.12 on with `landlock` among the `lsm=` of its command line",
        ),
        (["calls", "network"], "let the container use seccomp filters (`--security-opt seccomp=unconfined`)"),
        (["processes", "privileges"], "run as an ordinary user, or let root become other users (CAP_SETUID)"),
    ];
    let remedies: Vec<&str> = mends
        .into_iter()
        .filter(|(names, _)| names.iter().any(|name| !layers.contains(name)))
        .map(|(_, remedy)| remedy)
        .collect();
    let check = if wanted == Containment::Required { Check::fault } else { Check::warning };
    Some(check("containment", missing.to_owned(), remedies.join("; ")))
}

fn interpreter(environment: &Map<String, Value>) -> Check {
    match environment.get("interpreter") {
        Some(Value::String(problem)) => Check::warning(
            "interpreter",
            format!("Triton's interpreter cannot be used: {problem}"),
            "fusewright setup --managed",
        ),
        _ => match gaps(environment).as_slice() {
            [] => Check::good("interpreter", "Triton's interpreter is mended for this version"),
            gaps => Check::warning(
                "interpreter",
                format!(
                    "Triton's interpreter cannot vouch for {}: pairs that use it are not judged",
                    gaps.join(", ")
                ),
                "fusewright setup --managed, or judge such pairs on a GPU",
            ),
        },
    }
}

fn gaps(environment: &Map<String, Value>) -> Vec<&str> {
    let gaps = environment.get("interpreter_gaps").and_then(Value::as_array);
    gaps.into_iter().flatten().filter_map(Value::as_str).collect()
}
