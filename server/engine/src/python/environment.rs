//! The environment of every process that runs Python for the user.

use std::ffi::OsString;

/// The variables that Python, torch, triton and the driver need; nothing else of the user's environment, keys
/// above all, reaches a process that runs pairs.
pub(crate) fn bare_environment() -> Vec<(OsString, OsString)> {
    const NAMES: &[&str] = &[
        "CC",
        "CONDA_PREFIX",
        "HOME",
        "LD_LIBRARY_PATH",
        "LIBRARY_PATH",
        "LOGNAME",
        "PATH",
        "PATHEXT",
        "SYSTEMROOT",
        "TEMP",
        "TMP",
        "TMPDIR",
        "USER",
        "USERPROFILE",
        "XDG_CACHE_HOME",
        "XDG_RUNTIME_DIR",
    ];
    const FAMILIES: &[&str] = &["CUDA_", "NVIDIA_", "FUSEWRIGHT_", "PYENV_"];
    let kept = |name: &OsString| {
        let name = name.to_string_lossy();
        NAMES.contains(&name.as_ref()) || FAMILIES.iter().any(|family| name.starts_with(family))
    };
    let mut kept: Vec<_> = std::env::vars_os().filter(|(name, _)| kept(name)).collect();
    // One locale for every machine: messages and number formats must not depend on the user's.
    kept.push(("LC_ALL".into(), "C.UTF-8".into()));
    kept.push(("PYTHONUTF8".into(), "1".into()));
    kept
}
