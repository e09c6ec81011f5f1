//! Where Fusewright keeps what belongs to the user and to no workspace.
//!
//! `FUSEWRIGHT_HOME` moves all of it, the cache included, so that a test or a second installation shares
//! nothing with the first.

use std::env;
use std::path::PathBuf;

/// The variable that moves everything.
pub const HOME_VARIABLE: &str = "FUSEWRIGHT_HOME";

/// The folder of the managed environment, the unpacked harness and the accepted settings:
/// `$FUSEWRIGHT_HOME`, else `${XDG_DATA_HOME:-~/.local/share}/fusewright`.
///
/// `None` where the environment names no home at all.
pub fn home() -> Option<PathBuf> {
    folder(HOME_VARIABLE)
        .or_else(|| folder("XDG_DATA_HOME").map(|data| data.join("fusewright")))
        .or_else(|| env::home_dir().map(|home| home.join(".local/share/fusewright")))
}

/// The folder of what can be made again, such as remembered verdicts: `$FUSEWRIGHT_HOME/cache`, else
/// `${XDG_CACHE_HOME:-~/.cache}/fusewright`.
///
/// `None` where the environment names no home at all.
pub fn cache() -> Option<PathBuf> {
    folder(HOME_VARIABLE)
        .map(|home| home.join("cache"))
        .or_else(|| folder("XDG_CACHE_HOME").map(|cache| cache.join("fusewright")))
        .or_else(|| env::home_dir().map(|home| home.join(".cache/fusewright")))
}

/// The folder that a variable names. A relative one is ignored, as the XDG specification asks.
fn folder(variable: &str) -> Option<PathBuf> {
    env::var_os(variable).map(PathBuf::from).filter(|path| path.is_absolute())
}
