//! What the rules find, and what they leave alone, beyond their own examples.

mod blocks;
mod contract;

use crate::{PairFile, Rule};

const PYTHON: &str = "\"\"\"Double.\"\"\"\n# <PYTHON>\nimport torch\ndef f_torch(x):\n    return 2 * x\n";
const TRITON: &str = "# <TRITON>\nimport torch\nimport triton\nimport triton.language as tl\n@triton.jit\ndef kernel(x_ptr):\n    pass\ndef f_triton(x):\n    kernel[(1,)](x)\n    return x\n";
const TEST: &str =
    "# <TEST>\nimport torch\ndef get_test_inputs():\n    return (torch.ones(4, device='cuda'),)\n";

/// Codes and lines of what is found; that the pairs here prove nothing is not their point.
fn found(text: &str) -> Vec<(&'static str, u32)> {
    let file = PairFile::parse(text);
    file.diagnostics()
        .iter()
        .filter(|one| one.rule.may_be_ignored())
        .map(|one| (one.rule.code(), file.line_of(one.range.start())))
        .collect()
}

fn pair(python: &str, triton: &str, test: &str) -> String {
    format!("{python}{triton}{test}")
}

/// Applies the first fix of a rule.
fn fixed(text: &str, rule: Rule) -> String {
    let file = PairFile::parse(text);
    let diagnostic =
        file.diagnostics().iter().find(|one| one.rule == rule).unwrap_or_else(|| panic!("{rule:?}\n{text}"));
    diagnostic.fix.as_ref().unwrap().apply(text).unwrap()
}

#[test]
fn the_parts_make_a_good_pair() {
    assert_eq!(found(&pair(PYTHON, TRITON, TEST)), []);
}

#[test]
fn the_skeleton_of_the_format_lacks_only_what_is_to_be_filled_in() {
    let skeleton = "\"\"\"Fused Kernels: [DESCRIPTION OF OPERATIONS]\"\"\"\n\n# <PYTHON>\nimport torch\nimport torch.nn.functional as F\n\n\
                    def fused_kernel_pytorch(params):\n    pass\n\n# </PYTHON>\n\n# <TRITON>\nimport torch\nimport triton\n\
                    import triton.language as tl\n\n@triton.jit\ndef fused_kernel_triton(\nparams\n):\n    pass\n\n\
                    def fused_kernel_triton_wrapper(params):\n    pass\n\n# </TRITON>\n\n# <TEST>\nimport torch\nimport time\n\n\
                    def test_performance(pytorch_func, triton_func, inputs, num_runs=50):\n    pass\n\n# </TEST>\n\n\
                    # Main execution block\nif __name__ == '__main__':\n    print(\"=== ATTEMPT [X]: [DESCRIPTION] ===\")\n";
    assert_eq!(found(skeleton), [("FW208", 3), ("FW205", 28)]);
    let file = PairFile::parse(skeleton);
    let entry = file.entry_points().unwrap();
    assert_eq!(
        (&*entry.reference.name, &*entry.candidate.name),
        ("fused_kernel_pytorch", "fused_kernel_triton_wrapper")
    );
    let filled = skeleton.replace(
        "    print(",
        "    inputs = (torch.randn(4, device='cuda'),)\n    test_performance(fused_kernel_pytorch, fused_kernel_triton_wrapper, inputs)\n    print(",
    );
    assert_eq!(found(&filled), [("FW208", 3)]);
}
