//! What the blocks have to agree on, and what each must hold.

use super::{PYTHON, TEST, TRITON, fixed, found, pair};
use crate::{PairFile, Rule, Severity};

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
