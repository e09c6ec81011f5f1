//! Builds the managed environment: `python -m venv`, the installer, then the packages.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use super::SetupError;
use super::step::Step;
use crate::home::{Home, INSTALLER, REQUIREMENTS, interpreter_of};
use crate::progress::{CancellationToken, Event, Progress};

/// Builds the environment at `environment`, which does not exist yet.
pub(super) async fn install(
    base: &Path,
    environment: &Path,
    home: &Home,
    progress: &dyn Progress,
    cancel: &CancellationToken,
) -> Result<(), SetupError> {
    phase(progress, 0, "making a virtual environment");
    let arguments: [OsString; 3] = ["-m".into(), "venv".into(), environment.into()];
    Step::new("making a virtual environment", base, arguments).run(&mut |_| (), cancel).await?;

    let python = interpreter_of(environment);
    let installer = locked(environment, "installer.lock", INSTALLER)?;
    let requirements = locked(environment, "requirements.lock", REQUIREMENTS)?;

    phase(progress, 2, "installing the installer");
    let with_uv = pip("installing the installer", &python, &installer).run(&mut |_| (), cancel).await;
    let quickly = match with_uv {
        Ok(()) => uv(&python, &requirements, home, progress, cancel).await,
        Err(error) => Err(error),
    };
    match quickly {
        Ok(()) => {}
        Err(SetupError::Cancelled) => return Err(SetupError::Cancelled),
        Err(error) => {
            // pip reads settings that uv does not, an index in pip.conf above all, so it may get where uv did not.
            tracing::warn!("{error}");
            progress
                .report(Event::Note("the fast installer did not work here; going on with pip".to_owned()));
            slowly(&python, &requirements, progress, cancel).await?;
        }
    }
    phase(progress, 99, "checking the environment");
    Ok(())
}

fn phase(progress: &dyn Progress, percent: u8, message: &str) {
    progress.report(Event::Phase { message: message.to_owned(), percent: Some(percent) });
}

fn locked(environment: &Path, name: &str, content: &str) -> Result<PathBuf, SetupError> {
    let path = environment.join(name);
    std::fs::write(&path, content).map_err(|cause| SetupError::Write { path: path.clone(), cause })?;
    Ok(path)
}

/// pip, held to the hashes of a lock.
fn pip(what: &'static str, python: &Path, lock: &Path) -> Step {
    let arguments =
        ["-m", "pip", "install", "--no-input", "--disable-pip-version-check", "--progress-bar", "off"];
    let arguments = arguments.into_iter().chain(["--require-hashes", "--no-deps", "-r"]).map(OsString::from);
    Step::new(what, python, arguments.chain([lock.into()]))
}

async fn uv(
    python: &Path,
    requirements: &Path,
    home: &Home,
    progress: &dyn Progress,
    cancel: &CancellationToken,
) -> Result<(), SetupError> {
    const WHAT: &str = "installing torch and triton";
    phase(progress, 5, "downloading torch and triton (3 GB)");
    let arguments =
        ["-m", "uv", "pip", "install", "--no-progress", "--no-config", "--require-hashes", "--no-deps"];
    let arguments = arguments.into_iter().chain(["--compile-bytecode", "--python"]).map(OsString::from);
    let arguments = arguments.chain([python.into(), "-r".into(), requirements.into()]);
    let mut step = Step::new(WHAT, python, arguments).variable("UV_PYTHON_DOWNLOADS", "never");
    // A user's own cache may hold torch already. Where there is none, ours is deleted once it is of no more use.
    let own_cache = (!has_uv_cache()).then(|| home.root().join("installer-cache"));
    if let Some(cache) = &own_cache {
        step = step.variable("UV_CACHE_DIR", cache);
    }
    let mut downloads = Downloads::default();
    step.run(&mut |line| downloads.event(line).into_iter().for_each(|event| progress.report(event)), cancel)
        .await?;
    if let Some(cache) = own_cache {
        let _ = std::fs::remove_dir_all(cache);
    }
    Ok(())
}

fn has_uv_cache() -> bool {
    let named = std::env::var_os("UV_CACHE_DIR").is_some();
    let cache = std::env::var_os("XDG_CACHE_HOME").map(PathBuf::from).filter(|path| path.is_absolute());
    let cache = cache.or_else(|| std::env::home_dir().map(|home| home.join(".cache")));
    named || cache.is_some_and(|cache| cache.join("uv").is_dir())
}

