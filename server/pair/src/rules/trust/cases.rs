//! What the trust rules find in spellings of every kind, and what wrappers of every kind may do.

use crate::PairFile;

const KERNEL: &str = "@triton.jit\ndef kernel(x_ptr, out_ptr, n, BLOCK: tl.constexpr):\n    at = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)\n    x = tl.load(x_ptr + at, mask=at < n)\n    tl.store(out_ptr + at, tl.exp(x), mask=at < n)\n";

pub(super) const LAUNCH: &str = "    out = torch.empty_like(x)\n    kernel[(triton.cdiv(x.numel(), 256),)](x, out, x.numel(), BLOCK=256)\n";

pub(super) const INPUTS: &str = "    return torch.randn(64, 128, device='cuda'), torch.randn(128, device='cuda'), torch.randint(0, 9, (64,), device='cuda'), 0.5\n";

/// A pair whose TRITON block holds this code after the kernel; `f_triton` takes a matrix, a vector, indices and a number.
pub(super) fn pair(code: &str) -> String {
    format!(
        "\"\"\"Case.\"\"\"\n# <PYTHON>\nimport torch\ndef f_torch(x, w, index, scale):\n    return torch.softmax(x, -1)\n# <TRITON>\nimport functools, math, operator\nimport torch, triton\nimport torch.nn as nn\nimport torch.nn.functional as F\nimport triton.language as tl\n{KERNEL}{code}\n# <TEST>\nimport torch\ndef get_test_inputs():\n{INPUTS}"
    )
}

/// The wrapper with this body, between a launch and the return of its result.
pub(super) fn wrapper(body: &str) -> String {
    let body = format!("    {}\n", body.replace('\n', "\n    "));
    pair(&format!("def f_triton(x, w, index, scale):\n{LAUNCH}{body}    return out\n"))
}

pub(super) fn trust(text: &str) -> Vec<&'static str> {
    let file = PairFile::parse(text);
    assert!(file.structure_error().is_none() && file.entry_points().is_some(), "{text}");
    let codes = file.diagnostics().iter().map(|one| one.rule.code());
    let mut codes: Vec<_> = codes.filter(|code| code.starts_with("FW4")).collect();
    codes.dedup();
    codes
}

#[test]
fn torch_computes_in_every_spelling() {
    for body in [
        "out = torch.softmax(x, -1)",
        "out = F.softmax(x, dim=-1)",
        "out = x.softmax(-1)",
        "out = x * scale",
        "out = scale * x",
        "out *= x",
        "out = out + w",
        "out = -x",
        "out = x @ w",
        "out = x.__matmul__(w)",
        "out = operator.mul(x, w)",
        "out = torch.Tensor.softmax(x, -1)",
        "out = type(x).softmax(x, -1)",
        "out = getattr(torch, 'soft' + 'max')(x, -1)",
        "out = getattr(x, ''.join(['soft', 'max']))(-1)",
        "out = getattr(F, 'xamtfos'[::-1])(x, -1)",
        "out = getattr(torch, ''.join(chr(c) for c in (101, 120, 112)))(x)",
        "name = f'{str(index)}max'\nout = getattr(torch, name)(x, -1)",
        "out = operator.methodcaller('softmax', -1)(x)",
        "out = functools.partial(torch.softmax, dim=-1)(x)",
        "out = functools.reduce(torch.add, [x, w])",
        "out = list(map(torch.exp, [x]))[0]",
        "out = [f(x) for f in (torch.exp,)][0]",
        "out = {'s': torch.softmax}['s'](x, -1)",
        "out = (lambda t: t.exp())(x)",
        "from torch import softmax as clean\nout = clean(x, -1)",
        "import torch.nn.functional as views\nout = views.softmax(x, -1)",
        "view = torch.softmax\nout = view(x, -1)",
        "a, b = torch.exp, torch.relu\nout = b(x)",
        "out = nn.Softmax(dim=-1)(x)",
        "out = nn.Sequential(nn.ReLU())(x)",
        "out = torch.ops.aten.softmax.int(x, -1)",
        "out = torch._C._nn.gelu(x)",
        "out = torch.special.expit(x)",
        "out = torch.compile(lambda t: t)(x)",
        "torch.exp(x, out=out)",
        "out.copy_(x.exp())",
        "out = torch.where(x > 0, x, w)",
        "out = sum([x, w])",
        "out = F.scaled_dot_product_attention(x, x, x)",
        "if (y := x.exp()) is not None:\n    out = y",
        "def helper(t):\n    return t.sigmoid()\nout = helper(x)",
        "class Box:\n    def __init__(self, t):\n        self.t = t\n    def value(self):\n        return self.t.exp()\nout = Box(x).value()",
        "out = torch.cumsum(x, -1) + x.sum()",
    ] {
        let found = trust(&wrapper(body));
        assert!(found.contains(&"FW401"), "{body}\n{found:?}");
    }
}

