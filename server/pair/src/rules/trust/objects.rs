//! What the trust rules see of code that hides behind objects, hooks, iteration and spread arguments; and honest code
//! that is written so.

use super::cases::{INPUTS, LAUNCH, pair, trust, wrapper};

#[test]
fn torch_computes_behind_objects() {
    for body in [
        "out = operator.attrgetter('nn.functional.softmax')(torch)(x, -1)",
        "soft = operator.attrgetter('softmax')\nout = soft(x)(-1)",
        "out = functools.partial(getattr, torch)('softmax')(x, -1)",
        "out = functools.partial(torch.Tensor.exp, x)()",
        "out = torch.softmax(**{'input': x, 'dim': -1})",
        "out = torch.softmax(**(dict(input=x) | {'dim': -1}))",
        "out = torch.__getattribute__('softmax')(x, -1)",
        "out = torch.no_grad()(torch.exp)(x)",
        "out = torch.utils.checkpoint.checkpoint(torch.exp, x)",
        "out = torch.autograd.functional.jacobian(lambda a: a.exp(), x)",
        "out = torch.nn.Module.__call__(nn.ReLU(), x)",
        "out = torch.nn.utils.parametrizations.weight_norm(nn.Linear(128, 128))(x)",
        "out = divmod(x, 2)[0]",
        "out = type('T', (), {'f': staticmethod(torch.softmax)}).f(x, -1)",
        "class A:\n    def __getattr__(self, name):\n        return getattr(torch, name)\nout = A().softmax(x, -1)",
        "class A:\n    def __iter__(self):\n        yield x.exp()\nfor row in A():\n    out = row",
        "class A:\n    def __iter__(self):\n        return self\n    def __next__(self):\n        return x.exp()\nfor row in A():\n    out = row",
        "class A:\n    @classmethod\n    def run(cls, t):\n        return t.exp()\nout = A.run(x)",
        "from types import SimpleNamespace\nbox = SimpleNamespace(f=torch.exp)\nout = box.f(x)",
        "from collections import namedtuple\nBox = namedtuple('Box', 'f t')\nbox = Box(torch.exp, t=x)\nout = box.f(box.t)",
        "from collections import namedtuple\nBox = namedtuple('Box', ['f', 't'])\nbox = Box(torch.exp, x)\nout = box.f(box.t)",
        "from dataclasses import dataclass\n@dataclass\nclass Box:\n    t: object\n    def run(self):\n        return self.t.exp()\nout = Box(x).run()",
        "import itertools\nout = next(itertools.starmap(torch.mul, [(x, x)]))",
        "import itertools\nout = list(itertools.accumulate([x, x], torch.add))[-1]",
        "import itertools\nout = list(itertools.accumulate([x, x]))[-1]",
    ] {
        let found = trust(&wrapper(body));
        assert!(found.contains(&"FW401"), "{body}\n{found:?}");
    }
}

