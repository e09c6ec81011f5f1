use fusewright_pair::{BlockKind, PairFile, Severity};

use super::*;

const IDEAS: &str = include_str!("../workspace/assets/fusion_ideas.txt");
const GENERATOR: &str = include_str!("../workspace/assets/generate_fusion_task.py");
const ADD: &str = "import torch\nimport triton\nimport triton.language as tl\n\n\n@triton.jit\ndef kernel(x_ptr, others, n, \
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
    let names: Vec<&str> =
        parameters.split(',').map(|one| one.split([':', '=']).next().unwrap().trim()).collect();
    format!(
        "{ADD}\n\ndef launch(first, *others):\n    kernel[(first.numel(),)](first, others, first.numel(), BLOCK=1)\n    \
         return first\n\n\ndef {}({parameters}):\n    return launch({})\n",
        draft.candidate,
        names.join(", ")
    )
}

/// What the generator prints for many seeds: the first line, and whether it is about images.
const TASKS: &str = include_str!("../../../../tests/golden/tasks.txt");

fn lines() -> Vec<String> {
    let operations = drawn();
    assert!(operations.len() >= 40, "{operations:?}");
    let tasks = TASKS.lines().map(|task| match task.strip_suffix(" (images)") {
        Some(task) => format!("{task}\n\nFuse these on x of shape (batch, channels, height, width):"),
        None => task.to_owned(),
    });
    IDEAS.lines().chain(operations).map(str::to_owned).chain(tasks).collect()
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

/// What a task file looks like, and what the tests in Python run.
const TASK_FILE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/golden/001_fused_kernels.py");

#[test]
fn a_task_file_is_laid_out_around_a_models_blocks() {
    let parts = Parts::of(include_str!("../../../../examples/demo/masked_softmax.py"), "unused").unwrap();
    let text = task_file(&parts.draft, &parts.triton, 1);
    if std::env::var_os("FUSEWRIGHT_UPDATE_DRAFTS").is_some() {
        std::fs::write(TASK_FILE, &text).unwrap();
    }
    assert_eq!(std::fs::read_to_string(TASK_FILE).unwrap().replace("\r\n", "\n"), text);
    assert_eq!(faults(&text), [] as [&str; 0]);
    // Laid out anew it stays as it is: the measurement is not doubled.
    let again = Parts::of(&text, "unused").unwrap();
    assert_eq!(task_file(&again.draft, &again.triton, 1), text);
}

#[test]
fn an_attempt_changes_what_the_main_block_says_and_no_verdict() {
    let parts = Parts::of(include_str!("../../../../examples/demo/masked_softmax.py"), "unused").unwrap();
    let first = task_file(&parts.draft, &parts.triton, 1);
    let third = with_attempt(&first, 3, "scale \"the\" scores");
    assert!(
        third.contains(
            "\n    print(\"=== ATTEMPT 3: scale \\\"the\\\" scores ===\")\n    attempt, num_runs = 3, 50\n"
        ),
        "{third}"
    );
    assert!(!third.contains("ATTEMPT 1"));
    assert_eq!(PairFile::parse(&*first).hash(), PairFile::parse(&*third).hash());
    // A main block that somebody else wrote gets the line; a file without one stays as it is.
    let other = include_str!("../../../../tests/corpus/honest/scaled_shrink_main_block.py");
    let main = with_attempt(other, 2, "add");
    insta::assert_snapshot!(main[main.find("if __name__").unwrap()..]);
    assert_eq!(with_attempt("x = 1\n", 2, "add"), "x = 1\n");
}

#[test]
fn a_models_own_measurement_gives_way() {
    let text = include_str!("../../../../tests/corpus/honest/scaled_shrink_main_block.py");
    let parts = Parts::of(text, "unused").unwrap();
    let laid_out = task_file(&parts.draft, &parts.triton, 2);
    assert_eq!(laid_out.matches("def test_performance(").count(), 1);
    assert!(laid_out.contains("def get_test_inputs():") && laid_out.contains("num_runs=50"));
    assert_eq!(faults(&laid_out), [] as [&str; 0]);
    assert_eq!(Parts::of("# <PYTHON>\nimport torch\n", "unused"), None);
}

#[test]
fn what_is_not_known_is_named() {
    let errors = [
        "",
        "add, , ",
        "add, geluu",
        "add, flutter",
        "gather, add",
        "flatten, batched matmul",
        "add, outer product",
    ];
    let said = errors.map(|line| draft(line).map_or_else(|error| error.to_string(), |draft| draft.title));
    insta::assert_snapshot!(said.join("\n"));
}

#[test]
fn a_line_is_read_as_people_write_it() {
    let same = [
        "bias, gelu",
        " Bias,  GELU. ",
        "\nbias, gelu\n\nFuse these operations on x of shape (rows, columns):",
    ];
    let drafts = same.map(|line| draft(line).unwrap());
    assert!(drafts.iter().all(|one| *one == drafts[0]));
    let images =
        draft("bias, gelu\n\nFuse these, in this order, on x of shape (batch, channels, height, width):")
            .unwrap();
    assert!(images.python.contains("bias[:, None, None]"), "{}", images.python);
    assert_eq!(images.title, "bias and exact GELU of float32 images");
}

#[test]
fn lines_differ_in_sizes_and_dtypes() {
    let tests: std::collections::HashSet<String> =
        IDEAS.lines().map(|line| draft(line).unwrap().test).collect();
    assert!(tests.len() > 60, "{}", tests.len());
    for dtype in ["float16", "bfloat16"] {
        let share = tests.iter().filter(|test| test.contains(&format!("dtype=torch.{dtype}"))).count();
        assert!(share >= 10, "{dtype}: {share}");
    }
}

#[test]
fn blocks_are_the_drafts_own() {
    let draft = draft("bias, gelu").unwrap();
    let pair = PairFile::parse(open_file(&draft, &kernel(&draft)));
    assert_eq!(pair.code(BlockKind::Python).map(str::trim), Some(draft.python.trim()));
}

fn any_line() -> impl proptest::strategy::Strategy<Value = String> {
    use proptest::prelude::*;
    let names: Vec<&str> = vocabulary::names().collect();
    prop::collection::vec(prop::sample::select(names), 1..5).prop_map(|names| names.join(", "))
}

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig::with_cases(96))]

    /// Whatever operations are chained: a pair that no rule blames, or a sentence that says what does not fit.
    #[test]
    fn every_chain_is_drafted_or_refused(line in any_line()) {
        match draft(&line) {
            Ok(draft) => proptest::prop_assert_eq!(faults(&open_file(&draft, &kernel(&draft))), Vec::<String>::new()),
            Err(Unknown::Misfit { name, needs }) => {
                proptest::prop_assert!(line.contains(&name) && needs.starts_with("it "), "{}: {}", name, needs);
            }
            Err(error) => proptest::prop_assert!(false, "{}", error),
        }
    }

    #[test]
    fn no_text_upsets_it(text in ".{0,80}") {
        let _ = draft(&text);
        let _ = with_attempt(&text, 2, &text);
        let _ = Parts::of(&text, &text);
    }
}
