//! bubblewrap around the whole harness, where it is found and works: no network, a `/tmp` of its own, the home hidden but
//! for Python, and processes that can't outlive it. Never between the workers: CUDA shares memory within one process
//! namespace only.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use super::launch::Launch;
use crate::python::on_search_path;

/// Tells the harness that it runs inside, and, set to `off` outside, that it is not to.
const VARIABLE: &str = "FUSEWRIGHT_BUBBLEWRAP";

const LIMIT: Duration = Duration::from_secs(20);

/// Where Python and what it imports lie: one path a line. Torch is found, not imported.
const FOLDERS: &str = "import importlib.util as u, os, sys, sysconfig
found = [sys.prefix, sys.base_prefix, sys.exec_prefix, *sys.path, *sysconfig.get_paths().values()]
for name in ('torch', 'triton', 'numpy'):
    spec = u.find_spec(name)
    found += [os.path.dirname(spec.origin)] if spec and spec.origin else []
print('\\n'.join(os.path.realpath(path) for path in found if os.path.isabs(path)))
print('\\n'.join(path for path in found if os.path.isabs(path)))";

/// What has to work inside: the package, and CUDA where there is a driver, since a GPU that is not seen there would turn
/// every verdict into one without times.
const TRIAL: &str = "import ctypes, fusewright_harness, os, sys
if os.path.exists('/dev/nvidiactl'):
    driver, context = ctypes.CDLL('libcuda.so.1'), ctypes.c_void_p()
    status = driver.cuInit(0) or driver.cuDevicePrimaryCtxRetain(ctypes.byref(context), 0)
    sys.exit(f'CUDA does not come up in it (error {status})' if status else 0)";

/// What root keeps inside, to give each worker a user of its own and to end it.
const KEPT_BY_ROOT: &[&str] = &[
    "CAP_CHOWN",
    "CAP_DAC_OVERRIDE",
    "CAP_DAC_READ_SEARCH",
    "CAP_KILL",
    "CAP_SETGID",
    "CAP_SETPCAP",
    "CAP_SETUID",
];

/// `launch` inside bubblewrap, or as it is where bubblewrap is not there or can't make a sandbox for it.
pub(super) async fn around(launch: Launch) -> Launch {
    match attempt(&launch).await {
        Ok(inside) => inside,
        Err(reason) => {
            tracing::info!(reason, "the harness runs without bubblewrap");
            launch
        }
    }
}

async fn attempt(launch: &Launch) -> Result<Launch, String> {
    if !cfg!(target_os = "linux") {
        return Err("this is not Linux".to_owned());
    }
    if std::env::var_os(VARIABLE).is_some_and(|value| value == "off") {
        return Err(format!("{VARIABLE} is off"));
    }
    let program = on_search_path("bwrap").ok_or("it is not on PATH")?;
    let said = run(launch, &launch.program, ["-c", FOLDERS].map(OsString::from).to_vec()).await?;
    let visible: Vec<PathBuf> = said.lines().map(PathBuf::from).chain([launch.folder.clone()]).collect();
    let home = std::env::var_os("HOME").map(PathBuf::from).filter(|home| home.is_dir());
    let mut arguments = arguments(home.as_deref(), &visible, rustix::process::geteuid().is_root());
    arguments.extend([
        "--chdir".into(),
        launch.folder.clone().into(),
        "--".into(),
        launch.program.clone().into(),
    ]);
    // Whatever the reason may be for which Python would not start inside, this meets it.
    let trial = [arguments.clone(), ["-c", TRIAL].map(OsString::from).to_vec()].concat();
    run(launch, &program, trial).await?;
    arguments.extend(launch.arguments.iter().cloned());
    let mut inside = Launch { program, arguments, ..launch.clone() };
    let elsewhere = [VARIABLE, "TMPDIR", "TEMP", "TMP"];
    inside.environment.retain(|(name, _)| !elsewhere.iter().any(|gone| name == gone));
    inside.environment.push((VARIABLE.into(), "on".into()));
    Ok(inside)
}

