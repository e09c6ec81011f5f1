//! Embeds the Python package that runs beside the engine: every `.py` file of `harness/fusewright_harness`.
//!
//! The list is written as Rust source that includes each file, so that the binary needs nothing beside it.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs, io};

use sha2::{Digest, Sha256};

fn main() -> io::Result<()> {
    let manifest = PathBuf::from(env::var_os("CARGO_MANIFEST_DIR").unwrap_or_default());
    let harness = manifest.join("../../harness");
    let package = harness.join("fusewright_harness");
    println!("cargo::rerun-if-changed={}", package.display());
    let mut files = Vec::new();
    collect(&package, &mut files)?;
    files.sort();

    let mut digest = Sha256::new();
    let mut source = String::from("pub(super) const FILES: &[(&str, &str)] = &[\n");
    for path in &files {
        println!("cargo::rerun-if-changed={}", path.display());
        let name = path.strip_prefix(&harness).unwrap_or(path).to_string_lossy().replace('\\', "/");
        let content = fs::read(path)?;
        digest.update((name.len() as u64).to_le_bytes());
        digest.update(name.as_bytes());
        digest.update((content.len() as u64).to_le_bytes());
        digest.update(&content);
        let absolute = path.canonicalize()?.to_string_lossy().into_owned();
        let _ = writeln!(source, "    ({name:?}, include_str!({absolute:?})),");
    }
    source.push_str("];\n");
    let hash = format!("{:x}", digest.finalize());
    let _ = writeln!(source, "pub(super) const HASH: &str = {:?};", &hash[..12]);
    let out = PathBuf::from(env::var_os("OUT_DIR").unwrap_or_default());
    fs::write(out.join("harness_files.rs"), source)
}

/// Adds every Python file under `folder`, watching the folders for new ones.
fn collect(folder: &Path, files: &mut Vec<PathBuf>) -> io::Result<()> {
    let Ok(entries) = fs::read_dir(folder) else { return Ok(()) };
    for entry in entries {
        let path = entry?.path();
        if path.is_dir() && path.file_name().is_none_or(|name| name != "__pycache__") {
            println!("cargo::rerun-if-changed={}", path.display());
            collect(&path, files)?;
        } else if path.extension().is_some_and(|extension| extension == "py") {
            files.push(path);
        }
    }
    Ok(())
}
