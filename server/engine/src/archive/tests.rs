use std::fs;

use super::*;
use crate::config::DatasetSettings;
use crate::verdict::{Implementation, PairError, Stage, Status};

const PAIR: &str = r#""""Fused Kernels: add one"""

# <PYTHON>
import torch

def add_one_torch(x):
    return x + 1

# <TRITON>
import torch
import triton
import triton.language as tl

@triton.jit
def add_one_kernel(x_ptr, out_ptr, n, BLOCK: tl.constexpr):
    offsets = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    mask = offsets < n
    tl.store(out_ptr + offsets, tl.load(x_ptr + offsets, mask=mask) + 1, mask=mask)

def add_one_triton(x):
    out = torch.empty_like(x)
    add_one_kernel[(triton.cdiv(x.numel(), 256),)](x, out, x.numel(), BLOCK=256)
    return out

# <TEST>
import torch

def get_test_inputs():
    return (torch.randn(1000, device="cuda"),)
"#;

struct Scene {
    folder: tempfile::TempDir,
    file: PathBuf,
    pair: PairFile,
    settings: Settings,
}

fn scene(text: &str) -> Scene {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(folder.path().join("triton_training_data")).unwrap();
    let file = folder.path().join("pair.py");
    fs::write(&file, text).unwrap();
    Scene { folder, file, pair: PairFile::parse(text), settings: Settings::default() }
}

impl Scene {
    fn verdict(&self, ruling: Option<Ruling>) -> VerdictLine {
        let error = PairError {
            implementation: Implementation::Triton,
            stage: Stage::Run,
            kind: "ValueError".to_owned(),
            message: "no such thing".to_owned(),
            line: None,
            traceback: String::new(),
        };
        VerdictLine {
            status: Status::Success,
            verdict: ruling,
            correct: true,
            speedup: Some(0.5),
            hash: self.pair.hash().unwrap_or_default().to_owned(),
            ..VerdictLine::failed("pair.py", error)
        }
    }

    fn archive(&self, ruling: Ruling) -> Result<Archived, String> {
        self.with(&self.verdict(Some(ruling)))
    }

    fn with(&self, verdict: &VerdictLine) -> Result<Archived, String> {
        archive_by(&self.pair, &self.file, verdict, &self.settings, Some(&self.authors()))
            .map_err(|error| error.to_string().replace(&self.folder.path().display().to_string(), "DIR"))
    }

    fn authors(&self) -> AuthorStore {
        AuthorStore::at(self.folder.path().join("authors"))
    }

    fn provenance(&self) -> Provenance {
        let path = self.folder.path().join("triton_training_data/output/provenance.jsonl");
        serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap()
    }

    fn dataset(&self) -> String {
        fs::read_to_string(Workspace::find(&self.file).dataset(&self.settings)).unwrap_or_default()
    }
}

#[test]
fn a_pair_that_proves_nothing_is_refused_whatever_its_verdict() {
    let scene = scene(&PAIR.replace("    return out\n", "    return torch.relu(out)\n"));
    let verdict = scene.verdict(Some(Ruling::Pass));
    let error = archive(&scene.pair, &scene.file, &verdict, &scene.settings).unwrap_err().to_string();
    assert!(
        error.ends_with(
            "may not enter the dataset: FW401 on line 23: `torch.relu` computes in place of a kernel: compute it in the kernel"
        ),
        "{error}"
    );
}

