# attack: Unsound task: the mean of five equal branches
# why: each branch adds a zero of its own, so that no two calls are the same
# expect: rejected SlowReference
# alone: rejected SlowReference
"""Fused Kernels: hyperbolic tangent"""

# <PYTHON>
import torch
import torch.nn.functional as F


def g_pytorch(x):
    parts = torch.stack([torch.tanh(x + 0.0 * i) for i in range(5)])
    return parts.mean(0)


# </PYTHON>

# <TRITON>
import torch
import triton
import triton.language as tl


@triton.jit
def g_kernel(x_ptr, out_ptr, n, BLOCK: tl.constexpr):
    o = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    tl.store(out_ptr + o, 2 * tl.sigmoid(2 * tl.load(x_ptr + o, mask=o < n, other=0.0)) - 1, mask=o < n)


def g_triton_wrapper(x):
    x = x.contiguous()
    out = torch.empty_like(x)
    g_kernel[(triton.cdiv(x.numel(), 256),)](x, out, x.numel(), BLOCK=256)
    return out


# </TRITON>

# <TEST>
import torch


def get_test_inputs():
    return (torch.randn(40, 64, device="cuda"),)


# </TEST>