#[test]
fn wrappers_that_prove_nothing_behind_objects() {
    for (body, code) in [
        ("import logging\nlogging.FileHandler('a')", "FW408"),
        ("import sys\nsys.stdin.read()", "FW408"),
        ("import platform\nplatform.node()", "FW408"),
        ("torch.from_file('a', size=4)", "FW408"),
        ("torch.autograd.set_detect_anomaly(True)", "FW411"),
        ("class Lazy:\n    __torch_function__ = None", "FW413"),
        ("out = torch.Tensor._make_subclass(torch.Tensor, out)", "FW413"),
        ("return torch.tensor([1.0, 2.0], device='cuda')", "FW415"),
        ("return x.clone()", "FW403"),
        ("result = torch.empty_like(x)\nresult.copy_(x)\nreturn result", "FW403"),
    ] {
        let found = trust(&wrapper(body));
        assert!(found.contains(&code), "{body}: {code}, found {found:?}");
    }
    let wrapper = |body: &str| format!("def f_triton(x, w, index, scale):\n{body}");
    for (code, rule) in [
        (
            wrapper("    for _ in []:\n        kernel[(1,)](x, x, 1, BLOCK=256)\n    return x.clone()\n"),
            "FW402",
        ),
        (wrapper("    assert True or kernel[(1,)](x, x, 1, BLOCK=256)\n    return x.clone()\n"), "FW402"),
        (
            format!(
                "from types import SimpleNamespace\nkept = SimpleNamespace(out=None)\n{}",
                wrapper(&format!(
                    "    if kept.out is not None:\n        return kept.out\n{LAUNCH}    kept.out = out\n    return out\n"
                ))
            ),
            "FW410",
        ),
        (
            format!(
                "from collections import defaultdict\nkept = defaultdict(list)\n{}",
                wrapper(&format!(
                    "    if kept['a']:\n        return kept['a'][0]\n{LAUNCH}    kept['a'].append(out)\n    return out\n"
                ))
            ),
            "FW410",
        ),
        (
            format!(
                "class Lazy:\n    def __init__(self, make):\n        self.make = make\n    def __getattr__(self, name):\n        return getattr(self.make(), name)\n{}",
                wrapper(&format!("{LAUNCH}    return Lazy(lambda: out)\n"))
            ),
            "FW413",
        ),
    ] {
        let found = trust(&pair(&code));
        assert!(found.contains(&rule), "{code}: {rule}, found {found:?}");
    }
}

#[test]
fn references_that_take_their_time() {
    for body in [
        "return torch.stack([torch.softmax(row, -1) for row in x])",
        "rows = []\nfor row in x:\n    rows.append(torch.softmax(row, -1))\nreturn torch.stack(rows)",
        "out = torch.empty_like(x)\nfor at, row in enumerate(x):\n    out[at] = row.softmax(-1)\nreturn out",
        "out = torch.empty_like(x)\nfor at in range(len(x)):\n    out[at] = x[at].softmax(-1)\nreturn out",
        "return torch.cat([torch.softmax(x[i:i + 1], -1) for i in range(x.size(0))])",
        "return torch.softmax(x.clone().clone(), -1)",
        "x @ x.t()\nreturn torch.softmax(x, -1)",
        "torch.cuda.current_stream().synchronize()\nreturn torch.softmax(x, -1)",
        "print(x.sum())\nreturn torch.softmax(x, -1)",
        "return torch.tensor([[value * 2 for value in row] for row in x.tolist()])",
    ] {
        let found = trust(&reference(body));
        assert!(found.contains(&"FW416"), "{body}\n{found:?}");
    }
    for body in [
        // Steps that differ, that carry something on, or that are large.
        "y = x.clone()\ny.clamp_(min=0)\ntorch.exp(y, out=y)\nF.relu(y, inplace=True)\nreturn y",
        "state = torch.zeros_like(x[0])\nfor row in x:\n    state = 0.9 * state + row\nreturn state",
        "return torch.stack([row @ row for row in x])",
        "sizes = [len(part) for part in (x, x)]\nreturn torch.softmax(x, -1) * len(sizes)",
        "parts = x.chunk(4)\nreturn torch.cat([part.softmax(-1) for part in parts])",
    ] {
        assert_eq!(trust(&reference(body)), [""; 0], "{body}");
    }
}

/// A pair with this body of the reference.
fn reference(body: &str) -> String {
    let body = format!("    {}", body.replace('\n', "\n    "));
    wrapper("pass")
        .replacen("import torch\n", "import torch\nimport torch.nn.functional as F\n", 1)
        .replace("    return torch.softmax(x, -1)", &body)
}

/// A pair whose inputs are made by this body.
fn inputs(body: &str) -> String {
    let body = format!("    {}\n", body.replace('\n', "\n    "));
    wrapper("pass").replace(INPUTS, &body)
}

