//! What the rules about Triton find, and what they leave alone, beyond their own examples.

use crate::{PairFile, Rule, Severity, Version};

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

#[test]
fn only_what_a_reduction_takes_in_needs_an_other() {
    let load = "z = tl.load(x_ptr + offsets, mask=mask)\n";
    for (found, after) in [
        (true, "x += tl.sum(z, axis=0)"),
        (true, "x += tl.max(z, 0)"),
        (true, "w = tl.exp(z * 2)\nx += tl.sum(w)"),
        (true, "x += z.to(tl.float32).sum()"),
        (false, "x = tl.cumsum(1.0 / z, 0)"),
        (true, "x = tl.cumsum(z, 0, reverse=True)"),
        (true, "x += tl.sum(tl.cumsum(z, 0))"),
        (true, "x = tl.softmax(z)"),
        (false, "x += tl.sum(z * tl.load(x_ptr + offsets, mask=mask, other=0.0))"),
        (true, "x += tl.sum(z * tl.load(x_ptr + offsets, mask=mask, other=1.0))"),
        (true, "w = z[:, None] * z[None, :]\nx += tl.sum(w, axis=1)"),
        (false, "w = z[:, None] + x[None, :]\nx += tl.sum(w, axis=1)"),
        (false, "x += tl.exp(z) / 2"),
        (false, "x += tl.sum(tl.where(mask, z, 0.0))"),
        (false, "x += tl.load(x_ptr + z, mask=mask, other=0.0)\nx += tl.sum(x)"),
    ] {
        let codes = body(&format!("{load}{after}"));
        assert_eq!(codes == ["FW304"], found, "{after}: {codes:?}");
    }
    for (found, mask, axis) in
        [(true, "mask[None, :]", 1), (false, "mask[:, None]", 1), (true, "mask[:, None]", 0)]
    {
        let codes = body(&format!(
            "z = tl.load(x_ptr + offsets[:, None] * 16 + offsets[None, :], mask={mask})\nx += tl.sum(z, axis={axis})"
        ));
        assert_eq!(codes == ["FW304"], found, "{mask} {axis}: {codes:?}");
    }
}

#[test]
fn accesses_without_a_mask() {
    let bare = with_body("z = tl.load(x_ptr + offsets)");
    assert_eq!(codes(&bare, None), ["FW303"]);
    for (from, to) in [
        // A size that divides, a wrapper that asks for one, offsets that wrap around.
        ("triton.cdiv(x.numel(), 16)", "x.numel() // 16"),
        ("    kernel[", "    assert x.numel() % 16 == 0\n    kernel["),
        ("tl.load(x_ptr + offsets)", "tl.load(x_ptr + offsets % n)"),
        ("tl.load(x_ptr + offsets)", "tl.load(x_ptr + tl.minimum(offsets, n - 1))"),
    ] {
        assert_eq!(codes(&bare.replace(from, to), None), [""; 0], "{to}");
    }
    for grid in [
        "lambda meta: (triton.cdiv(x.numel(), meta['BLOCK']),)",
        "((x.numel() + 16 - 1) // 16,)",
        "(triton.cdiv(x.numel(), 16), 1)",
        "(x.numel() // 16 + 1,)",
        "(math.ceil(x.numel() / 16),)",
        "((x.numel() + 15) // 16,)",
    ] {
        let other = bare.replace("(triton.cdiv(x.numel(), 16),)", grid);
        assert_eq!(codes(&other, None), ["FW303"], "{grid}");
    }
}

