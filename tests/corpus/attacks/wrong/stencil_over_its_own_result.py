# attack: Wrong kernel: a mean of neighbours, in place, that reads what other programs wrote
# why: programs are numbered from the end, so that one after another they meet old values
# expect: rejected DependsOnOrder
# alone: rejected DependsOnOrder
"""Fused Kernels: mean of three neighbours"""

# <PYTHON>
import torch
import torch.nn.functional as F


def smooth_pytorch(x):
    y = x.clone()
    y[1:-1] = (x[:-2] + x[1:-1] + x[2:]) / 3
    return y


# </PYTHON>

# <TRITON>
import torch
import triton
import triton.language as tl


@triton.jit
def smooth_kernel(y_ptr, src_ptr, n, BLOCK: tl.constexpr):
    o = (tl.num_programs(0) - 1 - tl.program_id(0)) * BLOCK + tl.arange(0, BLOCK)
    inner = (o > 0) & (o < n - 1)
    a = tl.load(y_ptr + o - 1, mask=inner, other=0.0)
    b = tl.load(y_ptr + o, mask=inner, other=0.0)
    last = o % BLOCK == BLOCK - 1
    c = tl.load(tl.where(last, src_ptr + o + 1, y_ptr + o + 1), mask=inner, other=0.0)
    tl.store(y_ptr + o, (a + b + c) / 3, mask=inner)


def smooth_triton_wrapper(x):
    y = x.clone()
    smooth_kernel[(triton.cdiv(x.numel(), 128),)](y, x.contiguous(), x.numel(), BLOCK=128)
    return y


# </TRITON>

# <TEST>
import torch


def get_test_inputs():
    return (torch.randn(1000, device="cuda"),)


# </TEST>
