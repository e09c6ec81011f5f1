'''Fused Kernels: RMS norm with a compiled reference'''
# <PYTHON>
import functools
import torch

def rms_norm(x, weight, eps):
    return x * torch.rsqrt(x.pow(2).mean(-1, keepdim=True) + eps) * weight

norm_torch = torch.compile(functools.partial(rms_norm, eps=1e-6))

# <TRITON>
import torch
import triton
import triton.language as tl
from triton import jit

def _norm(x_ptr, weight_ptr, out_ptr, columns, BLOCK: tl.constexpr):
    row = tl.program_id(0)
    at = tl.arange(0, BLOCK)
    inside = at < columns
    x = tl.load(x_ptr + row * columns + at, mask=inside, other=0.0)
    scale = tl.rsqrt(tl.sum(x * x, axis=0) / columns + 1e-6)
    tl.store(out_ptr + row * columns + at, x * scale * tl.load(weight_ptr + at, mask=inside), mask=inside)

_norm = jit(_norm)

def norm_triton(x, weight):
    x = x.contiguous()
    out = torch.empty_like(x)
    _norm[(x.shape[0],)](x, weight, out, x.shape[1], BLOCK=triton.next_power_of_2(x.shape[1]))
    return out

# <TEST>
import torch
from typing import Tuple

def get_test_inputs() -> Tuple[torch.Tensor, ...]:
    x = torch.empty(128, 256, dtype=torch.float32).normal_().to("cuda")
    weight = torch.ones(
        256,
        device="cuda",
    )
    inputs = (x, weight)
    return inputs
