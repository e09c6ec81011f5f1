//! Beginnings of what a pair lacks: blocks, and inputs drafted from the reference's signature.

mod inputs;
mod subject;

pub(crate) use subject::callable;

use inputs::{drafted_inputs, inputs};
use subject::{Subject, list, subject};

use crate::analysis::with_file;
use crate::block::BlockKind;
use crate::diagnostic::{Edit, Fix};
use crate::file::File;
use crate::layout::Problem;
use crate::pair_file::PairFile;
use crate::rules::block_insertion;
use crate::test_inputs::conversion;

impl PairFile {
    /// The change that adds the missing blocks, each with a beginning made of what is there: a kernel with its wrapper,
    /// a reference, inputs. None where no block is missing. What is there stays as it is.
    pub fn scaffolding(&self) -> Option<Fix> {
        with_file(self.text(), |file| scaffolding(&file)).ok()?
    }

    /// The change that gives TEST a function with inputs as the reference's signature suggests them. None where TEST
    /// has inputs, or where there is no reference to go by.
    pub fn drafted_inputs(&self) -> Option<Fix> {
        with_file(self.text(), |file| drafted_inputs(&file)).ok()?
    }

    /// The change that moves the inputs of the main block into `get_test_inputs()`. None where that is not certain to
    /// give the same inputs.
    pub fn moved_inputs(&self) -> Option<Fix> {
        self.with_test_inputs()?;
        with_file(self.text(), |file| conversion(&file)).ok()?
    }
}

fn scaffolding(file: &File<'_>) -> Option<Fix> {
    let missing: Vec<BlockKind> = file
        .layout
        .problems
        .iter()
        .filter_map(|problem| match *problem {
            Problem::Missing(kind) => Some(kind),
            _ => None,
        })
        .collect();
    if missing.is_empty() {
        return None;
    }
    let reference = subject(file, BlockKind::Python);
    let candidate = subject(file, BlockKind::Triton);
    let edits: Option<Vec<Edit>> = missing
        .into_iter()
        .map(|kind| {
            let body = match kind {
                BlockKind::Python => python(candidate.as_ref()),
                BlockKind::Triton => triton(reference.as_ref()),
                BlockKind::Test => {
                    format!("import torch\n\n\n{}", inputs(reference.as_ref().or(candidate.as_ref())))
                }
            };
            block_insertion(file, kind, &body.replace('\n', file.newline))
        })
        .collect();
    Some(Fix::unsafe_("Scaffold the missing blocks", edits?))
}

/// The name that a wrapper has by the convention that a reference's name follows.
pub(crate) fn candidate_name(reference: &str) -> String {
    if reference == "Model" {
        return "ModelNew".to_owned();
    }
    for (suffix, instead) in [("_pytorch", "_triton_wrapper"), ("_torch", "_triton")] {
        if let Some(base) = reference.strip_suffix(suffix) {
            return format!("{base}{instead}");
        }
    }
    let base = reference.strip_prefix("pytorch_").or_else(|| reference.strip_prefix("torch_"));
    base.map_or_else(|| reference.to_owned(), |base| format!("triton_{base}"))
}

fn python(candidate: Option<&Subject<'_>>) -> String {
    let Some(candidate) = candidate else {
        return "import torch\n\n\ndef fused_torch(x):\n    return torch.relu(x)\n".to_owned();
    };
    let what = "    raise NotImplementedError(\"write what the kernel computes, with PyTorch\")\n";
    if let Some(init) = &candidate.init {
        return format!(
            "import torch\n\n\nclass Model(torch.nn.Module):\n    def __init__({}):\n        super().__init__()\n\n    def forward({}):\n    {what}",
            list(init, "self"),
            list(&candidate.parameters, "self")
        );
    }
    let base =
        candidate.name.strip_suffix("_triton_wrapper").or_else(|| candidate.name.strip_suffix("_triton"));
    let name = base.map_or_else(|| candidate.name.to_owned(), |base| format!("{base}_torch"));
    format!("import torch\n\n\ndef {name}({}):\n{what}", list(&candidate.parameters, ""))
}

fn triton(reference: Option<&Subject<'_>>) -> String {
    let (name, first) = match reference {
        Some(reference) => (reference.name, reference.parameters.first().map_or("x", |one| one.name)),
        None => ("fused_torch", "x"),
    };
    let base = name.strip_suffix("_pytorch").or_else(|| name.strip_suffix("_torch"));
    let kernel = base.unwrap_or(name).to_lowercase();
    let text = format!(
        "import torch\nimport triton\nimport triton.language as tl\n\n\n@triton.jit\ndef {kernel}_kernel(x_ptr, out_ptr, size, \
         BLOCK: tl.constexpr):\n    offsets = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)\n    mask = offsets < size\n    x = \
         tl.load(x_ptr + offsets, mask=mask)\n    # Compute here what `{name}` does.\n    tl.store(out_ptr + offsets, x, \
         mask=mask)\n\n\n"
    );
    let launch = |indentation: &str| {
        [
            format!("{first} = {first}.contiguous()"),
            format!("out = torch.empty_like({first})"),
            format!("grid = (triton.cdiv({first}.numel(), 1024),)"),
            format!("{kernel}_kernel[grid]({first}, out, {first}.numel(), BLOCK=1024)"),
            "return out".to_owned(),
        ]
        .map(|line| format!("{indentation}{line}\n"))
        .concat()
    };
    let wrapper = match reference {
        Some(Subject { init: Some(init), parameters, .. }) => format!(
            "class ModelNew(torch.nn.Module):\n    def __init__({}):\n        super().__init__()\n\n    def forward({}):\n{}",
            list(init, "self"),
            list(parameters, "self"),
            launch("        ")
        ),
        Some(reference) => {
            let wrapper = candidate_name(name);
            format!("def {wrapper}({}):\n{}", list(&reference.parameters, ""), launch("    "))
        }
        None => format!("def fused_triton(x):\n{}", launch("    ")),
    };
    text + &wrapper
}

