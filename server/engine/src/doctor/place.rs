//! The workspace: its settings, its layout, its dataset, and who else works on it.

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};

use super::{Check, DoctorOptions};
use crate::config::{CONFIG_FILE, ProblemKind};
use crate::workspace::{DATA_FOLDER, Workspace};

/// What `init` lays out and the work needs, below the root.
const LAYOUT: &[&str] = &[
    "triton_training_data/fusion_ideas.txt",
    "triton_training_data/examples",
    "triton_training_data/scripts/benchmark.py",
    "triton_training_data/output",
    "generate_fusion_task.py",
];

pub(super) fn examine(options: &DoctorOptions) -> Vec<Check> {
    let mut checks = vec![layout(&options.root)];
    checks.extend(settings(options));
    checks.push(dataset(&Workspace { root: options.root.clone() }.dataset(&options.settings)));
    checks.extend(servers(&options.root));
    checks
}

fn layout(root: &Path) -> Check {
    let place = root.display();
    if !root.join(DATA_FOLDER).is_dir() {
        return Check::warning(
            "workspace",
            format!("{place} is no workspace yet"),
            format!("fusewright init {place}"),
        );
    }
    let missing: Vec<&str> = LAYOUT.iter().copied().filter(|path| !root.join(path).exists()).collect();
    if missing.is_empty() {
        Check::good("workspace", place.to_string())
    } else {
        let message = format!("{place} has no {}", missing.join(", no "));
        Check::warning("workspace", message, format!("fusewright init {place}"))
    }
}

fn settings(options: &DoctorOptions) -> Vec<Check> {
    let file = options.root.join(CONFIG_FILE);
    if options.problems.is_empty() {
        let message = if file.exists() {
            "no fault in fusewright.toml"
        } else {
            "no fusewright.toml: the defaults hold"
        };
        return vec![Check::good("settings", message)];
    }
    let check = |problem: &crate::config::ConfigProblem| {
        let message = format!("{}:{}: {}", file.display(), problem.line, problem.message);
        let remedy = match problem.kind {
            ProblemKind::Invalid => format!("mend line {} of {}", problem.line, file.display()),
            ProblemKind::Untrusted => format!("fusewright trust {}", options.root.display()),
        };
        Check::warning("settings", message, remedy)
    };
    options.problems.iter().map(check).collect()
}

/// Whether the dataset can be appended to, found out without changing anything that is there.
fn dataset(path: &Path) -> Check {
    let fault = |error: &io::Error, remedy: String| {
        Check::fault("dataset", format!("{} cannot be written: {error}", path.display()), remedy)
    };
    if path.exists() {
        return match File::options().append(true).open(path) {
            Ok(_) => Check::good("dataset", path.display().to_string()),
            Err(error) => fault(&error, format!("chmod u+w {}, or set `dataset.path`", path.display())),
        };
    }
    let folder = existing_ancestor(path);
    match tempfile::tempfile_in(&folder) {
        Ok(_) => Check::good("dataset", format!("{} (not there yet)", path.display())),
        Err(error) => fault(&error, format!("make {} writable, or set `dataset.path`", folder.display())),
    }
}

fn existing_ancestor(path: &Path) -> PathBuf {
    path.ancestors().skip(1).find(|folder| folder.exists()).unwrap_or_else(|| Path::new("/")).to_owned()
}

/// Several servers on one workspace are no fault, since the dataset is locked, but explain double messages.
fn servers(root: &Path) -> Option<Check> {
    let count = std::fs::read_dir("/proc")
        .ok()?
        .filter_map(Result::ok)
        .filter(|entry| is_server(&entry.path(), root))
        .count();
    (count > 1).then(|| {
        let message = format!(
            "{count} language servers run in {}: the dataset is locked, so nothing is lost",
            root.display()
        );
        Check::warning("servers", message, "close the editors that you no longer use")
    })
}

fn is_server(process: &Path, root: &Path) -> bool {
    let Ok(words) = std::fs::read(process.join("cmdline")) else { return false };
    let mut words = words.split(|&byte| byte == 0).map(String::from_utf8_lossy);
    let program = words.next().unwrap_or_default();
    let named = Path::new(program.as_ref()).file_stem().is_some_and(|name| name == "fusewright");
    named
        && words.next().is_some_and(|verb| verb == "server")
        && std::fs::read_link(process.join("cwd")).is_ok_and(|cwd| cwd == root)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Settings, check_toml};
    use crate::doctor::State;
    use crate::home::Home;

    fn examined(root: &Path, settings: Settings, text: &str) -> String {
        let problems = check_toml(text).1;
        let checks =
            examine(&DoctorOptions { root: root.to_owned(), settings, problems, home: Home::at(root) });
        let lines = checks.iter().map(|check| {
            let remedy = check.remedy.as_ref().map(|remedy| format!(" -> {remedy}")).unwrap_or_default();
            format!("{:?} {}: {}{remedy}", check.state, check.subject, check.message)
        });
        lines.collect::<Vec<_>>().join("\n").replace(&root.display().to_string(), "ROOT")
    }

    #[test]
    fn each_fault_of_the_place_is_named() {
        let folder = tempfile::tempdir().unwrap();
        insta::assert_snapshot!(examined(folder.path(), Settings::default(), ""), @r"
        Warning workspace: ROOT is no workspace yet -> fusewright init ROOT
        Good settings: no fusewright.toml: the defaults hold
        Good dataset: ROOT/triton_training_data/output/training_data.jsonl (not there yet)
        ");
        std::fs::create_dir_all(folder.path().join("triton_training_data/output")).unwrap();
        std::fs::write(folder.path().join(CONFIG_FILE), "").unwrap();
        insta::assert_snapshot!(examined(folder.path(), Settings::default(), "[verify]\nsedes = 2\n"), @r"
        Warning workspace: ROOT has no triton_training_data/fusion_ideas.txt, no triton_training_data/examples, no triton_training_data/scripts/benchmark.py, no generate_fusion_task.py -> fusewright init ROOT
        Warning settings: ROOT/fusewright.toml:2: unknown key `sedes` in [verify]: did you mean `seeds`? -> mend line 2 of ROOT/fusewright.toml
        Good dataset: ROOT/triton_training_data/output/training_data.jsonl (not there yet)
        ");
    }

    #[test]
    fn a_dataset_that_cannot_be_written_is_a_fault() {
        let folder = tempfile::tempdir().unwrap();
        let check = dataset(folder.path());
        assert_eq!(check.state, State::Fault, "a folder is no dataset");
        let file = folder.path().join("file");
        std::fs::write(&file, "").unwrap();
        assert_eq!(dataset(&file).state, State::Good);
        assert_eq!(dataset(&file.join("data.jsonl")).state, State::Fault, "nothing lies below a file");
    }
}