/// bubblewrap's own arguments. What lies in a folder that is hidden, and has to be seen, is put back.
fn arguments(home: Option<&Path>, visible: &[PathBuf], root: bool) -> Vec<OsString> {
    let mut words: Vec<OsString> =
        ["--unshare-pid", "--unshare-net", "--unshare-ipc", "--unshare-uts", "--die-with-parent"]
            .map(Into::into)
            .to_vec();
    words.extend(["--ro-bind", "/", "/", "--dev-bind", "/dev", "/dev", "--proc", "/proc"].map(Into::into));
    let hidden: Vec<&Path> = [Path::new("/tmp"), Path::new("/dev/shm")]
        .into_iter()
        .chain(home.filter(|home| *home != Path::new("/")))
        .collect();
    for folder in &hidden {
        words.extend(["--tmpfs".into(), (*folder).into()]);
    }
    let mut shown: Vec<&PathBuf> = visible
        .iter()
        .filter(|path| hidden.iter().any(|folder| path.starts_with(folder) && path.as_path() != *folder))
        .collect();
    shown.sort();
    shown.dedup();
    for path in shown {
        words.extend(["--ro-bind-try".into(), path.into(), path.into()]);
    }
    if root {
        words.extend(KEPT_BY_ROOT.iter().flat_map(|name| ["--cap-add".into(), (*name).into()]));
    }
    words
}

/// Runs a program with the harness's environment; what it printed, or why it failed.
async fn run(launch: &Launch, program: &Path, arguments: Vec<OsString>) -> Result<String, String> {
    let mut command = tokio::process::Command::new(program);
    command.args(arguments).env_clear().envs(launch.environment.iter().map(|(name, value)| (name, value)));
    command.current_dir("/").stdin(Stdio::null()).kill_on_drop(true);
    let output = tokio::time::timeout(LIMIT, command.output()).await;
    let output = output.map_err(|_| "no answer in time".to_owned())?.map_err(|error| error.to_string())?;
    if output.status.success() {
        Ok(String::from_utf8_lossy(&output.stdout).into_owned())
    } else {
        Err(String::from_utf8_lossy(&output.stderr).trim().to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_hidden_and_needed_is_put_back() {
        let visible = ["/home/me/env/lib", "/usr/lib/python3", "/home/me", "/tmp/env"].map(PathBuf::from);
        let words = arguments(Some(Path::new("/home/me")), &visible, false);
        let words: Vec<_> = words.iter().map(|word| word.to_string_lossy()).collect();
        insta::assert_snapshot!(words.join(" ").replace(" --", "\n--"), @r"
        --unshare-pid
        --unshare-net
        --unshare-ipc
        --unshare-uts
        --die-with-parent
        --ro-bind / /
        --dev-bind /dev /dev
        --proc /proc
        --tmpfs /tmp
        --tmpfs /dev/shm
        --tmpfs /home/me
        --ro-bind-try /home/me/env/lib /home/me/env/lib
        --ro-bind-try /tmp/env /tmp/env
        ");
    }

    /// A stand-in for Python that finds nothing to import and, once inside, no CUDA.
    #[cfg(target_os = "linux")]
    #[tokio::test]
    async fn where_cuda_does_not_come_up_inside_the_harness_runs_without() {
        use std::os::unix::fs::PermissionsExt as _;

        let folder = tempfile::tempdir().unwrap();
        let program = folder.path().join("python");
        let script = "#!/bin/sh\ncase \"$2\" in *cuInit*) echo CUDA does not come up >&2; exit 1;; esac\n";
        std::fs::write(&program, script).unwrap();
        std::fs::set_permissions(&program, std::fs::Permissions::from_mode(0o755)).unwrap();
        let launch = Launch {
            program: program.clone(),
            arguments: vec!["serve".into()],
            environment: vec![("PATH".into(), "/usr/bin:/bin".into())],
            folder: folder.path().to_owned(),
            preamble: Vec::new(),
            description: "python".to_owned(),
        };
        let reason = attempt(&launch).await.unwrap_err();
        let told = ["CUDA does not come up", "bwrap", "it is not on PATH", "is off"];
        assert!(told.iter().any(|part| reason.contains(part)), "{reason}");
        let without = around(launch).await;
        assert_eq!((without.program, without.arguments), (program, vec!["serve".into()]));
    }

    #[test]
    fn root_keeps_what_makes_users() {
        let words = arguments(None, &[], true);
        assert_eq!(words.iter().filter(|word| *word == "--cap-add").count(), KEPT_BY_ROOT.len());
    }
}
