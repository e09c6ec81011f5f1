//! Whole files: the two styles and every convention.

use crate::{BlockKind, Convention, Inputs, PairFile, Style};

const OPEN: &str = "# <PYTHON>\nimport torch\ndef fused(x):\n    \"\"\"Softmax.\"\"\"\n    return x.softmax(-1)\n\n# <TRITON>\nimport triton\nimport triton.language as tl\n@triton.jit\ndef kernel(x):\n    pass\n\ndef fused(x):\n    kernel[(1,)](x)\n\n# <TEST>\nimport torch\ndef get_test_inputs():\n    return (torch.randn(4, device='cuda'),)\nif __name__ == '__main__':\n    print(1)\n";

#[test]
fn the_open_style_is_read() {
    let file = PairFile::parse(OPEN);
    assert_eq!(file.style(), Some(Style::Open));
    assert_eq!(file.blocks().iter().map(|block| block.kind).collect::<Vec<_>>(), BlockKind::ALL);
    assert!(file.code(BlockKind::Test).is_some_and(|code| code.ends_with("'cuda'),)\n")));
    let entry = file.entry_points().unwrap();
    assert_eq!(entry.convention, Convention::SharedName);
    assert_eq!((&*entry.reference.name, &*entry.candidate.name), ("fused", "fused"));
    assert_eq!(file.line_of(entry.candidate.name_range.start()), 14);
    assert_eq!(file.kernels().len(), 1);
    assert!(matches!(file.inputs(), Some(Inputs::GetTestInputs(_))));
    assert!(file.main_block().is_some());
    assert!(file.hash().is_some());
}
