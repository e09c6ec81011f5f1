//! How long one edit takes: the parse of the whole file and all rules.

use divan::counter::BytesCount;
use fusewright_pair::PairFile;

fn main() {
    divan::main();
}

/// A pair of 60 lines, as people write them.
fn small() -> String {
    include_str!("../tests/good/open_shared_name.py").to_owned() + &"# A line.\n".repeat(20)
}

/// A pair of 5,000 lines: many kernels with their wrappers and references.
fn large() -> String {
    let mut blocks = [
        String::from("import torch\n"),
        String::from("import torch\nimport triton\nimport triton.language as tl\n"),
    ];
    for at in 0..143 {
        blocks[0] += &format!(
            "\ndef step_{at}(x, scale, shift):\n    \"\"\"One step of many.\"\"\"\n    y = torch.relu(x * scale + {at})\n    \
             if y.dim() > {at}:\n        y = y.softmax(dim=-1)\n    z = [part * shift for part in y.unbind(0)]\n    \
             return torch.stack(z) + shift\n\n"
        );
        blocks[1] += &format!(
            "\n@triton.jit\ndef kernel_{at}(x_ptr, out_ptr, scale, shift, size, BLOCK: tl.constexpr):\n    \
             # Each program handles one stretch.\n    at = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)\n    \
             inside = at < size\n    x = tl.load(x_ptr + at, mask=inside, other=0.0)\n    \
             y = tl.maximum(x * scale + {at}, 0.0)\n    y = y - tl.max(y, axis=0)\n    \
             y = tl.exp(y) / tl.sum(tl.exp(y), axis=0)\n    y = y * shift + shift\n    \
             tl.store(out_ptr + at, y, mask=inside)\n\n\ndef step_{at}(x, scale, shift):\n    \
             out = torch.empty_like(x)\n    size = out.numel()\n    grid = (triton.cdiv(size, 1024),)\n    \
             kernel_{at}[grid](\n        x,\n        out,\n        scale,\n        shift,\n        size,\n        \
             BLOCK=1024,\n    )\n    return out\n\n"
        );
    }
    for block in &mut blocks {
        let calls: String = (0..143).map(|at| format!("    x = step_{at}(x, scale, shift)\n")).collect();
        *block +=
            &format!("\ndef fused(x, scale, shift):\n    \"\"\"All steps.\"\"\"\n{calls}    return x\n\n\n");
    }
    let [python, triton] = blocks;
    format!(
        "# <PYTHON>\n{python}# <TRITON>\n{triton}# <TEST>\nimport torch\n\n\ndef get_test_inputs():\n    \
         return torch.randn(64, 64, device=\"cuda\"), 2.0, 0.5\n"
    )
}

/// The same while somebody types: an expression that is not finished.
fn unfinished(text: &str) -> String {
    text.replacen("    return out\n", "    return out.\n", 1)
}

#[divan::bench(args = ["small", "small, unfinished", "large", "large, unfinished", "no pair"])]
fn parse(bencher: divan::Bencher, name: &str) {
    let text = match name {
        "small" => small(),
        "small, unfinished" => unfinished(&small()),
        "large" => large(),
        "large, unfinished" => unfinished(&large()),
        _ => large().replace("# <", "# ").replace(">\n", "\n"),
    };
    bencher.counter(BytesCount::of_str(&text)).bench(|| PairFile::parse(divan::black_box(&*text)));
}
