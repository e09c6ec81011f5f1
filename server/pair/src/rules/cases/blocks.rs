//! Blocks and their markers.

use super::{PYTHON, TEST, TRITON, fixed, found, pair};
use crate::{PairFile, Rule};

#[test]
fn every_near_miss_is_mended_in_one_step() {
    let good = pair(PYTHON, TRITON, TEST);
    for miss in [
        "#<TRITON>",
        "# <triton>",
        "# <TRITION>",
        "   # <TRITON>",
        "\t#<Triton>:",
        "### <TRITON>",
        "# <TRITON",
    ] {
        let bad = good.replace("# <TRITON>", miss);
        assert_eq!(found(&bad), [("FW106", 6)], "{miss}");
        assert_eq!(fixed(&bad, Rule::MalformedMarker), good, "{miss}");
    }
    let marked = format!(
        "\u{feff}{}",
        good.replace("\"\"\"Double.\"\"\"\n# <PYTHON>", "#<PYTHON>\n\"\"\"Double.\"\"\"")
    );
    assert_eq!(found(&marked), [("FW106", 1)]);
    assert!(fixed(&marked, Rule::MalformedMarker).starts_with("\u{feff}# <PYTHON>\n"));
}

#[test]
fn a_near_miss_beside_the_marker_itself_is_a_comment() {
    let text = pair(PYTHON, &TRITON.replace("    pass", "    # <test>\n    pass"), TEST);
    assert_eq!(found(&text), []);
}

#[test]
fn each_missing_block_gets_its_place() {
    for (missing, (python, triton, test)) in
        [("PYTHON", ("", TRITON, TEST)), ("TRITON", (PYTHON, "", TEST)), ("TEST", (PYTHON, TRITON, ""))]
    {
        let text = pair(python, triton, test);
        let file = PairFile::parse(&*text);
        let missing_block: Vec<_> =
            file.diagnostics().iter().filter(|one| one.rule == Rule::MissingBlock).collect();
        assert_eq!(missing_block.len(), 1, "{missing}: {:?}", found(&text));
        assert!(
            missing_block[0].message.contains(&format!("`# <{missing}>`")),
            "{}",
            missing_block[0].message
        );
        let mended = fixed(&text, Rule::MissingBlock);
        let kinds: Vec<_> = PairFile::parse(mended).blocks().iter().map(|block| block.kind.tag()).collect();
        assert_eq!(kinds, ["PYTHON", "TRITON", "TEST"]);
    }
    assert_eq!(found("# <TEST>"), [("FW101", 1), ("FW101", 1), ("FW107", 1)]);
}

#[test]
fn only_markers_are_three_empty_blocks() {
    assert_eq!(found("# <PYTHON>\n# <TRITON>\n# <TEST>\n"), [("FW107", 1), ("FW107", 2), ("FW107", 3)]);
    assert_eq!(
        found("# <PYTHON>\n'only a string'\n# <TRITON>\npass\n# <TEST>\n...\n"),
        [("FW107", 1), ("FW107", 3), ("FW107", 5)]
    );
}

#[test]
fn closing_markers_that_went_astray() {
    let closed =
        |python: &str, triton: &str, test: &str| format!("{PYTHON}{python}{TRITON}{triton}{TEST}{test}");
    let good = closed("# </PYTHON>\n", "# </TRITON>\n", "# </TEST>\n");
    assert_eq!(found(&good), []);
    assert_eq!(found(&closed("", "# </TRITON>\n", "# </TEST>\n")), [("FW104", 2)]);
    assert_eq!(found(&closed("# </PYTHON>\n", "# </TRITON>\n", "")), [("FW104", 18)]);
    assert_eq!(fixed(&closed("# </PYTHON>\n", "# </TRITON>\n", ""), Rule::UnclosedBlock), good);
    let twice = closed("# </PYTHON>\n# </PYTHON>\n", "# </TRITON>\n", "# </TEST>\n");
    assert_eq!(found(&twice), [("FW105", 7)]);
    assert_eq!(fixed(&twice, Rule::UnmatchedMarker), good);
    let unopened = good.replace("# <TRITON>\n", "");
    assert_eq!(found(&unopened), [("FW105", 16)]);
    assert_eq!(found(&fixed(&unopened, Rule::UnmatchedMarker)), []);
    let inside = good.replace("    return 2 * x\n", "# </TEST>\n    return 2 * x\n");
    assert_eq!(found(&inside), [("FW105", 5)]);
    assert_eq!(fixed(&inside, Rule::UnmatchedMarker), good);
}

#[test]
fn fixes_keep_the_line_ends_of_the_file() {
    let crlf = pair(PYTHON, TRITON, "").replace('\n', "\r\n");
    let mended = fixed(&crlf, Rule::MissingBlock);
    assert_eq!(mended.matches('\n').count(), mended.matches("\r\n").count());
    let unclosed = format!("{PYTHON}# </PYTHON>\n{TRITON}{TEST}# </TEST>").replace('\n', "\r\n");
    let mended = fixed(&unclosed, Rule::UnclosedBlock);
    assert_eq!(mended.matches('\n').count(), mended.matches("\r\n").count());
}

