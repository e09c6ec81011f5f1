//! What the machine offers beside Python: a C compiler, and the layers that contain a pair's code.

use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use super::Check;
use super::runner::Found;
use crate::python::on_search_path;

pub(super) async fn examine(found: &Found, checks: &mut Vec<Check>) {
    if found.elsewhere {
        return;
    }
    checks.push(compiler(found));
    if cfg!(target_os = "linux") {
        checks.push(bubblewrap().await);
        checks.push(namespaces());
        if let Some(interpreter) = &found.interpreter {
            checks.push(landlock(&interpreter.path).await);
        }
    }
}

/// Triton compiles a small C program for each kernel that it launches on a GPU.
fn compiler(found: &Found) -> Check {
    const NEED: &str = "triton compiles its launchers with it on a GPU";
    let named = std::env::var_os("CC").map(std::path::PathBuf::from).filter(|path| path.is_file());
    let compiler = named.or_else(|| ["cc", "gcc", "clang"].into_iter().find_map(on_search_path));
    let report = if found.gpu { Check::fault } else { Check::warning };
    let Some(compiler) = compiler else {
        let remedy = "sudo apt install gcc (on Debian and Ubuntu)";
        return report("compiler", format!("no C compiler was found; {NEED}"), remedy.to_owned());
    };
    match &found.interpreter {
        Some(interpreter) if !interpreter.probe.headers => {
            let (major, minor) = interpreter.probe.version();
            report(
                "compiler",
                format!("{} is there, but Python's C headers are not; {NEED}", compiler.display()),
                format!("sudo apt install python{major}.{minor}-dev (on Debian and Ubuntu)"),
            )
        }
        _ => Check::good("compiler", compiler.display().to_string()),
    }
}

async fn bubblewrap() -> Check {
    let Some(path) = on_search_path("bwrap") else {
        return Check::warning(
            "bubblewrap",
            "not found: the code of pairs is contained less well",
            "sudo apt install bubblewrap (on Debian and Ubuntu)",
        );
    };
    let tried = run(&path, &["--ro-bind", "/", "/", "--unshare-user", "--unshare-pid", "true"]).await;
    match tried {
        Ok(_) => Check::good("bubblewrap", path.display().to_string()),
        Err(said) => Check::warning(
            "bubblewrap",
            format!("{} cannot make a sandbox here: {said}", path.display()),
            "allow user namespaces (see the next line)",
        ),
    }
}

fn namespaces() -> Check {
    let number =
        |path: &str| std::fs::read_to_string(path).ok().and_then(|text| text.trim().parse::<u64>().ok());
    let closed = [
        ("/proc/sys/user/max_user_namespaces", 0, "user.max_user_namespaces=15000"),
        ("/proc/sys/kernel/unprivileged_userns_clone", 0, "kernel.unprivileged_userns_clone=1"),
        (
            "/proc/sys/kernel/apparmor_restrict_unprivileged_userns",
            1,
            "kernel.apparmor_restrict_unprivileged_userns=0",
        ),
    ];
    let closed = closed.into_iter().find(|(path, shut, _)| number(path) == Some(*shut));
    match closed {
        Some((path, _, setting)) => Check::warning(
            "namespaces",
            format!("user namespaces are switched off ({path}): the code of pairs is contained less well"),
            format!("sudo sysctl -w {setting}"),
        ),
        None if Path::new("/proc/self/ns/user").exists() => {
            Check::good("namespaces", "user namespaces are there")
        }
        None => Check::warning(
            "namespaces",
            "this kernel has no user namespaces: the code of pairs is contained less well",
            "use a kernel that was built with CONFIG_USER_NS",
        ),
    }
}

/// Asks the kernel through Python, which needs no unsafe code here.
async fn landlock(python: &Path) -> Check {
    const ASK: &str = "import ctypes; print(ctypes.CDLL(None).syscall(444, None, 0, 1))";
    let version = run(python, &["-I", "-c", ASK]).await.ok().and_then(|said| said.trim().parse::<i32>().ok());
    match version {
        Some(version) if version > 0 => Check::good("landlock", format!("version {version}")),
        _ => Check::warning(
            "landlock",
            "the kernel has no Landlock: the code of pairs is contained less well",
            "use a kernel from 5.13 on, with `landlock` among the `lsm=` of its command line",
        ),
    }
}

/// Runs a program that answers at once; the error is what it said.
async fn run(program: &Path, arguments: &[&str]) -> Result<String, String> {
    let mut command = tokio::process::Command::new(program);
    command.args(arguments).stdin(Stdio::null()).kill_on_drop(true);
    let output = tokio::time::timeout(Duration::from_secs(10), command.output());
    let output = output.await.map_err(|_| "no answer within 10 seconds".to_owned())?;
    let output = output.map_err(|error| error.to_string())?;
    if output.status.success() {
        Ok(String::from_utf8_lossy(&output.stdout).into_owned())
    } else {
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        Err(said.lines().next().unwrap_or("it gave no reason").to_owned())
    }
}
