//! Which arguments are to be read, and what reading is.

use crate::{PairFile, Rule, Severity};

const KERNEL: &str = "@triton.jit\ndef kernel(x_ptr, y_ptr, out_ptr, n, eps, BLOCK: tl.constexpr):\n    at = tl.program_id(0) * BLOCK + \
    tl.arange(0, BLOCK)\n    x = tl.load(x_ptr + at, mask=at < n)\n    tl.store(out_ptr + at, x * 2, mask=at < n)\n";

/// What is said of a pair with this reference, code of TRITON and arguments: severity and the name it stands at.
fn found(reference: &str, candidate: &str, given: &str) -> Vec<(Severity, String)> {
    let text = format!(
        "\"\"\"Case.\"\"\"\n# <PYTHON>\nimport torch\nimport torch.nn.functional as F\n{reference}\n# <TRITON>\nimport torch, triton\n\
         import triton.language as tl\n{KERNEL}{candidate}\n# <TEST>\nimport torch\ndef get_test_inputs():\n    return {given}\n"
    );
    let file = PairFile::parse(&*text);
    assert!(file.structure_error().is_none() && file.entry_points().is_some(), "{text}");
    let of_this = file.diagnostics().iter().filter(|one| one.rule == Rule::IgnoredArgument);
    of_this
        .map(|one| (one.severity, text[one.range.start().to_usize()..one.range.end().to_usize()].to_owned()))
        .collect()
}

fn wrapper(parameters: &str, before: &str) -> String {
    format!(
        "def f_triton({parameters}):\n    {before}\n    out = torch.empty_like(x)\n    \
         kernel[(triton.cdiv(x.numel(), 256),)](x, x, out, x.numel(), 1e-5, BLOCK=256)\n    return out\n"
    )
}

const X: &str = "torch.randn(64, 128, device='cuda')";

#[test]
fn what_the_reference_computes_with_is_to_be_read() {
    let two = format!("{X}, {X}");
    for (reference, parameters, before, given, expected) in [
        ("def f_torch(x, y):\n    return x + y", "x, y", "pass", &*two, Severity::Error),
        ("def f_torch(x, y):\n    return x + y", "x, y", "del y", &two, Severity::Error),
        ("def f_torch(x, y):\n    return x + y", "x, y", "_ = y", &two, Severity::Error),
        (
            "def f_torch(x, y):\n    def inner():\n        return y\n    return x + inner()",
            "x, y",
            "pass",
            &two,
            Severity::Error,
        ),
        (
            "def f_torch(x, y):\n    if y is not None:\n        x = x + y\n    return x",
            "x, y=None",
            "pass",
            &two,
            Severity::Error,
        ),
        (
            "def f_torch(x, mode):\n    return x.exp() if mode == 'exp' else x",
            "x, mode",
            "pass",
            &format!("{X}, 'exp'"),
            Severity::Warning,
        ),
        (
            "def f_torch(x, eps=1e-5):\n    return x / (x.std() + eps)",
            "x, eps=1e-5",
            "pass",
            &format!("{X},"),
            Severity::Warning,
        ),
        (
            "def f_torch(x, causal):\n    if causal:\n        x = x.tril()\n    return x",
            "x, causal",
            "pass",
            &format!("{X}, True"),
            Severity::Warning,
        ),
        (
            "def f_torch(x, dim=-1):\n    return x.softmax(dim)",
            "x, dim=-1",
            "pass",
            &format!("{X},"),
            Severity::Warning,
        ),
    ] {
        let found = found(reference, &wrapper(parameters, before), given);
        assert_eq!(found.len(), 1, "{reference} {before}: {found:?}");
        assert_eq!(found[0].0, expected, "{reference} {before}");
    }
}

#[test]
fn what_is_handed_on_to_nobody_is_not_read() {
    let reference = "def f_torch(x, y):\n    return x + y";
    let given = format!("{X}, {X}");
    let out = "out = torch.empty_like(x)";
    for candidate in [
        format!(
            "def f_triton(x, y):\n    {out}\n    kernel[(64,)](x, y, out, x.numel(), 1e-5, BLOCK=256)\n    return out\n"
        ),
        format!(
            "def f_triton(x, y):\n    {out}\n    kernel[(64,)](x_ptr=x, y_ptr=y, out_ptr=out, n=x.numel(), eps=0.5, BLOCK=256)\n    return out\n"
        ),
        format!(
            "def run(a, b):\n    x = a\n    {out}\n    kernel[(64,)](a, a, out, a.numel(), 1e-5, BLOCK=256)\n    return out\ndef f_triton(x, y):\n    return run(x, y)\n"
        ),
        format!(
            "class Op(torch.autograd.Function):\n    @staticmethod\n    def forward(ctx, x, y):\n        {out}\n        kernel[(64,)](x, x, out, x.numel(), 1e-5, BLOCK=256)\n        return out\ndef f_triton(x, y):\n    return Op.apply(x, y)\n"
        ),
        format!(
            "class Op(torch.autograd.Function):\n    @staticmethod\n    def forward(ctx, x, y):\n        {out}\n        kernel[(64,)](x, x, out, x.numel(), 1e-5, BLOCK=256)\n        return out\nf_triton = Op.apply\n"
        ),
    ] {
        let found = found(reference, &candidate, &given);
        assert_eq!(found, [(Severity::Error, "y".to_owned())], "{candidate}");
    }
}