#[test]
fn a_wrapper_may_do_all_this() {
    for body in [
        "rows, columns = x.shape\nblock = triton.next_power_of_2(columns)\nassert x.is_cuda and x.stride(-1) == 1",
        "scale = 1.0 / math.sqrt(x.shape[-1])\nsize = x.shape[0] * x.shape[1] // 2 + 1",
        "x2 = x.reshape(-1, x.shape[-1]).contiguous().t()\ny = w.to(torch.float64).view(1, -1).expand(4, -1)",
        "if w is None:\n    w = torch.ones(x.shape[-1], device=x.device)",
        "with torch.cuda.device(x.device):\n    pass",
        "properties = torch.cuda.get_device_properties(x.device)\nblocks = properties.multi_processor_count * 2",
        "offsets = torch.cumsum(index, 0)\norder = torch.argsort(index)\ncounts = torch.bincount(index, minlength=9)",
        "lengths = index[1:] - index[:-1]\nlongest = int(lengths.max())\nstarts = torch.arange(longest, device=x.device) * 4",
        "partial = torch.empty((4, x.shape[1]), device=x.device)\nkernel[(4,)](x, partial, 4, BLOCK=4)\nstored = partial.to(x.dtype)",
        "inv = 1.0 / (10000 ** (torch.arange(0, 64, 2).float() / 64))\ncos, sin = inv.cos(), inv.sin()",
        "if x.numel() == 0:\n    return torch.softmax(x, -1)",
        "if x.dim() != 2:\n    raise ValueError(f'expected a matrix, got {x.dim()}')",
        "aligned = x.data_ptr() % 16 == 0",
        "dtype = getattr(tl, str(x.dtype).split('.')[-1])",
        "stream = torch.cuda.current_stream(x.device)",
        "pointers = torch.tensor([t.data_ptr() for t in (x, w)], device=x.device)",
        "try:\n    kernel[(1,)](x, out, 4, BLOCK=4096)\nexcept triton.runtime.errors.OutOfResources:\n    kernel[(4,)](x, out, 4, BLOCK=1024)",
        "out = out.view(x.shape).to(x.dtype)",
        "out = torch.cat([out[:4], out[4:]])",
    ] {
        assert_eq!(trust(&wrapper(body)), [""; 0], "{body}");
    }
}