#[test]
fn what_silences_a_finding() {
    let bare = with_body("z = tl.load(x_ptr + offsets)");
    let with = |comment: &str| {
        bare.replace("tl.load(x_ptr + offsets)", &format!("tl.load(x_ptr + offsets){comment}"))
    };
    let found = |text: &str| -> Vec<&'static str> {
        let file = PairFile::parse(text);
        let silenceable = file.diagnostics().iter().filter(|one| one.rule.may_be_ignored());
        silenceable.map(|one| one.rule.code()).collect()
    };
    for comment in [
        "  # fusewright: ignore[FW303]",
        "  #fusewright:ignore [ FW303 ]",
        "  # the size divides  # fusewright: ignore[FW303]",
        "  # fusewright: ignore[FW303]  the size divides",
    ] {
        assert_eq!(found(&with(comment)), [""; 0], "{comment}");
    }
    assert_eq!(found(&with("  # fusewright: ignore[FW303, FW304]")), ["FW209"]);
    assert_eq!(found(&with("  # fusewright: ignore[FW999]")), ["FW303", "FW209"]);
    assert_eq!(found(&with("  # fusewright: ignore[FW401]")), ["FW303", "FW209"]);
    assert_eq!(found(&with("  # fusewright: ignore")), ["FW303", "FW209"]);
    assert_eq!(found(&with("  # fusewright: ignore[]")), ["FW303", "FW209"]);
    assert_eq!(found(&with("  # fusewright: hello")), ["FW303"]);
    assert_eq!(found(&with("; s = '# fusewright: ignore[FW303]'")), ["FW303"]);
    let text = with("  # fusewright: ignore[FW303, FW304]");
    let file = PairFile::parse(&*text);
    let fault = file.diagnostics().iter().find(|one| one.rule.may_be_ignored()).unwrap();
    let fix = fault.fix.as_ref().unwrap();
    assert_eq!(fix.apply(&text).unwrap(), with("  # fusewright: ignore[FW303]"));
    for (unused, left) in [
        ("  # fusewright: ignore[FW301] because", "  # because"),
        ("  # fusewright: ignore[FW301]  # why", "  # why"),
        ("  # why  # fusewright: ignore[FW301]", "  # why"),
        ("  # fusewright: ignore[y # fusewright: ignore[FW317] because", "  # because"),
    ] {
        let text = with(unused);
        let file = PairFile::parse(&*text);
        let found = file.diagnostics().iter().find(|one| one.rule == Rule::UnusedIgnore).unwrap();
        assert_eq!(found.fix.as_ref().unwrap().apply(&text).unwrap(), with(left), "{unused}");
    }
    let alone = bare.replace("    mask =", "    # fusewright: ignore[FW301]\n    mask =");
    let file = PairFile::parse(&*alone);
    let unused = file.diagnostics().iter().find(|one| one.rule == Rule::UnusedIgnore).unwrap();
    assert_eq!(unused.fix.as_ref().unwrap().apply(&alone).unwrap(), bare);
}

#[test]
fn a_finding_is_silenced_on_its_line() {
    let silenced = |body: &str, rule| {
        let text = with_body(body);
        let file = PairFile::parse(&*text);
        let found = file.diagnostics().iter().find(|one| one.rule == rule).unwrap();
        let mended = file.silencing(found)?.apply(&text).unwrap();
        let left = PairFile::parse(&*mended);
        assert!(left.diagnostics().iter().all(|one| !one.rule.may_be_ignored()), "{mended}");
        Some(mended.lines().find(|line| line.contains("fusewright:")).unwrap().trim().to_owned())
    };
    assert_eq!(
        silenced("z = tl.load(x_ptr + offsets)", Rule::UnmaskedAccess).as_deref(),
        Some("z = tl.load(x_ptr + offsets)  # fusewright: ignore[FW303]")
    );
    assert_eq!(
        silenced("z = tl.load(\n    x_ptr + offsets\n)", Rule::UnmaskedAccess).as_deref(),
        Some("z = tl.load(  # fusewright: ignore[FW303]")
    );
    assert_eq!(
        silenced(
            "z = tl.load(x_ptr + offsets) + tl.arange(0, 12)  # fusewright: ignore[FW301]",
            Rule::UnmaskedAccess
        )
        .as_deref(),
        Some("z = tl.load(x_ptr + offsets) + tl.arange(0, 12)  # fusewright: ignore[FW301, FW303]")
    );
    assert_eq!(silenced("z = tl.load(x_ptr + offsets) + \\\n    0", Rule::UnmaskedAccess), None);
}

