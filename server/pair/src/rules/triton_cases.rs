//! What the rules about Triton find, and what they leave alone, beyond their own examples.

mod compiler;
mod fixes;
mod launches;
mod masks;
mod silenced;

use crate::{PairFile, Version};

/// A pair around a kernel's body; `x` is a loaded block, `n` a plain number, `BLOCK` a constant.
fn with_body(body: &str) -> String {
    let body = format!("    {}\n", body.replace('\n', "\n    "));
    format!(
        "\"\"\"Double.\"\"\"\n# <PYTHON>\nimport torch\ndef f_torch(x):\n    return 2 * x\n# <TRITON>\nimport math\nimport operator\nimport torch\n\
         import triton\nimport triton.language as tl\nfrom triton.language.extra import libdevice\nG = 4\nGC = tl.constexpr(4)\n\
         GA: tl.constexpr = 4\nLN2 = math.log(2)\nINF = float('inf')\ntwice = lambda a: a + a\nDTYPE = tl.float32\ndef plain(x):\n    return x\n@triton.jit\ndef helper(x, N):\n    \
         return x + tl.arange(0, N)\n@triton.jit\ndef kernel(x_ptr, n, BLOCK: tl.constexpr):\n    offsets = \
         tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)\n    mask = offsets < n\n    x = tl.load(x_ptr + offsets, \
         mask=mask, other=0.0)\n{body}    tl.store(x_ptr + offsets, x, mask=mask)\ndef f_triton(x):\n    \
         kernel[(triton.cdiv(x.numel(), 16),)](x, x.numel(), BLOCK=16)\n    return x\n# <TEST>\nimport torch\ndef \
         get_test_inputs():\n    return (torch.randn(64, device='cuda'),)\n"
    )
}

/// The codes of what is found, without those of other kinds.
fn codes(text: &str, version: Option<Version>) -> Vec<&'static str> {
    let file = PairFile::parse_for(text, version);
    let mut codes: Vec<_> =
        file.diagnostics().iter().map(|one| one.rule.code()).filter(|code| code.starts_with("FW3")).collect();
    codes.dedup();
    codes
}

fn body(body: &str) -> Vec<&'static str> {
    codes(&with_body(body), None)
}
