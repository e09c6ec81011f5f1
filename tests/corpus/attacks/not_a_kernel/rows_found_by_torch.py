# attack: Not a kernel: torch finds the rows, the kernel adds one
# why: the launch is needed for the result; the index was the work
# expect: rejected NotComputedByKernel
# alone: rejected NotComputedByKernel
"""Fused Kernels: rows by their index, plus one"""

# <PYTHON>
import torch
import torch.nn.functional as F


def shuffle_pytorch(x, idx):
    return x[idx] + 1.0


# </PYTHON>

# <TRITON>
import torch
import triton
import triton.language as tl


@triton.jit
def inc_kernel(x_ptr, out_ptr, n, BLOCK: tl.constexpr):
    o = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    tl.store(out_ptr + o, tl.load(x_ptr + o, mask=o < n) + 1.0, mask=o < n)


def shuffle_triton_wrapper(x, idx):
    y = x[idx]
    inc_kernel[(triton.cdiv(y.numel(), 256),)](y, y, y.numel(), BLOCK=256)
    return y


# </TRITON>

# <TEST>
import torch


def get_test_inputs():
    return torch.randn(100, 33, device="cuda"), torch.randperm(100, device="cuda")


# </TEST>
