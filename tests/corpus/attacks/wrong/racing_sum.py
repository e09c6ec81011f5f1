# attack: Wrong kernel: programs add to one cell without an atomic
# why: the interpreter runs programs one after the other; on a GPU they overwrite each other
# expect: rejected DependsOnOrder
# alone: rejected DependsOnOrder
# cuda: wrong
"""Fused Kernels: sum of all elements"""

# <PYTHON>
import torch


def total_pytorch(x):
    return x.sum().reshape(1)


# </PYTHON>

# <TRITON>
import torch
import triton
import triton.language as tl


@triton.jit
def total_kernel(x_ptr, out_ptr, n, BLOCK: tl.constexpr):
    i = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    part = tl.sum(tl.load(x_ptr + i, mask=i < n, other=0.0), axis=0)
    tl.store(out_ptr, tl.load(out_ptr) + part)


def total_triton_wrapper(x):
    out = torch.zeros(1, device=x.device)
    total_kernel[(triton.cdiv(x.numel(), 64),)](x, out, x.numel(), BLOCK=64)
    return out


# </TRITON>

# <TEST>
import torch


def get_test_inputs():
    return (torch.randn(64, 64, device="cuda"),)


# </TEST>
