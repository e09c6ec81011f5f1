use fusewright_pair::{BlockKind, PairFile, Severity};

use super::*;

const IDEAS: &str = include_str!("../workspace/assets/fusion_ideas.txt");
const GENERATOR: &str = include_str!("../workspace/assets/generate_fusion_task.py");
const ADD: &str = "import torch\nimport triton\nimport triton.language as tl\n\n\n@triton.jit\ndef kernel(x_ptr, n, \
                   BLOCK: tl.constexpr):\n    offsets = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)\n    \
                   x = tl.load(x_ptr + offsets, mask=offsets < n)\n    tl.store(x_ptr + offsets, x, mask=offsets < n)\n";

/// The operations that the shipped generator draws from.
fn drawn() -> Vec<&'static str> {
    let names = GENERATOR
        .split("Operation(")
        .skip(1)
        .filter_map(|rest| rest.trim_start().strip_prefix('"')?.split('"').next());
    names.filter(|name| !name.is_empty()).collect()
}

/// What the parser says of a file that begins with this draft and ends with some wrapper.
fn faults(text: &str) -> Vec<String> {
    let pair = PairFile::parse(text);
    let grave = |code: &str| code.starts_with("FW1") || code.starts_with("FW2") || code.starts_with("FW4");
    let found =
        pair.diagnostics().iter().filter(|one| one.severity == Severity::Error || grave(one.rule.code()));
    found.map(|one| format!("{} {}", one.rule.code(), one.message)).collect()
}

/// A kernel that the rules have nothing against, under the draft's name and with its parameters.
fn kernel(draft: &Draft) -> String {
    let parameters =
        draft.python.split_once(&format!("{}(", draft.reference)).unwrap().1.split_once(')').unwrap().0;
    let first = parameters.split(',').next().unwrap();
    format!(
        "{ADD}\n\ndef {}({parameters}):\n    kernel[({first}.numel(),)]({first}, {first}.numel(), BLOCK=1)\n    return {first}\n",
        draft.candidate
    )
}

fn lines() -> Vec<String> {
    let operations = drawn();
    assert!(operations.len() >= 40, "{operations:?}");
    IDEAS.lines().map(str::to_owned).chain(operations.into_iter().map(str::to_owned)).collect()
}

#[test]
fn every_shipped_line_gives_a_pair_that_no_rule_blames() {
    let mut blamed = Vec::new();
    for line in lines() {
        match draft(&line) {
            Err(error) => blamed.push(format!("{line}: {error}")),
            Ok(draft) => {
                for text in [
                    open_file(&draft, &kernel(&draft)),
                    task_file(&draft.clone().for_task(), &kernel(&draft.clone().for_task()), 2),
                ] {
                    let found = faults(&text);
                    if !found.is_empty() {
                        blamed.push(format!("{line}: {found:?}\n{text}"));
                    }
                    let pair = PairFile::parse(&*text);
                    assert_eq!(pair.title(), Some(draft.title.as_str()), "{line}");
                    assert!(pair.entry_points().is_some(), "{line}");
                }
            }
        }
    }
    assert!(blamed.is_empty(), "{} of them\n{}", blamed.len(), blamed.join("\n"));
}

/// The file that the tests in Python run every reference of.
const GOLDEN: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/drafts.jsonl");

/// The drafts of all lines, as `tests/drafts.jsonl` has them; `FUSEWRIGHT_UPDATE_DRAFTS` writes that file anew.
#[test]
fn the_drafts_are_those_that_the_tests_in_python_run() {
    let drafts = lines().into_iter().map(|line| {
        let Draft { title, reference, python, test, .. } = draft(&line).unwrap();
        let draft = serde_json::json!({ "line": line, "title": title, "reference": reference, "python": python, "test": test });
        format!("{draft}\n")
    });
    let drafts: String = drafts.collect();
    if std::env::var_os("FUSEWRIGHT_UPDATE_DRAFTS").is_some() {
        std::fs::write(GOLDEN, drafts).unwrap();
        return;
    }
    let golden = std::fs::read_to_string(GOLDEN).unwrap().replace("\r\n", "\n");
    for (line, (wanted, got)) in golden.lines().zip(drafts.lines()).enumerate() {
        assert_eq!(
            wanted,
            got,
            "line {} of tests/drafts.jsonl: FUSEWRIGHT_UPDATE_DRAFTS=1 writes it anew",
            line + 1
        );
    }
    assert_eq!(golden.lines().count(), drafts.lines().count());
}

#[test]
fn blocks_are_the_drafts_own() {
    let draft = draft("bias, gelu").unwrap();
    let pair = PairFile::parse(open_file(&draft, &kernel(&draft)));
    assert_eq!(pair.code(BlockKind::Python).map(str::trim), Some(draft.python.trim()));
}