/// As the tutorials and the public kernel libraries write them.
#[test]
fn wrappers_as_libraries_write_them_are_not_blamed() {
    let run =
        |name: &str| format!("    {name}[(triton.cdiv(x.numel(), 256),)](x, out, x.numel(), BLOCK=256)\n");
    let empty = "    out = torch.empty_like(x)\n";
    for code in [
        // An operator with gradients, bound to a name.
        format!("class Op(torch.autograd.Function):\n    @staticmethod\n    def forward(ctx, x, w, index, scale):\n    {empty}    {}        ctx.save_for_backward(x, w)\n        ctx.scale = scale\n        return out\n    @staticmethod\n    def backward(ctx, grad):\n        x, w = ctx.saved_tensors\n        return grad * x * w, None, None, None\nf_triton = Op.apply\n", run("kernel")),
        // Tuned, with pruning and heuristics, the grid a function of the settings.
        format!("def prune(configs, named_args, **kwargs):\n    return [c for c in configs if c.kwargs['BLOCK'] * 2 <= named_args['n'] * 4] or configs\n@triton.autotune(configs=[triton.Config({{'BLOCK': b}}, num_warps=w) for b in (128, 256) for w in (4, 8)], key=['n'], prune_configs_by={{'early_config_prune': prune}})\n@triton.heuristics({{'EVEN': lambda args: args['n'] % args['BLOCK'] == 0}})\n@triton.jit\ndef tuned(x_ptr, out_ptr, n, BLOCK: tl.constexpr, EVEN: tl.constexpr):\n    at = tl.arange(0, BLOCK)\n    tl.store(out_ptr + at, tl.load(x_ptr + at), mask=at < n)\ndef f_triton(x, w, index, scale):\n{empty}    grid = lambda META: (triton.cdiv(x.numel(), META['BLOCK']),)\n    tuned[grid](x, out, x.numel())\n    kernel[grid](x, out, x.numel(), BLOCK=256)\n    return out\n"),
        // Settings that are worked out once.
        format!("@functools.lru_cache(maxsize=None)\ndef settings(columns, device):\n    return min(triton.next_power_of_2(columns), 4096), torch.cuda.get_device_properties(device).multi_processor_count\n_counts = {{}}\ndef processors(device):\n    if device not in _counts:\n        _counts[device] = torch.cuda.get_device_properties(device).multi_processor_count\n    return _counts[device]\ndef f_triton(x, w, index, scale):\n    block, count = settings(x.shape[1], x.device.index)\n    processors(x.device)\n{empty}{}    return out\n", run("kernel")),
        // Kernels by dtype, launched by a helper.
        format!("KERNELS = {{torch.float32: kernel, torch.float16: kernel}}\ndef launch(which, grid, *args, **kwargs):\n    which[grid](*args, **kwargs)\ndef f_triton(x, w, index, scale):\n{empty}    launch(KERNELS[x.dtype], (triton.cdiv(x.numel(), 256),), x, out, x.numel(), BLOCK=256)\n    return out\n"),
        // A reduction in two stages, finished on its partial sums.
        "@triton.jit\ndef partial_sums(x_ptr, out_ptr, n, BLOCK: tl.constexpr):\n    at = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)\n    x = tl.load(x_ptr + at, mask=at < n, other=0.0)\n    tl.store(out_ptr + tl.program_id(0), tl.sum(x, axis=0))\ndef f_triton(x, w, index, scale):\n    blocks = triton.cdiv(x.numel(), 1024)\n    out = torch.empty(blocks, device=x.device, dtype=torch.float32)\n    partial_sums[(blocks,)](x, out, x.numel(), BLOCK=1024)\n    kernel[(1,)](x, out, 1, BLOCK=16)\n    return out.sum() / x.numel()\n".to_owned(),
        // A gradient summed over what its programs left.
        "@triton.jit\ndef weight_gradient(x_ptr, out_ptr, n, BLOCK: tl.constexpr):\n    total = tl.zeros((BLOCK,), dtype=tl.float32)\n    for row in range(n):\n        total += tl.load(x_ptr + row * BLOCK + tl.arange(0, BLOCK))\n    tl.store(out_ptr + tl.program_id(0) * BLOCK + tl.arange(0, BLOCK), total)\ndef f_triton(x, w, index, scale):\n    partial = torch.empty((8, x.shape[1]), device=x.device, dtype=torch.float32)\n    weight_gradient[(8,)](x, partial, 8, BLOCK=128)\n    kernel[(1,)](x, partial, 1, BLOCK=16)\n    return partial.sum(dim=0).to(x.dtype)\n".to_owned(),
        // In place, by contract.
        "def f_triton(x, w, index, scale):\n    kernel[(1,)](x, x, x.numel(), BLOCK=256)\n    return x\n".to_owned(),
        // A list of tensors by their addresses, as grouped products have it.
        "def f_triton(x, w, index, scale):\n    outs = []\n    addresses = []\n    for part in x.split(32):\n        out = torch.empty_like(part)\n        outs.append(out)\n        addresses.append(out.data_ptr())\n    table = torch.tensor(addresses, device=x.device)\n    kernel[(2,)](x, table, x.numel(), BLOCK=256)\n    return outs\n".to_owned(),
    ] {
        assert_eq!(trust(&pair(&code)), [""; 0], "{code}");
    }
}

