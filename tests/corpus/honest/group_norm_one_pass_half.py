# kinds: normalisation, one-pass variance, float16, scalar arguments
"""Fused Kernels: group norm and SiLU, the variance as a difference of squares"""

# <PYTHON>
import torch
import torch.nn.functional as F


def group_norm_swish(x, weight, bias, groups: int):
    return F.silu(F.group_norm(x.float(), groups, weight.float(), bias.float(), 1e-5)).to(x.dtype)


# <TRITON>
import torch
import triton
import triton.language as tl


@triton.jit
def gn_kernel(x_ptr, w_ptr, b_ptr, y_ptr, C, HW, cpg, eps, BLOCK: tl.constexpr):
    n, g = tl.program_id(0), tl.program_id(1)
    size = cpg * HW
    base = (n * C + g * cpg) * HW
    s = 0.0
    ss = 0.0
    for start in range(0, size, BLOCK):
        i = start + tl.arange(0, BLOCK)
        x = tl.load(x_ptr + base + i, mask=i < size, other=0.0).to(tl.float32)
        s += tl.sum(x, axis=0)
        ss += tl.sum(x * x, axis=0)
    mean = s / size
    rstd = tl.rsqrt(ss / size - mean * mean + eps)
    for start in range(0, size, BLOCK):
        i = start + tl.arange(0, BLOCK)
        m = i < size
        c = g * cpg + i // HW
        x = tl.load(x_ptr + base + i, mask=m, other=0.0).to(tl.float32)
        w = tl.load(w_ptr + c, mask=m, other=0.0).to(tl.float32)
        b = tl.load(b_ptr + c, mask=m, other=0.0).to(tl.float32)
        y = (x - mean) * rstd * w + b
        tl.store(y_ptr + base + i, (y * tl.sigmoid(y)).to(tl.float16), mask=m)


def group_norm_swish_triton(x, weight, bias, groups: int):
    x = x.contiguous()
    N, C = x.shape[:2]
    HW = x.numel() // (N * C)
    y = torch.empty_like(x)
    gn_kernel[(N, groups)](x, weight, bias, y, C, HW, C // groups, 1e-5, BLOCK=512)
    return y


# <TEST>
import torch


def get_test_inputs():
    d = {"device": "cuda", "dtype": torch.float16}
    return torch.randn(2, 16, 10, 12, **d), torch.randn(16, **d), torch.randn(16, **d), 4
