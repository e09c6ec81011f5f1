//! What Triton refuses to compile.

use super::{body, codes, with_body};
use crate::{PairFile, Rule, Severity, Version};

/// Each was handed to the compiler of the versions from 3.3 to 3.9, which refused it.
#[test]
fn what_the_compiler_refuses_is_an_error() {
    for (code, refused) in [
        ("FW301", "y = tl.arange(0, n)"),
        ("FW301", "y = tl.arange(0, tl.cdiv(n, 2))"),
        ("FW301", "y = tl.arange(0, triton.next_power_of_2(n))"),
        ("FW301", "y = tl.arange(0, 48)"),
        ("FW301", "y = tl.arange(0, 0)"),
        ("FW301", "y = tl.arange(4, 0)"),
        ("FW301", "y = tl.arange(8)"),
        ("FW301", "size = 128\ny = tl.arange(0, size)"),
        ("FW301", "size = BLOCK * 2\ny = tl.arange(0, size)"),
        ("FW301", "size = BLOCK\ny = tl.arange(0, size)"),
        ("FW301", "size = tl.constexpr(128)\ny = tl.arange(0, size)"),
        ("FW301", "y = tl.arange(0, 2097152)"),
        ("FW301", "for i in range(4):\n    y = tl.arange(0, i)"),
        ("FW301", "y = tl.arange(0, int(n))"),
        ("FW301", "y = tl.arange(0, min(n, 64))"),
        ("FW301", "m = n\ny = tl.arange(0, m)"),
        ("FW301", "y = tl.arange(0, tl.load(x_ptr).to(tl.int32))"),
        ("FW302", "y = x.reshape(n, 1)"),
        ("FW302", "y = tl.reshape(x, n, 1)"),
        ("FW305", "z = tl.load(x_ptr + offsets, mask=mask, other=0.0)\ny = z.mean()"),
        ("FW305", "z = tl.load(x_ptr + offsets, mask=mask, other=0.0)\ny = z.float()"),
        ("FW305", "z = tl.load(x_ptr + offsets, mask=mask, other=0.0)\ny = z.item()"),
        ("FW305", "y = operator.add(x, x)"),
        ("FW306", "y = x * LN2"),
        ("FW306", "y = x + INF"),
        ("FW306", "y = twice(x)"),
        ("FW302", "y = tl.zeros((n,), dtype=tl.float32)"),
        ("FW302", "y = tl.zeros((48,), dtype=tl.float32)"),
        ("FW302", "size = 128\ny = tl.zeros((size,), dtype=tl.float32)"),
        ("FW302", "y = tl.full((n,), 0.0, tl.float32)"),
        ("FW302", "y = tl.reshape(x, (n, 1))"),
        ("FW302", "y = tl.broadcast_to(x, (n,))"),
        ("FW306", "y = x + G"),
        ("FW306", "y = x + GA"),
        ("FW306", "y = plain(x)"),
        ("FW305", "try:\n    y = x\nexcept Exception:\n    y = x"),
        ("FW305", "with open('a') as f:\n    pass"),
        ("FW305", "class A:\n    pass"),
        ("FW305", "raise ValueError('a')"),
        ("FW305", "y = math.exp(x)"),
        ("FW305", "y = torch.exp(x)"),
        ("FW305", "y = x + torch.nn.functional.gelu(x * 2)"),
        ("FW305", "y = math.floor(tl.program_id(0))"),
        ("FW305", "y = (lambda a: a)(x)"),
        ("FW305", "def g(a):\n    return a"),
        ("FW305", "import math as m"),
        ("FW305", "global G"),
        ("FW305", "del x"),
        ("FW305", "y = [i for i in range(3)]"),
        ("FW305", "y = sum(i for i in range(3))"),
        ("FW305", "y = {i: i for i in range(2)}"),
        ("FW305", "y = {'a': 1}"),
        ("FW305", "y = {1, 2}"),
        ("FW305", "s = f'a{BLOCK}'"),
        ("FW305", "print(n)"),
        ("FW305", "y = abs(x)"),
        ("FW305", "y = sum(x)"),
        ("FW305", "y = pow(x, 2)"),
        ("FW305", "y = round(x)"),
        ("FW305", "y = bool(n)"),
        ("FW305", "for i, j in enumerate((1, 2)):\n    pass"),
        ("FW305", "for i in zip((1, 2), (3, 4)):\n    pass"),
        ("FW305", "for i in range(3):\n    break"),
        ("FW305", "while n > 0:\n    continue"),
        ("FW305", "for i in [1, 2]:\n    pass"),
        ("FW305", "for i in range(3):\n    pass\nelse:\n    y = x"),
        ("FW305", "match n:\n    case 1:\n        pass"),
        ("FW305", "x[0] = 1.0"),
        ("FW305", "x[0] += 1.0"),
        ("FW305", "y = x[0]"),
        ("FW305", "y = x[0:4]"),
        ("FW305", "x.foo = 1"),
        ("FW305", "a = b = x"),
        ("FW305", "a, *b = (x, x, x)"),
        ("FW305", "y = n in (1, 2)"),
        ("FW305", "y = x ** 2"),
        ("FW305", "y = tl.zeros((16, 16), tl.float32) @ tl.zeros((16, 16), tl.float32)"),
        ("FW308", "a = tl.zeros((16, 8), tl.float16)\nb = tl.zeros((8, 16), tl.float16)\ny = tl.dot(a, b)"),
        ("FW308", "a = tl.zeros((16, 4), tl.float16)\nb = tl.zeros((4, 16), tl.float16)\ny = tl.dot(a, b)"),
        ("FW317", "y = tl.tanh(x)"),
        ("FW317", "y = tl.math.tanh(x)"),
        ("FW317", "y = tl.libdevice.tanh(x)"),
        ("FW317", "y = tl.pow(x, 2.0)"),
        ("FW317", "y = x.to(tl.float)"),
        ("FW317", "y = tl.math.max(x, 0.0)"),
    ] {
        let text = with_body(refused);
        let file = PairFile::parse(&*text);
        let errors = file
            .diagnostics()
            .iter()
            .filter(|one| one.severity == Severity::Error && one.rule.may_be_ignored());
        let mut codes: Vec<_> = errors.map(|one| one.rule.code()).collect();
        codes.dedup();
        assert_eq!(codes, [code], "{refused}\n{:#?}", file.diagnostics());
    }
}

