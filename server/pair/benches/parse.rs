//! How long one edit takes: the parse of the whole file and all rules.

use divan::counter::BytesCount;
use fusewright_pair::{PairFile, Reader};

fn main() {
    divan::main();
}

/// A pair of 60 lines, as people write them.
fn small() -> String {
    include_str!("../tests/good/open_shared_name.py").to_owned() + &"# A line.\n".repeat(20)
}

const STEP: &str = r#"
def step_AT(x, scale, shift):
    """One step of many."""
    y = torch.relu(x * scale + AT)
    if y.dim() > AT:
        y = y.softmax(dim=-1)
    z = [part * shift for part in y.unbind(0)]
    return torch.stack(z) + shift

"#;

const KERNEL: &str = "
@triton.jit
def kernel_AT(x_ptr, out_ptr, scale, shift, size, BLOCK: tl.constexpr):
    # Each program handles one stretch.
    at = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    inside = at < size
    x = tl.load(x_ptr + at, mask=inside, other=0.0)
    y = tl.maximum(x * scale + AT, 0.0)
    y = y - tl.max(y, axis=0)
    y = tl.exp(y) / tl.sum(tl.exp(y), axis=0)
    y = y * shift + shift
    tl.store(out_ptr + at, y, mask=inside)


def step_AT(x, scale, shift):
    out = torch.empty_like(x)
    size = out.numel()
    kernel_AT[(triton.cdiv(size, 1024),)](
        x,
        out,
        scale,
        shift,
        size,
        BLOCK=1024,
    )
    return out

";

const TEST: &str = r#"# <TEST>
import torch


def get_test_inputs():
    return torch.randn(64, 64, device="cuda"), 2.0, 0.5
"#;

/// A pair of 5,000 lines: many kernels with their wrappers and references, and what calls them all.
fn large() -> String {
    let steps = |text: &str| (0..140).map(|at| text.replace("AT", &at.to_string())).collect::<String>();
    let all = format!(
        "\ndef fused(x, scale, shift):\n    \"All steps.\"\n{}    return x\n\n\n",
        steps("    x = step_AT(x, scale, shift)\n")
    );
    let imports = "import torch\nimport triton\nimport triton.language as tl\n";
    format!("# <PYTHON>\nimport torch\n{}{all}# <TRITON>\n{imports}{}{all}{TEST}", steps(STEP), steps(KERNEL))
}

/// The same with one letter more, in the middle.
fn typed(text: &str) -> String {
    let middle = text[text.len() / 2..].find("return out").map_or(0, |at| at + text.len() / 2);
    format!("{}x{}", &text[..middle + 10], &text[middle + 10..])
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

/// An edit of a text that was read before.
#[divan::bench(args = ["small", "large"])]
fn edit(bencher: divan::Bencher, name: &str) {
    let text = if name == "small" { small() } else { large() };
    let texts = [typed(&text), text];
    let mut reader = Reader::default();
    let mut at = 0;
    bencher.counter(BytesCount::of_str(&texts[0])).bench_local(|| {
        at += 1;
        reader.read(divan::black_box(&*texts[at % 2]), None)
    });
}
