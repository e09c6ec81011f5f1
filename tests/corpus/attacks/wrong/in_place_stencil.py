# attack: Wrong kernel: neighbours read from memory that other programs overwrite
# why: right where the order of programs happens to suit
# expect: wrong
# cuda: rejected WrongInterpreted
# alone: wrong
# says: differs at
"""Fused Kernels: sum of each element and its left neighbour"""

# <PYTHON>
import torch


def neighbours_pytorch(x):
    return x + torch.nn.functional.pad(x, (1, 0))[:-1]


# </PYTHON>

# <TRITON>
import torch
import triton
import triton.language as tl


@triton.jit
def neighbours_kernel(x_ptr, n, BLOCK: tl.constexpr):
    i = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    mask = i < n
    left = tl.load(x_ptr + i - 1, mask=mask & (i > 0), other=0.0)
    tl.store(x_ptr + i, tl.load(x_ptr + i, mask=mask) + left, mask=mask)


def neighbours_triton_wrapper(x):
    out = x.clone()
    neighbours_kernel[(triton.cdiv(x.numel(), 64),)](out, x.numel(), BLOCK=64)
    return out


# </TRITON>

# <TEST>
import torch


def get_test_inputs():
    return (torch.randn(1000, device="cuda"),)


# </TEST>