#[test]
fn modules_are_read_like_functions() {
    let text = |wrapper: &str| {
        format!(
            "\"\"\"Double.\"\"\"\n# <PYTHON>\nimport torch\nclass Model(torch.nn.Module):\n    def forward(self, x):\n        \
             return 2 * x\n# <TRITON>\nimport torch\nimport triton\nimport triton.language as tl\n@triton.jit\ndef \
             kernel(x_ptr, out_ptr, n, BLOCK: tl.constexpr):\n    offsets = tl.program_id(0) * BLOCK + tl.arange(0, \
             BLOCK)\n    mask = offsets < n\n    tl.store(out_ptr + offsets, 2 * tl.load(x_ptr + offsets, mask=mask), \
             mask=mask)\nclass ModelNew(torch.nn.Module):\n    def launch(self, x):\n{wrapper}        \
             kernel[(triton.cdiv(x.numel(), 64),)](x, out, x.numel(), BLOCK=64)\n        return out\n    def forward(self, \
             x):\n        return self.launch(x)\n# <TEST>\nimport torch\ndef get_inputs():\n    return \
             [torch.randn(64, device='cuda')]\ndef get_init_inputs():\n    return []\n"
        )
    };
    assert_eq!(codes(&text("        out = torch.empty_like(x)\n"), None), [""; 0]);
    assert_eq!(codes(&text("        out = torch.empty(x.shape)\n"), None), ["FW313"]);
    assert_eq!(codes(&text("        out = torch.empty(x.shape, device='cpu')\n"), None), ["FW313"]);
    let prints = "        out = torch.empty_like(x)\n        print(f'in: {x}', out.shape)\n";
    assert_eq!(codes(&text(prints), None), ["FW311"]);
    let shapes = "        out = torch.empty_like(x)\n        print(x.shape)\n";
    assert_eq!(codes(&text(shapes), None), [""; 0]);
    let tuned = text("        out = torch.empty_like(x)\n").replace("BLOCK=64", "").replace(
        "@triton.jit\n",
        "@triton.autotune(configs=[triton.Config({'BLOCK': 64})], key=[])\n@triton.jit\n",
    );
    assert_eq!(codes(&tuned, None), ["FW315"]);
    for waits in ["x.sum().item()", "float(x[0])", "int(x)", "bool(out)"] {
        let waits = format!("        out = torch.empty_like(x)\n        {waits}\n");
        assert_eq!(codes(&text(&waits), None), ["FW311"], "{waits}");
    }
    for known in ["int(x.shape[0])", "float(x.numel())", "int('3')"] {
        let known = format!("        out = torch.empty_like(x)\n        {known}\n");
        assert_eq!(codes(&text(&known), None), [""; 0], "{known}");
    }
    let odd = text("        out = torch.empty_like(x)\n").replace("BLOCK=64", "BLOCK=60");
    assert_eq!(codes(&odd, None), ["FW301"]);
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

#[test]
fn a_name_is_annotated_only_where_that_is_enough() {
    let fix = |body: &str| {
        let file = PairFile::parse(with_body(body));
        file.diagnostics().iter().find(|one| one.rule == Rule::ArangeBounds).unwrap().fix.clone()
    };
    assert!(fix("y = tl.arange(0, n)").is_some());
    assert_eq!(fix("row = tl.program_id(0)\ny = tl.arange(0, n + row)"), None);
    assert_eq!(fix("size = n * 2\ny = tl.arange(0, size)"), None);
    assert_eq!(fix("size = 48\ny = tl.arange(0, size)"), None);
}

/// Applied fixes parse and silence their finding, whatever the fault.
#[test]
fn every_fix_mends_what_it_is_for() {
    let mut fixes = 0;
    for fault in [
        "y = tl.arange(8)",
        "SIZE = 128\ny = tl.arange(0, SIZE)",
        "y = tl.arange(0, 48)",
        "y = tl.arange(0, n)",
        "y = tl.arange(0, n * 2)",
        "y = tl.zeros((48,), dtype=tl.float32)",
        "y = x + G",
        "y = plain(x)",
        "y = x ** 2",
        "y = tl.math.tanh(x)",
        "y = tl.libdevice.tanh(x)",
        "y = tl.tanh(x)",
        "y = x.to(tl.half)",
        "acc = tl.zeros((BLOCK,), dtype=tl.float16)\nacc += x",
        "z = tl.load(x_ptr + offsets, mask=mask)\nx += tl.max(z)",
        "z = tl.load(x_ptr + offsets, mask=mask)  # fusewright: ignore[FW304]",
    ] {
        let text = with_body(fault);
        let file = PairFile::parse(&*text);
        let diagnostic =
            file.diagnostics().iter().find(|one| one.fix.is_some()).unwrap_or_else(|| panic!("{fault}"));
        let mended = diagnostic.fix.as_ref().unwrap().apply(&text).unwrap();
        let left = PairFile::parse(&*mended);
        assert!(
            left.diagnostics().iter().all(|one| one.rule != diagnostic.rule && one.rule != Rule::SyntaxError),
            "{fault}\n{mended}\n{:#?}",
            left.diagnostics()
        );
        fixes += 1;
    }
    assert!(fixes >= 15);
}

/// A pair whose wrapper begins with these statements and launches so.
fn with_wrapper(statements: &str, launch: &str) -> String {
    let statements = format!("    {}\n", statements.replace('\n', "\n    "));
    with_body("pass").replace(
        "    kernel[(triton.cdiv(x.numel(), 16),)](x, x.numel(), BLOCK=16)\n",
        &format!("{statements}    {launch}\n"),
    )
}

#[test]
fn what_a_launch_gives_is_read_however_it_is_written() {
    for launch in [
        "kernel[(4,)](x, x.numel(), BLOCK=48)",
        "kernel[(4,)](x, x.numel(), 48)",
        "kernel[(4,)](x, x.numel(), **{'BLOCK': 48})",
        "run(x, x.numel(), BLOCK=48)",
    ] {
        let found = codes(&with_wrapper("run = kernel[(4,)]", launch), None);
        assert!(found.contains(&"FW301"), "{launch}: {found:?}");
    }
}

#[test]
fn what_waits_for_the_gpu_by_any_name() {
    let launch = "kernel[(triton.cdiv(x.numel(), 16),)](x, x.numel(), BLOCK=16)";
    for statements in [
        "v = x.max().item()",
        "v = x.to(device='cpu')",
        "v = x.to(torch.device('cpu'))",
        "from torch.cuda import synchronize\nsynchronize()",
        "s = torch.cuda.synchronize\ns()",
        "v = getattr(x, 'cpu')()",
        "if x.any():\n    x = x + 0",
        "assert torch.isfinite(x).all()",
        "v = int(x.max())",
        "print(x.sum())",
    ] {
        let found = codes(&with_wrapper(statements, launch), None);
        assert!(found.contains(&"FW311"), "{statements}: {found:?}");
    }
    for statements in [
        "n = int(x.shape[0])",
        "if x.is_cuda:\n    pass",
        "assert x.dim() == 1",
        "v = int(torch.prod(torch.tensor((2, 3))))",
        "print(x.shape)",
    ] {
        let found = codes(&with_wrapper(statements, launch), None);
        assert_eq!(found, [""; 0], "{statements}");
    }
}

/// As public repositories write it: a function that makes other configurations of those that are given.
#[test]
fn configurations_that_are_made_anew_may_have_other_names() {
    let text = with_body("pass").replace(
        "@triton.jit\ndef kernel(",
        "def prune(configs, args, **kwargs):\n    return [triton.Config({'BLOCK': c.kwargs['SIZE']}) for c in configs]\n\
         @triton.autotune(configs=[triton.Config({'SIZE': 16})], key=['n'], prune_configs_by={'early_config_prune': prune})\n\
         @triton.jit\ndef kernel(",
    );
    assert!(!codes(&text, None).contains(&"FW315"), "{text}");
    let text = text.replace(", prune_configs_by={'early_config_prune': prune}", "");
    assert!(codes(&text, None).contains(&"FW315"), "{text}");
}

/// What TorchInductor's kernels call is written for kernels; that it is used at all is another rule's concern.
#[test]
fn helpers_of_torch_inductor_are_no_functions_of_torch() {
    let text = with_body("y = triton_helpers.maximum(x, x)")
        .replace("import math\n", "import math\nfrom torch._inductor.runtime import triton_helpers\n");
    assert_eq!(codes(&text, None), [""; 0]);
}

/// A caller, or a decorator of the block's own, makes the tensor contiguous before the launch.
#[test]
fn strides_that_another_function_sees_to() {
    let rows = with_body("pass").replace(
        "def f_triton(x):\n",
        "@triton.jit\ndef by_rows(x_ptr, columns, BLOCK: tl.constexpr):\n    at = tl.arange(0, BLOCK)\n    p = x_ptr + \
         tl.program_id(0) * columns + at\n    x = tl.load(p, mask=at < columns)\n    tl.store(p, x, mask=at < columns)\n\
         def launch(x):\n    rows, columns = x.shape\n    by_rows[(rows,)](x, columns, BLOCK=128)\ndef f_triton(x):\n    launch(x)\n",
    );
    assert_eq!(codes(&rows, None), ["FW312"]);
    let called = rows.replace("    launch(x)\n", "    x = x.contiguous()\n    launch(x)\n");
    assert_eq!(codes(&called, None), [""; 0]);
    let decorated = rows.replace(
        "def launch(x):\n",
        "def whole(f):\n    def inner(x):\n        return f(x.contiguous())\n    return inner\n@whole\ndef launch(x):\n",
    );
    assert_eq!(codes(&decorated, None), [""; 0]);
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

/// Outputs that the launch cannot reach, by other factories and behind methods; sizes by other arithmetic.
#[test]
fn outputs_and_sizes_by_other_spellings() {
    let launch = "kernel[(triton.cdiv(x.numel(), 16),)](out, x.numel(), BLOCK=16)";
    for made in [
        "torch.empty(x.shape).to(x.dtype)",
        "torch.empty(x.shape).contiguous()",
        "torch.tensor([0.0])",
        "torch.FloatTensor(x.numel())",
        "torch.Tensor(x.numel())",
        "x.new_empty(x.shape, device='cpu')",
    ] {
        let found = codes(&with_wrapper(&format!("out = {made}"), launch), None);
        assert!(found.contains(&"FW313"), "{made}: {found:?}");
    }
    for made in [
        "torch.empty(x.shape).to(x.device)",
        "torch.empty(x.shape).cuda()",
        "torch.empty(x.shape, device=x.device).to(x.dtype)",
        "torch.tensor([0.0], device=x.device)",
        "x.new_empty(x.shape)",
    ] {
        let found = codes(&with_wrapper(&format!("out = {made}"), launch), None);
        assert!(!found.contains(&"FW313"), "{made}: {found:?}");
    }
    for sizes in ["2 * 1024 ** 3", "*(65536, 65536)", "size=(65536, 65536)"] {
        let text = with_body("pass").replace("torch.randn(64,", &format!("torch.randn({sizes},"));
        assert!(codes(&text, None).contains(&"FW310"), "{sizes}");
    }
    for waits in
        ["v = x.nonzero()", "v = torch.unique(x)", "v = torch.equal(x, x)", "v = x[x > 0]", "v = str(x)"]
    {
        let found = codes(&with_wrapper(waits, "kernel[(4,)](x, x.numel(), BLOCK=16)"), None);
        assert!(found.contains(&"FW311"), "{waits}: {found:?}");
    }
}

/// What a configuration hands to another vendor's compiler is no parameter of the kernel.
#[test]
fn options_of_the_compiler_in_a_configuration() {
    let text = with_body("pass").replace(
        "@triton.jit\ndef kernel(",
        "@triton.autotune(configs=[triton.Config({'BLOCK': 16, 'waves_per_eu': 2})], key=['n'])\n@triton.jit\ndef kernel(",
    );
    let text = text.replace("x.numel(), BLOCK=16)", "x.numel())");
    assert!(!codes(&text, None).contains(&"FW315"), "{text}");
    assert!(codes(&text.replace("waves_per_eu", "waves"), None).contains(&"FW315"), "{text}");
}