#[cfg(test)]
mod tests {
    use crate::tests::good;
    use crate::{BlockKind, Inputs, PairFile, Severity};

    fn errors(file: &PairFile) -> Vec<&crate::Diagnostic> {
        file.diagnostics().iter().filter(|one| one.severity == Severity::Error).collect()
    }

    #[test]
    fn what_is_missing_gets_a_beginning_and_the_rest_stays_as_it_is() {
        let mut scaffolded = 0;
        for (name, text) in good() {
            let whole = PairFile::parse(&*text);
            assert_eq!(whole.scaffolding(), None, "{name}");
            assert_eq!(whole.drafted_inputs(), None, "{name}");
            for kind in BlockKind::ALL {
                let range = whole.block(kind).unwrap().range();
                let mut without = text.clone();
                without.replace_range(range.start().to_usize()..range.end().to_usize(), "");
                let file = PairFile::parse(&*without);
                let Some(fix) = file.scaffolding() else { continue };
                assert!(fix.edits.iter().all(|edit| edit.range.is_empty()), "{name}: only insertions");
                let mended = PairFile::parse(fix.apply(&without).unwrap());
                assert_eq!(mended.scaffolding(), None, "{name}");
                assert_eq!(mended.structure_error(), None, "{name} {kind:?}\n{}", mended.text());
                assert!(mended.entry_points().is_some(), "{name} {kind:?}\n{}", mended.text());
                if without.contains("\r\n") {
                    assert_eq!(mended.text().matches('\n').count(), mended.text().matches("\r\n").count());
                }
                scaffolded += 1;
            }
        }
        assert!(scaffolded > 30, "{scaffolded}");
    }

    #[test]
    fn a_lone_reference_becomes_a_pair_that_checks() {
        for python in [
            "import torch\ndef softmax_torch(x, scale, eps=1e-6, *, dim=-1):\n    return torch.softmax(x * scale, dim)\n",
            "import torch\ndef fused(x: torch.Tensor, n: int, flag: bool = True):\n    return x * n\n",
            "import torch\nclass Model(torch.nn.Module):\n    def __init__(self, size):\n        super().__init__()\n    def forward(self, x):\n        return x\n",
        ] {
            let text = format!("\"\"\"Some words.\"\"\"\n# <PYTHON>\n{python}");
            let file = PairFile::parse(&*text);
            let mended = PairFile::parse(file.scaffolding().unwrap().apply(&text).unwrap());
            assert!(mended.text().starts_with(&text));
            assert_eq!(errors(&mended), Vec::<&crate::Diagnostic>::new(), "{}", mended.text());
            assert!(mended.inputs().is_some() && mended.hash().is_some());
        }
    }

    #[test]
    fn a_reference_alone_says_what_its_candidate_is_called() {
        for (reference, candidate) in [
            ("def fused_kernel_pytorch(x): return x", "fused_kernel_triton_wrapper"),
            ("def relu_torch(x): return x", "relu_triton"),
            ("def torch_relu(x): return x", "triton_relu"),
            ("def relu(x): return x", "relu"),
            ("class Model:\n    def forward(self, x): return x", "ModelNew"),
        ] {
            let file = PairFile::parse(format!("# <PYTHON>\n{reference}\n"));
            assert!(file.entry_points().is_none());
            assert_eq!(file.candidate_name().as_deref(), Some(candidate));
            let mended = PairFile::parse(file.scaffolding().unwrap().apply(file.text()).unwrap());
            assert_eq!(mended.entry_points().unwrap().candidate.name, candidate);
        }
        assert_eq!(PairFile::parse("# <PYTHON>\nx = 1\n").reference(), None);
    }

    #[test]
    fn inputs_are_drafted_from_the_signature() {
        let text = "\"\"\"Norm.\"\"\"\n# <PYTHON>\nimport torch\ndef norm_torch(x, weight, bias, indices, eps, training=True):\n    return x\n# <TRITON>\nimport torch\nimport triton\n@triton.jit\ndef kernel():\n    pass\ndef norm_triton(x, weight, bias, indices, eps, training=True):\n    kernel[(1,)]()\n    return x\n# <TEST>\nLIMIT = 1\n\n\nif __name__ == \"__main__\":\n    print(LIMIT)\n";
        let file = PairFile::parse(text);
        let mended = PairFile::parse(file.drafted_inputs().unwrap().apply(text).unwrap());
        assert!(matches!(mended.inputs(), Some(Inputs::GetTestInputs(_))));
        insta::assert_snapshot!(mended.code(BlockKind::Test).unwrap());
        assert!(mended.text().ends_with("\n\n\nif __name__ == \"__main__\":\n    print(LIMIT)\n"));
    }
}
