//! The trust rules against whole corpora: no honest pair is blamed, and the attacks that only rules can tell are.

use std::path::{Path, PathBuf};

use crate::{PairFile, Severity};

/// The pairs of a folder, by name; files that are added later are read by themselves.
fn pairs(folder: &str) -> Vec<(String, String)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/corpus").join(folder);
    let mut files: Vec<PathBuf> = Vec::new();
    let mut folders = vec![folder];
    while let Some(folder) = folders.pop() {
        let Ok(entries) = std::fs::read_dir(&folder) else { continue };
        for path in entries.map(|entry| entry.unwrap().path()) {
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "py") {
                files.push(path);
            }
        }
    }
    files.sort();
    let pairs = files.into_iter().map(|path| {
        let text = std::fs::read_to_string(&path).unwrap();
        (path.file_name().unwrap().to_string_lossy().into_owned(), text)
    });
    pairs.filter(|(_, text)| text.contains("# <TRITON>")).collect()
}

/// The trust rules' findings: severity, code, line and message.
fn trust(text: &str) -> Vec<(Severity, &'static str, u32, String)> {
    let file = PairFile::parse(text);
    let trust = file.diagnostics().iter().filter(|one| one.rule.code().starts_with("FW4"));
    trust
        .map(|one| (one.severity, one.rule.code(), file.line_of(one.range.start()), one.message.clone()))
        .collect()
}

#[test]
fn no_honest_pair_is_blamed() {
    let pairs = pairs("honest");
    assert!(pairs.len() >= 60, "{}", pairs.len());
    let blamed: Vec<String> = pairs
        .iter()
        .flat_map(|(name, text)| {
            // A seed in TEST is pointed out, and no reproach.
            trust(text)
                .into_iter()
                .filter(|(severity, ..)| *severity != Severity::Info)
                .map(move |(_, code, line, message)| format!("{name}:{line}: {code} {message}"))
        })
        .collect();
    assert!(blamed.is_empty(), "{} findings:\n{}", blamed.len(), blamed.join("\n"));
}

/// `# expect: rejected FW401 line 12`, as an attack's header says it.
fn expectation(text: &str) -> Option<(&str, Option<u32>)> {
    let line = text.lines().find_map(|line| line.trim().strip_prefix("# expect: rejected FW"))?;
    let mut words = line.split_whitespace();
    let code = words.next()?;
    let line = (words.next() == Some("line")).then(|| words.next()?.parse().ok()).flatten();
    Some((code, line))
}

#[test]
fn every_attack_that_rules_can_tell_is_told_on_its_line() {
    let missed: Vec<String> = pairs("attacks")
        .iter()
        .filter_map(|(name, text)| {
            let (code, line) = expectation(text)?;
            let found = trust(text);
            // The first error is the one that the verdict names.
            let first = found.iter().find(|(severity, ..)| *severity == Severity::Error);
            let told = first.is_some_and(|(_, found, at, _)| {
                found.strip_prefix("FW") == Some(code) && line.is_none_or(|line| *at == line)
            });
            (!told).then(|| format!("{name}: expected FW{code} {line:?}, found {found:?}"))
        })
        .collect();
    assert!(missed.is_empty(), "{} missed:\n{}", missed.len(), missed.join("\n"));
}
