//! Any text is read without a panic, and what is said of it is about that text.

use proptest::prelude::*;

use crate::tests::good;
use crate::{BlockKind, PairFile, Rule, Style};

/// What holds for every file.
fn check(text: &str) {
    let file = PairFile::parse(text);
    assert_eq!(file.text(), text);
    let mut last = 0;
    for block in file.blocks() {
        for range in [Some(block.opening), Some(block.content), block.closing].into_iter().flatten() {
            assert!(text.get(range.start().to_usize()..range.end().to_usize()).is_some());
        }
        assert!(block.opening.start().to_usize() >= last && block.content.start() >= block.opening.end());
        last = block.range().end().to_usize();
    }
    let mut start = 0;
    for diagnostic in file.diagnostics() {
        let range = diagnostic.range.start().to_usize()..diagnostic.range.end().to_usize();
        assert!(text.get(range.clone()).is_some(), "{diagnostic:?}");
        assert!(range.start >= start, "not in text order");
        start = range.start;
        assert!(!diagnostic.message.contains('\n') && diagnostic.message.len() > 10, "{diagnostic:?}");
        let Some(fix) = &diagnostic.fix else { continue };
        let mut end = 0;
        for edit in &fix.edits {
            assert!(edit.range.start().to_usize() >= end, "edits overlap: {fix:?}");
            end = edit.range.end().to_usize();
        }
        let mended = fix.apply(text).unwrap_or_else(|| panic!("{fix:?}"));
        assert_ne!(mended, text, "a fix that changes nothing: {diagnostic:?}");
        let again = PairFile::parse(&*mended);
        let count = |file: &PairFile, rule| file.diagnostics().iter().filter(|one| one.rule == rule).count();
        if count(&file, Rule::SyntaxError) == 0 {
            assert_eq!(count(&again, Rule::SyntaxError), 0, "{diagnostic:?}\n{mended}");
            assert!(
                count(&again, diagnostic.rule) < count(&file, diagnostic.rule),
                "{diagnostic:?}\n{mended}"
            );
        }
    }
    if !file.is_pair() {
        assert!(file.diagnostics().is_empty() && file.blocks().is_empty());
    }
    assert_eq!(file.hash().is_some(), BlockKind::ALL.iter().all(|kind| file.block(*kind).is_some()));
    for line in [0, 1, 2, 1000, u32::MAX] {
        let range = file.line_range(line);
        assert!(text.get(range.start().to_usize()..range.end().to_usize()).is_some());
    }
    if let Some(converted) = file.with_test_inputs() {
        assert!(converted.inputs() != file.inputs());
    }
    for style in [Style::Open, Style::Closed] {
        if let Some(fix) = file.conversion_to(style) {
            assert_eq!(PairFile::parse(fix.apply(text).unwrap()).style(), Some(style));
        }
    }
}

/// Pieces that make trouble together.
fn piece() -> impl Strategy<Value = String> {
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