/// pip alone: slower, and everywhere.
async fn slowly(
    python: &Path,
    requirements: &Path,
    progress: &dyn Progress,
    cancel: &CancellationToken,
) -> Result<(), SetupError> {
    phase(progress, 5, "downloading torch and triton (3 GB)");
    let total = REQUIREMENTS.lines().filter(|line| line.contains("==")).count();
    let mut begun = 0;
    let mut on_line = |line: &str| {
        let event = if let Some(package) = line.strip_prefix("Collecting ") {
            begun += 1;
            let package = package.split("==").next().unwrap_or(package);
            let percent = u8::try_from(5 + begun * 75 / total.max(1)).unwrap_or(80).min(80);
            Event::Phase { message: format!("downloading {package}"), percent: Some(percent) }
        } else if line.starts_with("Installing collected packages") {
            Event::Phase { message: "installing and compiling bytecode".to_owned(), percent: Some(80) }
        } else {
            return;
        };
        progress.report(event);
    };
    pip("installing torch and triton", python, requirements).run(&mut on_line, cancel).await
}

/// What uv said of its downloads so far.
#[derive(Debug, Default)]
struct Downloads {
    under_way: Vec<(String, f64)>,
    total_mib: f64,
    done_mib: f64,
}

impl Downloads {
    /// The event for one more line of uv's: ` Downloading torch (883.1MiB)`, ` Downloaded torch`, `Prepared 28 packages
    /// in 20s`, `Installed …`, `Bytecode compiled …`.
    fn event(&mut self, line: &str) -> Option<Event> {
        let line = line.trim();
        if let Some((name, size)) = line.strip_prefix("Downloading ").and_then(|rest| rest.split_once(" (")) {
            if let Some(mib) = mebibytes(size.trim_end_matches(')')) {
                self.total_mib += mib;
                self.under_way.push((name.to_owned(), mib));
            }
        } else if let Some(name) = line.strip_prefix("Downloaded ") {
            if let Some(at) = self.under_way.iter().position(|(started, _)| started == name) {
                self.done_mib += self.under_way.swap_remove(at).1;
            }
        } else if line.starts_with("Prepared ") {
            return Some(Event::Phase { message: "installing the packages".to_owned(), percent: Some(80) });
        } else if line.starts_with("Installed ") {
            return Some(Event::Phase { message: "compiling bytecode".to_owned(), percent: Some(85) });
        } else if line.starts_with("warning: ") {
            return Some(Event::Note(line.to_owned()));
        } else if !line.starts_with("Resolved ") {
            return None;
        }
        let share = if self.total_mib > 0.0 { self.done_mib / self.total_mib } else { 0.0 };
        let largest = self.under_way.iter().max_by(|(_, one), (_, other)| one.total_cmp(other));
        let message = if self.total_mib == 0.0 {
            "looking for torch and triton".to_owned()
        } else {
            let now = largest.map(|(name, _)| format!(", {name} under way")).unwrap_or_default();
            format!("downloading torch and triton ({:.0} of {:.0} MiB{now})", self.done_mib, self.total_mib)
        };
        Some(Event::Phase { message, percent: Some(percent(5.0 + 75.0 * share)) })
    }
}

fn mebibytes(size: &str) -> Option<f64> {
    let at = size.find(|c: char| c.is_ascii_alphabetic())?;
    let (number, unit) = size.split_at(at);
    let number: f64 = number.trim().parse().ok()?;
    match unit {
        "KiB" => Some(number / 1024.0),
        "MiB" => Some(number),
        "GiB" => Some(number * 1024.0),
        _ => None,
    }
}

#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped to what a u8 holds")]
fn percent(share: f64) -> u8 {
    share.clamp(0.0, 100.0) as u8
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_installers_lines_become_progress() {
        let mut downloads = Downloads::default();
        let said: Vec<String> = [
            "Resolved 34 packages in 1.2s",
            "Downloading torch (883.1MiB)",
            "Downloading sympy (6.0MiB)",
            " Downloaded sympy",
            " Downloaded torch",
            "Prepared 34 packages in 20s",
            "Installed 34 packages in 3s",
            "Bytecode compiled 9000 files in 30s",
            " + torch==2.15.0",
        ]
        .into_iter()
        .filter_map(|line| downloads.event(line))
        .map(|event| match event {
            Event::Phase { message, percent } => format!("{:>2} {message}", percent.unwrap()),
            other => format!("{other:?}"),
        })
        .collect();
        insta::assert_snapshot!(said.join("\n"));
    }
}