#[test]
fn inputs_that_prove_nothing() {
    for given in [
        "torch.empty(64, 128, device='cuda').fill_(1.0)",
        "torch.empty(64, 128, device='cuda')",
        "torch.ones(64, 128, device='cuda').mul(2)",
        "torch.full((64, 128), 0.5, device='cuda')",
        "torch.randn(64, 128, device='cuda') * 0",
        "torch.randn(64, 128, device='cuda') * 0.0",
        "0 * torch.randn(64, 128, device='cuda')",
        "0.0 * torch.randn(64, 128, device='cuda').half()",
        "torch.randn(64, 128, device='cuda') * False",
        "torch.randn(64, 128, device='cuda').mul(0)",
        "torch.mul(torch.randn(64, 128, device='cuda'), 0)",
        "torch.mul(torch.randn(64, 128, device='cuda'), other=0)",
        "torch.randn(64, 128, device='cuda').__mul__(0)",
        "torch.randn(64, 128, device='cuda').mul_(0).add_(1)",
        "torch.randn(64, 128, device='cuda').zero_()",
        "torch.randn(64, 128, device='cuda').fill_(3)",
        "torch.zero_(torch.randn(64, 128, device='cuda'))",
        "torch.nn.init.zeros_(torch.randn(64, 128, device='cuda'))",
        "torch.nn.init.constant_(torch.empty(64, 128, device='cuda'), 1.0)",
        "torch.zeros_like(torch.randn(64, 128, device='cuda'))",
        "torch.zeros_like(torch.randn(64, 128, device='cuda')) + 2",
        "torch.randn(64, 128, device='cuda') * torch.zeros(64, 128, device='cuda')",
        "torch.randn(64, 128, device='cuda').new_zeros(64, 128)",
        "torch.randn(64, 128, device='cuda').clamp(0, 0)",
        "torch.clamp(torch.randn(64, 128, device='cuda'), min=0.0, max=0.0)",
        "torch.randn(64, 128, device='cuda').pow(0)",
        "torch.randn(64, 128, device='cuda') ** 0",
        "torch.where(torch.randn(64, 128, device='cuda') > 0, 1, 1)",
        "torch.randint(0, 1, (64, 128), device='cuda')",
        "torch.randint(1, (64, 128), device='cuda').float()",
        "torch.empty(64, 128, device='cuda').uniform_(0, 0)",
        "torch.empty(64, 128, device='cuda').uniform_(2.0, 2.0) * 0",
        "torch.empty(64, 128, device='cuda').normal_(1.0, 0.0)",
        "torch.tensor([[0.0, 0.0], [0.0, 0.0]], device='cuda')",
        "torch.tensor([0.0] * 64, device='cuda')",
        "torch.randn(64, 128, device='cuda').reshape(-1).zero_().view(64, 128)",
        "(torch.arange(64, device='cuda') * 0).float()",
        "torch.stack([torch.randn(64, device='cuda') * 0] * 4)",
        "(torch.randn(64, 128, device='cuda') * 0).to(torch.float16).contiguous()",
    ] {
        let body = format!(
            "x = {given}\nreturn x, torch.ones(128, device='cuda'), torch.zeros(64, device='cuda'), 0.5"
        );
        assert!(trust(&inputs(&body)).contains(&"FW417"), "{given}");
    }
    for steps in [
        "x *= 0",
        "x -= x",
        "x = x - x",
        "x = x.sub(x)",
        "x = torch.sub(x, x)",
        "x = x / x",
        "x[:] = 0",
        "x[...] = 1.5",
        "x[:, :] = 0.0",
        "x.data.zero_()",
        "x.data = torch.zeros_like(x)",
        "x.copy_(torch.zeros_like(x))",
        "x.view(-1)[:] = 0",
        "none = 0.0\nx = x * none",
        "none = 1 - 1\nx = none * x",
        "torch.mul(x, 0, out=x)",
        "def wipe(t):\n    return t * 0\nx = wipe(x)",
        "for t in (x,):\n    t.zero_()",
        "with torch.no_grad():\n    x.fill_(0)",
        "x = [t.zero_() for t in (x,)][0]",
        "x = x.cuda().float()\nx.zero_()",
        "x = x + 1\nx.fill_(0.25)",
    ] {
        let body = format!(
            "x = torch.randn(64, 128, device='cuda')\n{steps}\nreturn x, torch.ones(128, device='cuda'), torch.zeros(64, device='cuda'), 0.5"
        );
        assert!(trust(&inputs(&body)).contains(&"FW417"), "{steps}");
    }
}

