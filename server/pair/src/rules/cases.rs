//! What the rules find, and what they leave alone, beyond their own examples.

use crate::{PairFile, Rule, Severity};

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

#[test]
fn signatures_that_cannot_be_called_alike() {
    let with = |reference: &str, candidate: &str, inputs: &str| {
        let text = pair(PYTHON, TRITON, TEST)
            .replace("f_torch(x)", &format!("f_torch({reference})"))
            .replace("f_triton(x)", &format!("f_triton({candidate})"))
            .replace("(torch.ones(4, device='cuda'),)", inputs);
        found(&text).iter().any(|(code, _)| *code == "FW203")
    };
    let one = "(torch.ones(4, device='cuda'),)";
    let unknown = "make()\ndef make(): return ()";
    for (reference, candidate, inputs) in [
        ("x, w", "x", unknown),
        ("x, eps=1e-5", "x, eps=1e-6", one),
        ("x", "x, out", one),
        ("x", "x, *, block", one),
        ("x, w", "x, w", one),
        ("x, w", "w, x", unknown),
        ("x", "*xs, limit", one),
        ("x, mode='a'", "x, mode='b'", one),
        ("x, w", "x, w", "torch.ones(4, device='cuda')"),
        ("x, w", "x, w", "torch.ones_like(2 * x.cuda()).half()\n    x = torch.ones(4)"),
        ("x, w", "x, w", "-torch.ones(4, device='cuda') * 2"),
    ] {
        assert!(with(reference, candidate, inputs), "{reference} | {candidate}");
    }
    for (reference, candidate, inputs) in [
        ("x", "x, block=1024", one),
        ("x, eps=1e-5", "x, eps=0.00001", one),
        ("x, eps=1e-5", "x, eps=1e-6", "(torch.ones(4, device='cuda'), 1e-5)"),
        ("x, w", "a, b", unknown),
        ("x", "*args", one),
        ("*args, **kwargs", "x, w", unknown),
        ("x, /", "x, *, block=1", one),
        ("x, eps=EPS", "x, eps=1e-6", one),
        ("x", "x", "torch.ones(4, device='cuda')"),
        ("x, eps=1e-6", "x, eps=1e-6", "torch.ones(4, device='cuda')"),
        ("x, w", "x, w", "torch.ones(4, device='cuda').chunk(2)"),
        ("x, w", "x, w", "torch.meshgrid(torch.ones(4), torch.ones(4))"),
        ("x, w", "x, w", "torch.ones(4).cuda() if FLAG else torch.ones(8).chunk(2)"),
    ] {
        assert!(!with(reference, candidate, inputs), "{reference} | {candidate}");
    }
}

#[test]
fn inputs_are_held_to_the_reference_before_there_is_a_candidate() {
    let with = |reference: &str, inputs: &str| {
        let text = pair(PYTHON, "", TEST)
            .replace("f_torch(x)", &format!("f_torch({reference})"))
            .replace("(torch.ones(4, device='cuda'),)", inputs);
        found(&text).iter().any(|(code, _)| *code == "FW203")
    };
    assert!(with("x, w", "torch.ones(4, device='cuda')"));
    assert!(with("x, w", "(torch.ones(4, device='cuda'),)"));
    assert!(with("x", "(torch.ones(4, device='cuda'), 2)"));
    for (reference, inputs) in [
        ("x", "torch.ones(4, device='cuda')"),
        ("x, w=2", "(torch.ones(4, device='cuda'),)"),
        ("x, w", "make()"),
        // Which of two functions is meant is not told before there is a candidate.
        ("x, w): return x\ndef g(x", "(torch.ones(4, device='cuda'),)"),
    ] {
        assert!(!with(reference, inputs), "{reference} | {inputs}");
    }
}

#[test]
fn modules_are_made_and_called_alike() {
    let text = |forward: &str, init: &str| {
        format!(
            "\"\"\"M.\"\"\"\n# <PYTHON>\nclass Model:\n    def __init__(self, n): pass\n    def forward(self, x): pass\n# <TRITON>\nimport triton\n@triton.jit\ndef k(): pass\nclass ModelNew:\n    def __init__(self, {init}): pass\n    def forward(self, {forward}): pass\n# <TEST>\ndef get_inputs(): return [1]\ndef get_init_inputs(): return []\n"
        )
    };
    assert_eq!(found(&text("x", "n")), []);
    assert_eq!(found(&text("x, y", "n")), [("FW203", 10)]);
    assert_eq!(found(&text("x", "n, m")), [("FW203", 10)]);
}

#[test]
fn kernels_in_every_spelling_count() {
    for import_and_decorator in [
        "import triton\n@triton.jit",
        "import triton\n@triton.jit()",
        "import triton\n@triton.autotune(configs=[], key=[])\n@triton.jit",
        "from triton import jit\n@jit",
        "import triton as t\n@t.jit",
        "from triton.runtime.jit import jit as j\n@j",
        "from triton.experimental import gluon\n@gluon.jit",
        "import triton\n@(triton.jit)",
    ] {
        let triton = TRITON.replace("import triton\n", "").replace("@triton.jit", import_and_decorator);
        let codes = found(&pair(PYTHON, &triton, TEST));
        assert_eq!(codes, [], "{import_and_decorator}");
    }
    let none = TRITON
        .replace("@triton.jit\ndef kernel(x_ptr):\n    pass\n", "")
        .replace("    kernel[(1,)](x)\n", "");
    assert_eq!(found(&pair(PYTHON, &none, TEST)), [("FW204", 6)]);
    let foreign = TRITON.replace("@triton.jit", "@torch.jit.script");
    assert_eq!(found(&pair(PYTHON, &foreign, TEST)), [("FW204", 6)]);
}

