# attack: Wrong kernel: each program reads the total that the one before it wrote
# why: Triton's interpreter runs them in that order
# expect: rejected DependsOnOrder
# cuda: wrong
# alone: rejected DependsOnOrder
"""Fused Kernels: running sum"""

# <PYTHON>
import torch
import torch.nn.functional as F


def cs_pytorch(x):
    return torch.cumsum(x, dim=0)


# </PYTHON>

# <TRITON>
import torch
import triton
import triton.language as tl


@triton.jit
def cs_kernel(x_ptr, out_ptr, n, BLOCK: tl.constexpr):
    p = tl.program_id(0)
    o = p * BLOCK + tl.arange(0, BLOCK)
    x = tl.load(x_ptr + o, mask=o < n, other=0.0)
    before = tl.load(out_ptr + p * BLOCK - 1, mask=p > 0, other=0.0)
    tl.store(out_ptr + o, before + tl.cumsum(x, 0), mask=o < n)


def cs_triton_wrapper(x):
    x = x.contiguous()
    out = torch.empty_like(x)
    cs_kernel[(triton.cdiv(x.numel(), 128),)](x, out, x.numel(), BLOCK=128)
    return out


# </TRITON>

# <TEST>
import torch


def get_test_inputs():
    return (torch.randn(1500, device="cuda"),)


# </TEST>