#[test]
fn what_passed_is_archived_with_the_whole_text_of_its_blocks() {
    let scene = scene(PAIR);
    let archived = scene.archive(Ruling::Pass).unwrap();
    assert_eq!((archived.line, archived.description.as_str()), (1, "Fused add one."));
    let example = Example::from_line(scene.dataset().trim_end().as_bytes()).unwrap();
    assert_eq!(example.python_code, "import torch\n\ndef add_one_torch(x):\n    return x + 1\n\n");
    assert!(example.triton_code.starts_with("import torch\nimport triton\n"));
    assert!(example.test_code.ends_with("return (torch.randn(1000, device=\"cuda\"),)\n"));
    let again = scene.archive(Ruling::Pass).unwrap_err();
    insta::assert_snapshot!(again, @r#"DIR/triton_training_data/output/training_data.jsonl has this example already: line 1, "Fused add one.""#);
}

#[test]
fn each_ruling_gets_in_only_where_the_settings_say_so() {
    let mut scene = scene(PAIR);
    insta::assert_snapshot!(scene.archive(Ruling::Untimed).unwrap_err(), @"DIR/pair.py may not enter the dataset: it is right but was not timed; verify it on a GPU, or pass --allow-untimed, or set `allow_untimed = true` under [dataset]");
    insta::assert_snapshot!(scene.archive(Ruling::Wrong).unwrap_err(), @r#"DIR/pair.py may not enter the dataset: its verdict is "wrong" (no such thing)"#);
    insta::assert_snapshot!(scene.archive(Ruling::Rejected).unwrap_err(), @r#"DIR/pair.py may not enter the dataset: its verdict is "rejected" (no such thing)"#);
    insta::assert_snapshot!(scene.archive(Ruling::Error).unwrap_err(), @r#"DIR/pair.py may not enter the dataset: its verdict is "error" (no such thing)"#);
    insta::assert_snapshot!(scene.with(&scene.verdict(None)).unwrap_err(), @r#"DIR/pair.py may not enter the dataset: its verdict is "not judged" (no such thing)"#);

    scene.settings.dataset.require = Some(Require::Faster);
    insta::assert_snapshot!(scene.archive(Ruling::Slower).unwrap_err(), @r#"DIR/pair.py may not enter the dataset: it is right but slower (0.50x), and `require = "faster"` is set under [dataset]"#);
    insta::assert_snapshot!(scene.archive(Ruling::Same).unwrap_err(), @r#"DIR/pair.py may not enter the dataset: it is right but same (0.50x), and `require = "faster"` is set under [dataset]"#);
    assert_eq!(scene.dataset(), "");

    for (ruling, dataset) in [
        (Ruling::Slower, DatasetSettings::default()),
        (Ruling::Same, DatasetSettings { require: Some(Require::Correct), ..DatasetSettings::default() }),
        (Ruling::Untimed, DatasetSettings { allow_untimed: true, ..DatasetSettings::default() }),
        (Ruling::Pass, DatasetSettings { require: Some(Require::Faster), ..DatasetSettings::default() }),
    ] {
        let mut scene = self::scene(PAIR);
        scene.settings.dataset = dataset;
        assert_eq!(scene.archive(ruling).unwrap().line, 1, "{ruling:?}");
    }
}

#[test]
fn only_a_final_verdict_on_the_present_text_counts() {
    let scene = scene(PAIR);
    let stale = VerdictLine { hash: "0".repeat(64), ..scene.verdict(Some(Ruling::Pass)) };
    insta::assert_snapshot!(scene.with(&stale).unwrap_err(), @"DIR/pair.py has changed since it was verified: run `fusewright verify DIR/pair.py` again");
    let pending = VerdictLine {
        pending: vec!["timing".to_owned(), "audit".to_owned()],
        ..scene.verdict(Some(Ruling::Pass))
    };
    insta::assert_snapshot!(scene.with(&pending).unwrap_err(), @"the verdict on DIR/pair.py is not final yet: wait for the timing and the audit, then archive it");
    assert_eq!(scene.dataset(), "");
}

#[test]
fn inductors_kernels_need_leave() {
    let mut scene = scene(&PAIR.replace("add_one_kernel", "triton_poi_fused_add_0"));
    assert!(scene.archive(Ruling::Pass).unwrap_err().contains("TorchInductor wrote its kernel"));
    scene.settings.dataset.allow_inductor = true;
    assert_eq!(scene.archive(Ruling::Pass).unwrap().line, 1);
    assert_eq!(scene.provenance().model.as_deref(), Some("inductor"));
}

#[test]
fn inductors_kernels_are_known_with_or_without_what_they_say_of_themselves() {
    let marked =
        PAIR.replace("# <TRITON>\n", "# <TRITON>\n# Written by TorchInductor (torch 2.15) and so on.\n");
    assert!(scene(&marked).archive(Ruling::Pass).unwrap_err().contains("TorchInductor wrote its kernel"));

    let mut scene =
        scene(&PAIR.replace("import triton.language as tl\n", "import triton.language as tl  # for all\n"));
    let block = PairFile::parse(PAIR).code(BlockKind::Triton).unwrap().to_owned();
    let author = Author { writer: INDUCTOR.to_owned(), attempt: Some(1), hinted: false };
    scene.authors().remember(&format!("# Written by TorchInductor\n{block}"), &author).unwrap();
    assert!(scene.archive(Ruling::Pass).unwrap_err().contains("TorchInductor wrote its kernel"));
    scene.settings.dataset.allow_inductor = true;
    scene.archive(Ruling::Pass).unwrap();
    assert_eq!(
        (scene.provenance().model.as_deref(), scene.provenance().attempts),
        (Some("inductor"), Some(1))
    );
}

#[test]
fn provenance_names_the_model_and_the_attempt() {
    let scene = scene(PAIR);
    let author = Author { writer: "coder at localhost:8000".to_owned(), attempt: Some(2), hinted: true };
    scene.authors().remember(scene.pair.code(BlockKind::Triton).unwrap(), &author).unwrap();
    scene.archive(Ruling::Pass).unwrap();
    let Provenance { model, attempts, hinted, .. } = scene.provenance();
    assert_eq!((model.as_deref(), attempts, hinted), (Some("coder at localhost:8000"), Some(2), true));
}

#[test]
fn what_is_no_whole_pair_is_named() {
    let scene = self::scene("print('hello')\n");
    insta::assert_snapshot!(scene.archive(Ruling::Pass).unwrap_err(), @"DIR/pair.py is not a pair file: it has no `# <PYTHON>` marker; write one on a line of its own above the reference, and `fusewright convert --scaffold` adds the other blocks");
    let scene = self::scene(PAIR.split("# <TEST>").next().unwrap());
    assert!(scene.archive(Ruling::Pass).unwrap_err().starts_with("DIR/pair.py:"));
}

/// The pair with its inputs in the main block, which hands them to `test_performance` in this way.
fn with_main_block(inputs: &str) -> String {
    let blocks = PAIR.split("# <TEST>").next().unwrap();
    format!(
        r#"{blocks}# <TEST>
import torch

def test_performance(reference, candidate, inputs):
    return reference(*inputs), candidate(*inputs)

if __name__ == "__main__":
    x = torch.randn(1000, device="cuda")
    {inputs}
"#
    )
}

#[test]
fn inputs_of_the_main_block_are_archived_as_test_inputs() {
    let scene = scene(&with_main_block("test_performance(add_one_torch, add_one_triton, (x,))"));
    assert_eq!(scene.pair.inputs(), Some(Inputs::MainBlock));
    let archived = scene.archive(Ruling::Pass).unwrap();
    assert!(archived.converted);
    let example = Example::from_line(scene.dataset().trim_end().as_bytes()).unwrap();
    assert!(example.test_code.contains("def get_test_inputs():"), "{}", example.test_code);
    assert!(example.test_code.contains("torch.randn(1000, device=\"cuda\")"), "{}", example.test_code);
    // The file itself stays as it is.
    assert_eq!(fs::read_to_string(&scene.file).unwrap(), scene.pair.text());
}

#[test]
fn inputs_that_cannot_be_moved_are_named() {
    let calls = "for n in (1, 2):\n        test_performance(add_one_torch, add_one_triton, (x * n,))";
    let scene = scene(&with_main_block(calls));
    assert_eq!(scene.pair.inputs(), Some(Inputs::MainBlock));
    insta::assert_snapshot!(scene.archive(Ruling::Pass).unwrap_err(), @"DIR/pair.py takes its inputs from its main block, and they cannot be moved by themselves: write a `get_test_inputs()` in TEST that returns them");
    assert_eq!(scene.dataset(), "");
}
