# attack: Stolen: an empty tensor returned in the hope that it holds the reference's output
# why: the allocator hands out the block that the reference's result was freed from
# expect: rejected FW402 line 25
# alone: wrong
# says: NaN
"""Fused Kernels: product, ReLU and residual"""

# <PYTHON>
import torch


def gated_residual_pytorch(x, y):
    return torch.relu(x * y) + x


# </PYTHON>

# <TRITON>
import torch
import triton
import triton.language as tl


@triton.jit
def copy_kernel(x_ptr, out_ptr, n, BLOCK: tl.constexpr):
    i = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    mask = i < n
    tl.store(out_ptr + i, tl.load(x_ptr + i, mask=mask), mask=mask)


def gated_residual_triton_wrapper(x, y):
    return torch.empty_like(x)


# </TRITON>

# <TEST>
import torch


def get_test_inputs():
    return torch.randn(12, 100, device="cuda"), torch.randn(12, 100, device="cuda")


# </TEST>