/// Each was handed to the compiler of the versions from 3.3 to 3.9, which took it.
#[test]
fn what_the_compiler_takes_is_no_error() {
    for taken in [
        "y = tl.arange(1, 65)",
        "y = tl.arange(16, 32)",
        "y = tl.arange(0, 1)",
        "y = tl.arange(start=0, end=8)",
        "size: tl.constexpr = BLOCK * 2\ny = tl.arange(0, size)",
        "y = tl.arange(0, BLOCK // 2)",
        "y = tl.arange(0, GC)",
        "y = helper(x, BLOCK)",
        "y = tl.arange(0, triton.next_power_of_2(BLOCK))",
        "for i in tl.static_range(1, 3):\n    y = tl.arange(0, 16 * i)",
        "y = tl.zeros([BLOCK], dtype=tl.float32)",
        "y = x + GC",
        "y = x.to(DTYPE)",
        "y = x * math.pi",
        "y = x * math.log(BLOCK)",
        "y = [1, 2]",
        "t = (x, x)\ny = t[0]",
        "tl.static_print(f'a{BLOCK}')",
        "tl.static_assert(BLOCK > 1, f'b{BLOCK}')",
        "tl.device_print(f'b{BLOCK}', n)",
        "assert n > 0, f'm{BLOCK}'",
        "y = max(n, 3)",
        "y = min(n, 3)",
        "y = len((1, 2))",
        "y = x + float('-inf')",
        "y = x + int(BLOCK)",
        "y = isinstance(n, tl.tensor)",
        "for i in range(n):\n    x += i",
        "i = 0\nwhile i < n:\n    i += 1",
        "if n > 3:\n    return",
        "y = x[:, None]",
        "a, b = x, x",
        "y = 1 if n > 0 else 2",
        "y = x.shape[0]",
        "y = x.to(x_ptr.dtype.element_ty)",
        "y = libdevice.tanh(x)",
        "y = tl.extra.cuda.libdevice.tanh(x)",
        "y = tl.math.exp(x)",
        "y = x.exp()",
        "y = x.sum()",
        "y = BLOCK ** 2",
        "y = x is not None",
        "if BLOCK > 1:\n    y = x\nelse:\n    y = -x",
        "if n is None:\n    y = x",
        "'a string'",
    ] {
        let text = with_body(taken);
        let file = PairFile::parse(&*text);
        let errors: Vec<_> =
            file.diagnostics().iter().filter(|one| one.severity == Severity::Error).collect();
        assert!(errors.is_empty(), "{taken}\n{errors:#?}");
    }
}

