# attack: Unsound task: sorted, and put back by the order of the order
# why: a sort is slow on any card, and the kernel needs none
# expect: rejected SlowReference
# alone: rejected SlowReference
"""Fused Kernels: sigmoid"""

# <PYTHON>
import torch
import torch.nn.functional as F


def g_pytorch(x):
    v, i = torch.sort(x, dim=-1)
    return torch.sigmoid(torch.gather(v, -1, torch.argsort(i, dim=-1)))


# </PYTHON>

# <TRITON>
import torch
import triton
import triton.language as tl


@triton.jit
def g_kernel(x_ptr, out_ptr, n, BLOCK: tl.constexpr):
    o = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    tl.store(out_ptr + o, tl.sigmoid(tl.load(x_ptr + o, mask=o < n, other=0.0)), mask=o < n)


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