#[test]
fn other_ways_to_prove_nothing_have_their_codes() {
    for (body, code) in [
        ("import ctypes\nctypes.string_at(0)", "FW406"),
        ("import sys\nsys._getframe(1).f_locals", "FW406"),
        ("f_triton.__globals__['x'] = 1", "FW406"),
        ("globals()['kept'] = out", "FW406"),
        ("import threading\nthreading.Thread(target=print).start()", "FW407"),
        ("s = torch.cuda.Stream()", "FW407"),
        ("from torch.cuda import Stream as S\ns = S()", "FW407"),
        ("g = torch.cuda.CUDAGraph()", "FW407"),
        ("import os\nos.environ['A'] = '1'", "FW408"),
        ("print(open('a').read())", "FW408"),
        ("import subprocess as s\ns.run(['ls'])", "FW408"),
        ("getattr(__builtins__, 'op' + 'en')('a')", "FW408"),
        ("exec('out = x')", "FW409"),
        ("m = __import__('tor' + 'ch')", "FW409"),
        ("import base64\nbase64.b64decode('aa')", "FW409"),
        ("f_triton.kept = out", "FW410"),
        ("torch.manual_seed(0)", "FW411"),
        ("torch.set_float32_matmul_precision('high')", "FW411"),
        ("torch.softmax = None", "FW405"),
        ("setattr(torch, 'softmax', None)", "FW405"),
        ("t = torch\nt.cuda.synchronize = None", "FW405"),
        ("torch.__dict__['softmax'] = None", "FW405"),
        ("kernel.run = None", "FW405"),
        ("print(__file__)", "FW412"),
        ("out.clone = None", "FW413"),
        ("import os\nos._exit(0)", "FW418"),
        ("raise SystemExit", "FW418"),
        ("import atexit\natexit.register(print)", "FW418"),
    ] {
        let found = trust(&wrapper(body));
        assert!(found.contains(&code), "{body}: {code}, found {found:?}");
    }
    for (code, rule) in [
        ("def f_triton(x, w, index, scale):\n    return x\n", "FW402"),
        (
            &format!(
                "def f_triton(x, w, index, scale):\n    if False:\n    {}    return x\n",
                LAUNCH.replace("\n    ", "\n        ")
            ),
            "FW402",
        ),
        (
            "def f_triton(x, w, index, scale):\n    out = torch.empty_like(x)\n    kernel[(0,)](x, out, 4, BLOCK=4)\n    return out\n",
            "FW402",
        ),
        (&format!("def f_triton(x, w, index, scale):\n{LAUNCH}    return torch.empty_like(x)\n"), "FW403"),
        (&format!("def f_triton(x, w, index, scale):\n{LAUNCH}    return torch.zeros_like(x)\n"), "FW415"),
        (
            &format!(
                "def f_triton(x, w, index, scale):\n    if x.shape[0] < 100:\n        return x.exp()\n{LAUNCH}    return out\n"
            ),
            "FW404",
        ),
        (
            &format!(
                "_kept = []\ndef f_triton(x, w, index, scale):\n    if _kept:\n        return _kept[0]\n{LAUNCH}    _kept.append(out)\n    return out\n"
            ),
            "FW410",
        ),
        (
            &format!(
                "_calls = 0\ndef f_triton(x, w, index, scale):\n    global _calls\n    _calls += 1\n{LAUNCH}    return out\n"
            ),
            "FW410",
        ),
        (
            &format!(
                "def f_triton(x, w, index, scale, _kept={{}}):\n{LAUNCH}    _kept[id(x)] = out\n    return out\n"
            ),
            "FW410",
        ),
        (
            &format!(
                "@functools.lru_cache\ndef run(x):\n{LAUNCH}    return out\ndef f_triton(x, w, index, scale):\n    return run(x)\n"
            ),
            "FW410",
        ),
    ] {
        let found = trust(&pair(code));
        assert!(found.contains(&rule), "{code}: {rule}, found {found:?}");
    }
}
