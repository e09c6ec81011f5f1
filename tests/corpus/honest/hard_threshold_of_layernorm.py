# kinds: normalisation, elementwise, float16
"""Fused Kernels: layer norm and a hard threshold in float16, computed in float32"""

# <PYTHON>
import torch
import torch.nn.functional as F


def sparsify_half(x):
    return F.hardshrink(F.layer_norm(x, (x.shape[-1],)), 0.5)


# <TRITON>
import torch
import triton
import triton.language as tl


@triton.jit
def kernel(x_ptr, y_ptr, N, eps, BLOCK: tl.constexpr):
    row = tl.program_id(0)
    c = tl.arange(0, BLOCK)
    m = c < N
    x = tl.load(x_ptr + row * N + c, mask=m, other=0.0).to(tl.float32)
    mean = tl.sum(x, 0) / N
    d = tl.where(m, x - mean, 0.0)
    h = d / tl.sqrt(tl.sum(d * d, 0) / N + eps)
    tl.store(y_ptr + row * N + c, tl.where(tl.abs(h) > 0.5, h, 0.0).to(tl.float16), mask=m)


def sparsify_half_triton(x):
    x = x.contiguous()
    y = torch.empty_like(x)
    N = x.shape[-1]
    kernel[(x.numel() // N,)](x, y, N, 1e-5, BLOCK=triton.next_power_of_2(N))
    return y


# <TEST>
import torch


def get_test_inputs():
    return (torch.randn(40, 300, device="cuda", dtype=torch.float16),)