#[test]
fn ways_to_lack_inputs() {
    let with = |body: &str| found(&pair(PYTHON, TRITON, &format!("# <TEST>\nimport torch\n{body}\n")));
    assert_eq!(with("def get_test_inputs(n):\n    return n,"), [("FW205", 18)]);
    assert_eq!(with("def get_test_inputs(n=1):\n    return n,"), []);
    assert_eq!(with("def get_test_inputs():\n    pass"), [("FW205", 18)]);
    assert_eq!(with("from inputs import get_test_inputs"), [("FW205", 16)]);
    assert_eq!(with("def test_performance(a, b, inputs): pass"), [("FW205", 16)]);
    assert_eq!(with("get_test_inputs = lambda: (1,)"), []);
    let renamed = pair(
        PYTHON,
        TRITON,
        "# <TEST>\nimport torch\ndef get_inputs():\n    'get_inputs'\n    return 1,\nx = get_inputs()\n",
    );
    assert!(
        fixed(&renamed, Rule::NoTestInputs)
            .contains("def get_test_inputs():\n    'get_inputs'\n    return 1,\nx = get_test_inputs()")
    );
}

#[test]
fn inputs_on_the_cpu() {
    let with = |body: &str| {
        pair(PYTHON, TRITON, &format!("# <TEST>\nimport torch\ndef get_test_inputs():\n{body}\n"))
    };
    for body in [
        "    return torch.randn(4),",
        "    x = torch.randn(4)\n    return (x,)",
        "    x = torch.randn(4, device='cpu')\n    return (x,)",
        "    x = 2 * torch.randn(4).half().contiguous()\n    inputs = (x,)\n    return inputs",
        "    return (torch.rand(\n        4,\n        4,\n    ),)",
        "    return [torch.tensor([1, 2], dtype=torch.int32)]",
    ] {
        let text = with(body);
        let codes: Vec<_> = found(&text).into_iter().map(|(code, _)| code).collect();
        assert_eq!(codes, ["FW206"], "{body}");
        assert_eq!(
            found(&fixed(&text, Rule::InputsNotOnCuda)),
            [],
            "{body}\n{}",
            fixed(&text, Rule::InputsNotOnCuda)
        );
    }
    for body in [
        "    return torch.randn(4).cuda(),",
        "    x = torch.randn(4)\n    x = x.cuda()\n    return (x,)",
        "    x = torch.randn(4)\n    return (x.to('cuda'),)",
        "    kwargs = dict(device='cuda')\n    return (torch.randn(4, **kwargs),)",
        "    torch.set_default_device('cuda')\n    return (torch.randn(4),)",
        "    with torch.device('cuda'):\n        return (torch.randn(4),)",
        "    x = torch.randn(4)\n    y = to_gpu(x)\n    return (y,)\ndef to_gpu(x): return x.cuda()",
        "    return tuple(t.cuda() for t in (torch.randn(4),))",
        "    x, = [torch.randn(4)]\n    return (x,)",
        "    return (torch.tensor(0.5),)",
        "    device = 'cuda'\n    return (torch.randn(4, device=device),)",
    ] {
        assert_eq!(found(&with(body)), [], "{body}");
    }
}

#[test]
fn names_that_a_block_lacks() {
    let text = pair(
        PYTHON,
        &TRITON.replace("    return x\n", "    return helper(x) + SIZE + math.pi + nowhere\n"),
        TEST,
    )
    .replace("import torch\ndef f_torch", "import torch\nSIZE = 1\ndef helper(x): return x\ndef f_torch");
    let file = PairFile::parse(text);
    let messages: Vec<_> = file
        .diagnostics()
        .iter()
        .filter(|one| one.rule.may_be_ignored())
        .map(|one| (one.message.as_str(), one.fix.is_some()))
        .collect();
    insta::assert_debug_snapshot!(messages);
}

#[test]
fn a_test_may_name_what_it_tests_but_inputs_stand_alone() {
    let test = format!("{TEST}def test_it():\n    assert f_torch(*get_test_inputs()) is f_triton\n");
    assert_eq!(found(&pair(PYTHON, TRITON, &test)), []);
    let inputs = TEST.replace("4, device", "f_torch(4), device");
    assert_eq!(found(&pair(PYTHON, TRITON, &inputs)), [("FW207", 19)]);
}

#[test]
fn nothing_is_undefined_where_names_come_unseen() {
    for line in ["from triton.language import *", "exec('y = 1')", "globals()['y'] = 1"] {
        let triton = TRITON
            .replace("import torch\n", &format!("import torch\n{line}\n"))
            .replace("return x", "return y");
        assert_eq!(found(&pair(PYTHON, &triton, TEST)), [], "{line}");
    }
}

#[test]
fn what_describes_a_pair() {
    let without = PYTHON.replace("\"\"\"Double.\"\"\"\n", "");
    let text = pair(&without, TRITON, TEST);
    assert_eq!(found(&text), [("FW208", 1)]);
    assert_eq!(PairFile::parse(&*text).diagnostics()[0].severity, Severity::Info);
    assert_eq!(found(&text.replace("    return 2 * x", "    'Doubles.'\n    return 2 * x")), []);
    let placeholder = format!("\"\"\"Fused Kernels: [DESCRIPTION OF OPERATIONS]\"\"\"\n{text}");
    assert_eq!(found(&placeholder), [("FW208", 2)]);
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
