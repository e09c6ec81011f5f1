# attack: Unsound task: limits that nothing reaches, and dropout that drops nothing
# why: the kernel is a copy, and right
# expect: rejected IdleReference
# alone: rejected IdleReference
"""Fused Kernels: limited values"""

# <PYTHON>
import torch
import torch.nn.functional as F


def drop_pytorch(x):
    return F.dropout(torch.clamp(x, -1e4, 1e4), p=0.0, training=True)


# </PYTHON>

# <TRITON>
import torch
import triton
import triton.language as tl


@triton.jit
def d_kernel(x_ptr, out_ptr, n, BLOCK: tl.constexpr):
    o = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    tl.store(out_ptr + o, tl.load(x_ptr + o, mask=o < n), mask=o < n)


def drop_triton_wrapper(x):
    x = x.contiguous()
    out = torch.empty_like(x)
    d_kernel[(triton.cdiv(x.numel(), 256),)](x, out, x.numel(), BLOCK=256)
    return out


# </TRITON>

# <TEST>
import torch


def get_test_inputs():
    return (torch.randn(40, 50, device="cuda"),)


# </TEST>
