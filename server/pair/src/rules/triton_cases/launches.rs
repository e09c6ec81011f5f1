//! Wrappers: what they launch with, allocate and wait for.

use super::{codes, with_body};

/// A pair whose wrapper begins with these statements and launches so.
fn with_wrapper(statements: &str, launch: &str) -> String {
    let statements = format!("    {}\n", statements.replace('\n', "\n    "));
    with_body("pass").replace(
        "    kernel[(triton.cdiv(x.numel(), 16),)](x, x.numel(), BLOCK=16)\n",
        &format!("{statements}    {launch}\n"),
    )
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