#[test]
fn what_asks_nothing_of_the_candidate() {
    let (one, two) = (format!("{X},"), format!("{X}, {X}"));
    for (reference, parameters, before, given) in [
        // Neither reads it.
        ("def f_torch(x, y):\n    return x * 2", "x, y", "pass", &*two),
        // It changes nothing, or what is random.
        (
            "def f_torch(x, training=False):\n    return F.dropout(x, 0.5, training=training) * 2",
            "x, training=False",
            "pass",
            &one,
        ),
        (
            "def f_torch(x, p=0.1, training=False):\n    return F.dropout(x, p, training) * 2",
            "x, p=0.1, training=False",
            "pass",
            &one,
        ),
        (
            "def f_torch(x, inplace=True):\n    return F.relu(x, inplace=inplace)",
            "x, inplace=True",
            "pass",
            &one,
        ),
        ("def f_torch(x, _unused=1):\n    return x * _unused", "x, _unused=1", "pass", &one),
        // It is asked for its shape, its type or whether it is there.
        ("def f_torch(x, y):\n    return (x * 2).to(y.dtype).view(y.shape)", "x, y", "pass", &two),
        ("def f_torch(x, y):\n    return (x * 2).expand_as(y)", "x, y", "pass", &two),
        ("def f_torch(x, y):\n    assert y.sum() > 0\n    return x * 2", "x, y", "pass", &two),
        (
            "def f_torch(x, y):\n    if isinstance(y, int):\n        raise ValueError(y)\n    return x * 2",
            "x, y",
            "pass",
            &two,
        ),
        (
            "def f_torch(x, mode='a'):\n    if mode not in ('a', 'b'):\n        raise ValueError\n    return x * 2",
            "x, mode='a'",
            "pass",
            &one,
        ),
        (
            "def f_torch(x, mask=None):\n    return x * 2 if mask is None else x + 1",
            "x, mask=None",
            "pass",
            &one,
        ),
        // The candidate reads it, or refuses other values.
        ("def f_torch(x, eps):\n    return x + eps", "x, eps", "y = eps", &format!("{X}, 0.5")),
        (
            "def f_torch(x, dim):\n    return x.softmax(dim)",
            "x, dim",
            "assert dim == -1",
            &format!("{X}, -1"),
        ),
        (
            "def f_torch(x, dim):\n    return x.softmax(dim)",
            "x, dim",
            "if dim != -1: raise ValueError",
            &format!("{X}, -1"),
        ),
        ("def f_torch(x, eps):\n    return x + eps", "x, eps", "given = locals()", &format!("{X}, 0.5")),
        ("def f_torch(x, eps):\n    return x + eps", "x, eps", "run = lambda: eps", &format!("{X}, 0.5")),
    ] {
        let found = found(reference, &wrapper(parameters, before), given);
        assert_eq!(found, [], "{reference} {before}");
    }
    // It is yet to be written, or takes what it is given as a whole.
    for candidate in [
        "def f_triton(x, y):\n    raise NotImplementedError\n",
        "def f_triton(*given):\n    out = torch.empty_like(given[0])\n    kernel[(64,)](*given, out, 8, 1e-5, BLOCK=256)\n    return out\n",
        "def run(*given):\n    out = torch.empty_like(given[0])\n    kernel[(64,)](*given, out, 8, 1e-5, BLOCK=256)\n    return out\ndef f_triton(x, y):\n    return run(x, y)\n",
    ] {
        assert_eq!(found("def f_torch(x, y):\n    return x + y", candidate, &two), [], "{candidate}");
    }
}

#[test]
fn modules_are_read_by_their_forward() {
    let text = |body: &str| {
        format!(
            "\"\"\"Case.\"\"\"\n# <PYTHON>\nimport torch\nclass Model(torch.nn.Module):\n    def forward(self, x, y):\n        return x + y\n\
             # <TRITON>\nimport torch, triton\nimport triton.language as tl\n{KERNEL}class ModelNew(torch.nn.Module):\n    def forward(self, x, y):\n        \
             out = torch.empty_like(x)\n        {body}\n        return out\n# <TEST>\nimport torch\ndef get_inputs():\n    return [{X}, {X}]\n\
             def get_init_inputs():\n    return []\n"
        )
    };
    let ignored = text("kernel[(64,)](x, x, out, x.numel(), 1e-5, BLOCK=256)");
    let file = PairFile::parse(&*ignored);
    let rules: Vec<_> = file.diagnostics().iter().map(|one| (one.rule, one.severity)).collect();
    assert!(rules.contains(&(Rule::IgnoredArgument, Severity::Error)), "{rules:?}");
}