#[test]
fn what_may_never_be_compiled_is_a_warning() {
    let text = with_body("if BLOCK > 64:\n    raise ValueError()");
    let file = PairFile::parse(text);
    let triton = file.diagnostics().iter().filter(|one| one.rule.may_be_ignored());
    let found: Vec<_> = triton.map(|one| (one.rule, one.severity)).collect();
    assert_eq!(found, [(Rule::UnsupportedPython, Severity::Warning)]);
}

#[test]
fn the_version_decides_what_is_there() {
    let block_pointer =
        with_body("p = tl.make_block_ptr(x_ptr, (n,), (1,), (0,), (BLOCK,), (0,))\ny = tl.load(p)");
    let severity = |text: &str, version: Option<Version>| {
        let file = PairFile::parse_for(text, version);
        file.diagnostics().iter().find(|one| one.rule == Rule::UnavailableApi).map(|one| one.severity)
    };
    assert_eq!(severity(&block_pointer, Some(Version::new(3, 6))), None);
    assert_eq!(severity(&block_pointer, Some(Version::new(3, 8))), Some(Severity::Info));
    assert_eq!(severity(&block_pointer, Some(Version::new(3, 9))), Some(Severity::Error));
    assert_eq!(severity(&block_pointer, None), Some(Severity::Info));
    let descriptor = with_body("d = tl.make_tensor_descriptor(x_ptr, [n, n], [n, 1], [16, BLOCK])");
    assert_eq!(severity(&descriptor, Some(Version::new(3, 3))), Some(Severity::Error));
    assert_eq!(severity(&descriptor, Some(Version::new(3, 4))), None);
    assert_eq!(severity(&descriptor, None), None);
    for (version, walrus, chained) in [(4, true, true), (8, false, true), (9, false, false)] {
        let version = Some(Version::new(3, version));
        assert_eq!(codes(&with_body("y = (z := n)"), version) == ["FW305"], walrus, "{version:?}");
        assert_eq!(codes(&with_body("y = 0 < n < 5"), version) == ["FW305"], chained, "{version:?}");
    }
    let small =
        with_body("a = tl.zeros((8, 16), tl.float16)\nb = tl.zeros((16, 16), tl.float16)\ny = tl.dot(a, b)");
    let severity = |version| {
        let file = PairFile::parse_for(&*small, version);
        file.diagnostics().iter().find(|one| one.rule == Rule::DotTooSmall).map(|one| one.severity)
    };
    assert_eq!(severity(Some(Version::new(3, 4))), Some(Severity::Error));
    assert_eq!(severity(Some(Version::new(3, 6))), Some(Severity::Info));
    assert_eq!(severity(None), Some(Severity::Warning));
}

/// Spellings of the same faults: another way to write a size, an operator, a name.
#[test]
fn other_spellings_of_what_triton_refuses() {
    for (code, refused) in [
        ("FW301", "y = tl.arange(0, 2.0)"),
        ("FW302", "shape = (n,)\ny = tl.zeros(shape, tl.float32)"),
        ("FW302", "y = tl.zeros(n, tl.float32)"),
        ("FW303", "z = tl.load(x_ptr + offsets, mask=None)"),
        ("FW303", "z = tl.load(x_ptr + offsets, mask=True)"),
        ("FW303", "tl.atomic_add(x_ptr + offsets, x)"),
        ("FW305", "y = '%d' % n"),
        ("FW305", "y = '{}'.format(n)"),
        ("FW305", "y = 'a'.join(('b',))"),
        ("FW305", "y = 2 ** x"),
        ("FW305", "z = tl.load(x_ptr + offsets, mask=mask, other=0.0)\ny = z[n]"),
        (
            "FW309",
            "acc = tl.cast(tl.zeros((BLOCK,), tl.float32), tl.float16)\nfor i in range(4):\n    acc += x",
        ),
        ("FW317", "y = tl.inf"),
        ("FW317", "y = tl.nan"),
    ] {
        let found = body(refused);
        assert!(found.contains(&code), "{refused}: {found:?}");
    }
    for good in [
        "shape: tl.constexpr = (BLOCK,)\ny = tl.zeros(shape, tl.float32)",
        "y = tl.zeros((BLOCK,), tl.float32)",
        "kind: tl.constexpr = tl.dtype(f'uint{BLOCK}')",
        "tl.static_assert(BLOCK > 1, 'blocks of %d' % BLOCK)",
        "y = x[:, None]",
        "z = tl.load(x_ptr + offsets, mask, 0.0)",
        "tl.atomic_add(x_ptr + offsets, x, mask=mask)",
        "y = x.to(tl.int32) & tl.full((BLOCK,), 1, tl.int32)",
        "kind: tl.constexpr = tl.float32\ny = x.to(kind)",
    ] {
        assert_eq!(body(good), [""; 0], "{good}");
    }
}