#[test]
fn blocks_in_any_order_are_put_in_order() {
    let main = "if __name__ == '__main__':\n    print(1)";
    for (first, second, third) in
        [(TRITON, TEST, ""), (TEST, TRITON, ""), (TEST, "", TRITON), (TRITON, "", TEST)]
    {
        let text = format!("{first}{second}{}{third}{main}", &PYTHON[PYTHON.find('#').unwrap()..]);
        let codes = found(&text);
        assert_eq!(codes.iter().filter(|(code, _)| *code == "FW103").count(), 1, "{codes:?}");
        assert!(fixed(&text, Rule::BlockOutOfOrder).ends_with(main));
    }
}

#[test]
fn code_outside_is_told_once_a_stretch() {
    let text = pair(
        &PYTHON.replace("# <PYTHON>", "import os\nos.environ['A'] = '1'\nSEED = 1\n# <PYTHON>"),
        TRITON,
        TEST,
    );
    assert_eq!(found(&text), [("FW108", 2)]);
    let closed = format!(
        "{PYTHON}# </PYTHON>\nprint(1)\n{TRITON}# </TRITON>\n# A comment.\n'and a string'\n{TEST}# </TEST>\nprint(2)\n"
    );
    assert_eq!(found(&closed), [("FW108", 7)]);
    let guarded = pair(&format!("{PYTHON}if __name__ == '__main__':\n    pass\n"), TRITON, TEST);
    assert_eq!(found(&guarded), [("FW108", 6)]);
}

#[test]
fn imports_at_the_top_move_into_the_blocks() {
    let bare = |text: &str| text.replace("import torch\n", "");
    let top = "import torch\nimport triton, triton.language as tl\nfrom typing import Optional\n";
    let python = bare(PYTHON)
        .replace("# <PYTHON>", &format!("{top}# <PYTHON>"))
        .replace("x):", "x: Optional[torch.Tensor]):");
    let triton = bare(TRITON)
        .replace("import triton\nimport triton.language as tl\n", "")
        .replace("x_ptr)", "x_ptr, N: tl.constexpr)");
    let text = pair(&python, &triton, &bare(TEST));
    assert!(found(&text).contains(&("FW108", 2)));
    assert_eq!(found(&fixed(&text, Rule::CodeOutsideBlocks)), []);
}

#[test]
fn a_syntax_error_is_told_once_on_its_line_in_its_block() {
    let broken = |from: &str, to: &str| found(&pair(PYTHON, TRITON, TEST).replacen(from, to, 1));
    assert_eq!(broken("return 2 * x", "return 2 *"), [("FW109", 5)]);
    assert_eq!(broken("return 2 * x", "return (2 * x"), [("FW109", 5)]);
    assert_eq!(broken("def f_torch(x):", "def f_torch(x:"), [("FW109", 4)]);
    assert_eq!(broken("def f_torch(x):", "def f_torch(x)"), [("FW109", 4)]);
    assert_eq!(broken("return 2 * x", "return 'a"), [("FW109", 5)]);
    assert_eq!(broken("    return 2 * x", "return 2 * x"), [("FW109", 5)]);
    assert_eq!(broken("    return x", "   return x"), [("FW109", 10 + 5)]);
    assert_eq!(broken("    kernel[(1,)](x)", "    kernel[(1,](x)"), [("FW109", 14)]);
    let two = pair(PYTHON, TRITON, TEST)
        .replace("return 2 * x", "return 2 *")
        .replace("device='cuda'", "device='cuda");
    assert_eq!(found(&two), [("FW109", 5), ("FW109", 19)]);
}

#[test]
fn a_statement_that_reaches_over_a_marker_leaves_two_halves() {
    let text = "# <PYTHON>\nimport torch\ndef f(x):\n# <TRITON>\n    return x\n# <TEST>\ndef get_test_inputs(): return 1,\n";
    assert_eq!(found(text), [("FW109", 3), ("FW109", 5)]);
    let list = "# <PYTHON>\nx = [\n# <TRITON>\n1]\n# <TEST>\ny = 1\n";
    let codes = found(list);
    assert!(codes.starts_with(&[("FW109", 2), ("FW109", 4)]), "{codes:?}");
}

#[test]
fn an_error_in_the_main_block_is_not_test_s() {
    let text = format!("{}if __name__ == '__main__':\n    print(\n", pair(PYTHON, TRITON, TEST));
    let file = PairFile::parse(&*text);
    assert_eq!(found(&text), [("FW109", 21)]);
    assert!(!file.diagnostics()[0].message.contains("TEST"), "{}", file.diagnostics()[0].message);
}
