//! Any text is read without a panic, and what is said of it is about that text.

use proptest::prelude::*;

use crate::tests::good;

#[path = "../fuzz/invariants.rs"]
mod invariants;

use invariants::check;

/// Pieces that make trouble together.
pub(crate) fn piece() -> impl Strategy<Value = String> {
    let pieces = [
        "# <PYTHON>",
        "# </PYTHON>",
        "# <TRITON>",
        "# </TRITON>",
        "# <TEST>",
        "# </TEST>",
        "#<TRITON>",
        "# <triton>",
        "  # <TEST>",
        "# <TRITION",
        "\n",
        "\r",
        "\r\n",
        "\n    ",
        "\t",
        "\u{feff}",
        "\u{c}",
        "\\\n",
        "\"\"\"",
        "'",
        "f'{",
        "}",
        "(",
        ")",
        "[",
        "]",
        "if __name__ == '__main__':",
        "def f_torch(x, y=1):",
        "def f_triton(x):",
        "@triton.jit",
        "class Model(nn.Module):",
        "class ModelNew:",
        "import torch",
        "from torch import *",
        "import triton.language as tl",
        "from __future__ import annotations",
        "return torch.randn(4),",
        "def get_test_inputs():",
        "def get_inputs():",
        "test_performance(f_torch, f_triton, (x, y))",
        "fused = Op.apply",
        "x = lambda y: z",
        "x",
        "=",
        "安全",
        "🚀",
        "é",
        ";",
        "torch.rand(",
        "device='cpu'",
        "[i for i in x]",
        "global x",
        "match x:",
        "case [a, *b]:",
        "try:",
        "except E as e:",
        "pass",
    ];
    prop_oneof![4 => proptest::sample::select(pieces.to_vec()).prop_map(str::to_owned), 1 => ".{0,6}"]
}

/// A good pair with a stretch cut out, doubled or overwritten.
fn mutated() -> impl Strategy<Value = String> {
    let texts: Vec<String> = good().into_iter().map(|(_, text)| text).collect();
    let cut = (any::<prop::sample::Index>(), 0_usize..40, piece(), 0_u8..3);
    (proptest::sample::select(texts), proptest::collection::vec(cut, 1..4)).prop_map(|(mut text, cuts)| {
        for (index, length, piece, kind) in cuts {
            let start = text.floor_char_boundary(index.index(text.len() + 1));
            let end = text.floor_char_boundary((start + length).min(text.len()));
            let replacement = match kind {
                0 => String::new(),
                1 => piece,
                _ => text[start..end].repeat(2),
            };
            text.replace_range(start..end, &replacement);
        }
        text
    })
}

proptest! {
    #[test]
    fn any_text_is_read(text in "\\PC{0,200}") {
        check(&text);
        check(&format!("# <PYTHON>\n{text}"));
    }

    #[test]
    fn any_arrangement_of_pieces_is_read(pieces in proptest::collection::vec((piece(), proptest::bool::weighted(0.6)), 0..40)) {
        let text: String = pieces.iter().flat_map(|(piece, ends)| [piece.as_str(), if *ends { "\n" } else { "" }]).collect();
        check(&text);
    }

    #[test]
    fn a_good_pair_that_was_mutilated_is_read(text in mutated()) {
        check(&text);
    }

    #[test]
    fn a_prefix_of_a_good_pair_is_read(text in proptest::sample::select(good()), index in any::<prop::sample::Index>()) {
        let end = text.1.floor_char_boundary(index.index(text.1.len() + 1));
        check(&text.1[..end]);
    }
}
