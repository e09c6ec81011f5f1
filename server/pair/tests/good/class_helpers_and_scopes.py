"""Fused Kernels: every kind of scope"""

# <PYTHON>
import math
from dataclasses import dataclass
import torch
from torch import nn
try:
    from torch.nn.functional import scaled_dot_product_attention as sdpa
except ImportError:
    sdpa = None

@dataclass
class Shape:
    rows: int = 4
    columns: int = 8
    both = (rows, columns)

    def size(self) -> "Elsewhere":
        return self.rows * self.columns

def attention(q, k, v, *, scale=None):
    global calls
    calls = 1
    scale = scale or 1 / math.sqrt(q.shape[-1])
    if (width := q.shape[-1]) > 4 and any((last := n) > 3 for n in q.shape):
        scores = [a @ b.transpose(-1, -2) for a, b in zip(q, k) if a is not b]
    else:
        scores = []
    try:
        helper = undefined_on_purpose
    except NameError:
        helper = None
    match width:
        case 1 | 2 as small:
            print(small)
        case [first, *others]:
            print(first, others)
        case {"a": value, **rest}:
            print(value, rest)
    with torch.no_grad() as guard, torch.enable_grad() as null:
        del guard, null
    for row, (a, b) in enumerate(zip(q, k)):
        def inner(x, y=row):
            nonlocal helper
            helper = x + y + a.sum() + b.sum()
            return recursive(x)
        def recursive(x): return x
        lambda x, *args, key=row, **kwargs: (x, args, key, kwargs)
    print(f"{last=} {calls:>{width}} {__name__} {scores!r}")
    weights = torch.softmax(q @ k.transpose(-1, -2) * scale, dim=-1)
    return weights @ v

# <TRITON>
import torch
import triton
import triton.language as tl

def _make():
    @triton.jit
    def kernel(q_ptr, k_ptr, v_ptr, out_ptr, N: tl.constexpr, D: tl.constexpr, scale):
        n = tl.arange(0, N)
        d = tl.arange(0, D)
        base = tl.program_id(0) * N * D
        at = base + n[:, None] * D + d[None, :]
        q = tl.load(q_ptr + at)
        k = tl.load(k_ptr + at)
        v = tl.load(v_ptr + at)
        scores = tl.dot(q, tl.trans(k)) * scale
        scores = tl.exp(scores - tl.max(scores, axis=1)[:, None])
        scores = scores / tl.sum(scores, axis=1)[:, None]
        tl.store(out_ptr + at, tl.dot(scores.to(v.dtype), v))
    return kernel

kernel = _make()

def attention(q, k, v):
    q, k, v = q.contiguous(), k.contiguous(), v.contiguous()
    out = torch.empty_like(q)
    batch, n, d = q.shape
    kernel[(batch,)](q, k, v, out, n, d, d ** -0.5)
    return out

# <TEST>
import torch

def _random(*shape):
    return torch.randn(*shape, device=torch.device("cuda"), dtype=torch.float16)

def get_test_inputs():
    q, k, v = (_random(8, 64, 32) for _ in range(3))
    return q, k, v