#[test]
fn shapes_are_known_or_left_alone() {
    let small = |operand: &str| {
        body(&format!("a = {operand}\nb = tl.zeros((64, 64), tl.float16)\ny = tl.dot(a, b)")) == ["FW308"]
    };
    assert!(small("tl.zeros((64, 8), tl.float16)"));
    assert!(small("tl.load(x_ptr + tl.arange(0, 64)[:, None] * n + tl.arange(0, 4)[None, :])"));
    assert!(!small("tl.where(n > 0, tl.arange(0, 64)[:, None], 0.0)"), "the condition may be wider");
    assert!(!small("tl.load(x_ptr + tl.arange(0, 64)[:, None])"), "the pointer may be wider");
    assert!(!small("tl.zeros((64, 64), tl.float16) * n"));
}

#[test]
fn imports_under_a_condition_are_for_other_versions() {
    let with = |import: &str| {
        let text = with_body("y = x").replace("import math\n", &format!("import math\n{import}\n"));
        codes(&text, None)
    };
    assert_eq!(with("from triton.language.math import tanh"), ["FW317"]);
    assert_eq!(with("from triton.language import libdevice as old"), ["FW317"]);
    assert_eq!(with("import triton.ops"), ["FW317"]);
    for fine in [
        "if math:\n    from triton.language.math import tanh",
        "try:\n    import triton.ops\nexcept ImportError:\n    pass",
        "from triton.language.extra.libdevice import tanh",
        "from triton.language.extra.cuda.libdevice import tanh",
        "from triton.language.math import exp",
    ] {
        assert_eq!(with(fine), [""; 0], "{fine}");
    }
}

/// A name of the block that is another plain function, a cached one, or a class.
#[test]
fn names_that_stand_for_plain_python() {
    for (top, used) in [
        ("alias = plain", "y = alias(x)"),
        ("import functools\npart = functools.partial(plain)", "y = part(x)"),
        ("import functools\n@functools.cache\ndef cached(v):\n    return v", "y = cached(x)"),
        ("class Sizes:\n    K = 4", "y = x * Sizes.K"),
    ] {
        let text = with_body(used).replace("twice = ", &format!("{top}\ntwice = "));
        let text = match top.split_once("alias = plain") {
            // `plain` is defined further down.
            Some(_) => {
                with_body(used).replace("@triton.jit\ndef helper", &format!("{top}\n@triton.jit\ndef helper"))
            }
            None => text,
        };
        assert!(codes(&text, None).contains(&"FW306"), "{text}");
    }
    let named = with_body("y = x * sizes.k").replace(
        "twice = ",
        "from typing import NamedTuple\nclass Sizes(NamedTuple):\n    k: tl.constexpr = 4\nsizes = Sizes()\ntwice = ",
    );
    assert_eq!(codes(&named, None), [""; 0]);
    let other = with_body("y = alias(x, 16)").replace(
        "def kernel(",
        "def kernel_of_helper(x):\n    return x\nalias = helper\n@triton.jit\ndef kernel(",
    );
    assert_eq!(codes(&other, None), [""; 0]);
}

/// What TorchInductor's kernels call is written for kernels; that it is used at all is another rule's concern.
#[test]
fn helpers_of_torch_inductor_are_no_functions_of_torch() {
    let text = with_body("y = triton_helpers.maximum(x, x)")
        .replace("import math\n", "import math\nfrom torch._inductor.runtime import triton_helpers\n");
    assert_eq!(codes(&text, None), [""; 0]);
}