/// What may be drawn in part, or not seen: a mask, a bias, a state, indices, and tensors that are filled step by step.
#[test]
fn inputs_that_hold_more_than_one_number() {
    for steps in [
        "x = torch.empty(64, 128, device='cuda').normal_()",
        "x = torch.empty(64, 128, device='cuda').copy_(torch.randn(64, 128))",
        "x = torch.randn(64, 128, device='cuda')",
        "x = torch.zeros(64, 128, device='cuda')\nx[::2] = torch.randn(32, 128, device='cuda')",
        "x = torch.zeros(64, 128, device='cuda')\nx[0] = 1.0",
        "x = torch.zeros(64, 128, device='cuda')\nx[:, :4] = 2.0",
        "x = torch.zeros(64, 128, device='cuda')\nx += torch.rand(128, device='cuda')",
        "x = torch.zeros(64, 128, device='cuda')\nx.add_(torch.rand(128, device='cuda'))",
        "x = torch.zeros(64, 128, device='cuda')\nx.scatter_(1, torch.randint(0, 128, (64, 1), device='cuda'), 1.0)",
        "x = torch.zeros(64, 128, device='cuda')\ntorch.nn.init.xavier_uniform_(x)",
        "x = torch.randn(64, 128, device='cuda')\nx[0].zero_()",
        "x = torch.randn(64, 128, device='cuda')\nx[:, 0] = 0",
        "x = torch.randn(64, 128, device='cuda')\nx[x > 1] = 0",
        "x = torch.randn(64, 128, device='cuda')\nx.narrow(0, 0, 4).zero_()",
        "x = torch.randn(64, 128, device='cuda')\nx.chunk(2)[0].fill_(0)",
        "x = torch.randn(64, 128, device='cuda')\nx.diagonal().zero_()",
        "x = torch.randn(64, 128, device='cuda')\nif x.sum() > 0:\n    x.zero_()",
        "x = torch.randn(64, 128, device='cuda')\nmask = x > 0\nmask.zero_()",
        "x = torch.randn(64, 128, device='cuda')\ny = x.half()\ny.zero_()",
        "x = torch.randn(64, 128, device='cuda')\ny = x * 0",
        "x = torch.randn(64, 128, device='cuda')\nx = x[1:] - x[:-1]",
        "x = torch.randn(64, 64, device='cuda')\nx = x - x.t()",
        "x = torch.randn(64, 64, device='cuda')\nx = x - x.T",
        "x = torch.randn(64, 128, device='cuda')\nx = x - x.mean(-1, keepdim=True)",
        "x = torch.randn(64, 128, device='cuda')\nx = x / x.norm()",
        "x = torch.randn(64, 128, device='cuda')\nx = x * 0 + torch.randn(128, device='cuda')",
        "x = torch.randn(64, 128, device='cuda')\nx.zero_()\nx.normal_()",
        "x = torch.randn(64, 128, device='cuda')\nx[:] = 0\nx[3] = torch.randn(128, device='cuda')",
        "x = torch.randn(64, 128, device='cuda').clamp(-1.5, 1.5)",
        "x = torch.randn(64, 128, device='cuda').clamp(min=0)",
        "x = torch.empty(64, 128, device='cuda').uniform_(-0.5, 0.5)",
        "x = torch.empty(64, 128, device='cuda').normal_(0.0, 0.02)",
        "x = torch.normal(0.0, 1.0, (64, 128), device='cuda')",
        "x = torch.where(torch.rand(64, 128, device='cuda') > 0.5, 1.0, 0.0)",
        "x = torch.randint(0, 2, (64, 128), device='cuda').float()",
        "x = torch.bernoulli(torch.full((64, 128), 0.5, device='cuda'))",
        "x = torch.tensor([0.0, 1.0], device='cuda')",
        "x = torch.zeros(64, 128, device='cuda')\nfill(x)",
        "x = torch.eye(64, device='cuda')",
        "x = torch.randn(64, 128, device='cuda') * 0.02",
        "x = torch.linspace(0, 1, 64, device='cuda')",
        "x = (torch.randn(64, 128, device='cuda') > 0).float()",
    ] {
        let body =
            format!("{steps}\nreturn x, torch.ones(128, device='cuda'), torch.zeros(64, device='cuda'), 0.5");
        let text = inputs(&body).replace(
            "import torch\ndef get_test_inputs",
            "import torch\nfrom kit import fill\ndef get_test_inputs",
        );
        assert_eq!(trust(&text), [""; 0], "{steps}");
    }
}

