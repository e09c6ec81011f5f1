# attack: Not a kernel: a kernel of Numba's CUDA compiler
# why: a jitted kernel is launched with a grid: only the decorator differs
# expect: rejected FW401 line 25
# alone: static
"""Fused Kernels: product, ReLU and residual"""

# <PYTHON>
import torch


def gated_residual_pytorch(x, y):
    return torch.relu(x * y) + x


# </PYTHON>

# <TRITON>
from numba import cuda

import torch
import triton
import triton.language as tl


@cuda.jit
def gated_residual_numba(x, y, out):
    i = cuda.grid(1)
    if i < x.size:
        out[i] = max(x[i] * y[i], 0.0) + x[i]


@triton.jit
def gated_residual_kernel(x_ptr, out_ptr):
    tl.store(out_ptr, tl.load(x_ptr))


def gated_residual_triton_wrapper(x, y):
    out = torch.empty_like(x)
    gated_residual_numba[5, 256](x.flatten(), y.flatten(), out.view(-1))
    return out


# </TRITON>

# <TEST>
import torch


def get_test_inputs():
    return torch.randn(12, 100, device="cuda"), torch.randn(12, 100, device="cuda")


# </TEST>