/// As public kernel libraries write them.
#[test]
fn honest_wrappers_hand_their_arguments_on() {
    let empty = "def f_triton(x, w, index, scale):\n    out = torch.empty_like(x)\n";
    for code in [
        // The launch's arguments in a dictionary.
        format!("{empty}    arguments = dict(x_ptr=x, out_ptr=out, n=x.numel(), BLOCK=256)\n    kernel[(triton.cdiv(x.numel(), 256),)](**arguments)\n    return out\n"),
        format!("{empty}    arguments = {{'x_ptr': x, 'out_ptr': out}}\n    arguments['n'] = x.numel()\n    kernel[(1,)](**arguments, BLOCK=256)\n    return out\n"),
        format!("def launch(which, tasks, arguments):\n    for start in range(0, tasks, 65535):\n        which[(min(tasks - start, 65535),)](**arguments)\n{empty}    launch(kernel, triton.cdiv(x.numel(), 256), {{'x_ptr': x, 'out_ptr': out, 'n': x.numel(), 'BLOCK': 256}})\n    return out\n"),
        // A launcher with some of its arguments.
        format!("{empty}    launch = functools.partial(kernel[(triton.cdiv(x.numel(), 256),)], x, out)\n    launch(x.numel(), BLOCK=256)\n    return out\n"),
        "def run(x, w, index, scale, block):\n    out = torch.empty_like(x)\n    kernel[(triton.cdiv(x.numel(), block),)](x, out, x.numel(), BLOCK=block)\n    return out\nf_triton = functools.partial(run, block=256)\n".to_owned(),
        // What is read is what the same launch writes, or is read under one setting alone.
        "@triton.jit\ndef scan(x_ptr, before_ptr, out_ptr, n, FIRST: tl.constexpr, BLOCK: tl.constexpr):\n    at = tl.arange(0, BLOCK)\n    x = tl.load(x_ptr + at, mask=at < n)\n    if not FIRST:\n        x += tl.load(before_ptr + at, mask=at < n)\n    tl.store(out_ptr + at, x, mask=at < n)\ndef f_triton(x, w, index, scale):\n    out = torch.empty_like(x)\n    spare = torch.empty_like(x)\n    scan[(1,)](x, out, out, x.numel(), True, BLOCK=256)\n    scan[(1,)](x, spare, out, x.numel(), True, BLOCK=256)\n    kernel[(1,)](x, out, x.numel(), BLOCK=256)\n    return out\n".to_owned(),
        // Sizes in a named tuple.
        format!("from typing import NamedTuple\nclass Sizes(NamedTuple):\n    rows: int\n    columns: int\n{empty}    sizes = Sizes(*x.shape)\n    kernel[(sizes.rows,)](x, out, sizes.rows * sizes.columns, BLOCK=256)\n    return out\n"),
        // Settings that are chosen by a class.
        format!("from dataclasses import dataclass\n@dataclass(frozen=True)\nclass Settings:\n    block: int = 256\n    warps: int = 4\n    @classmethod\n    def of(cls, columns):\n        return cls(block=min(1024, triton.next_power_of_2(columns)))\n{empty}    settings = Settings.of(x.shape[1])\n    kernel[(x.shape[0],)](x, out, x.numel(), BLOCK=settings.block, num_warps=settings.warps)\n    return out\n"),
    ] {
        assert_eq!(trust(&pair(&code)), [""; 0], "{code}");
    }
}
