# attack: Harness: a function built from a code object of another one
# why: the function's own text is honest; its code is not
# expect: rejected FW402 line 27
# finds: FW409 line 43
# alone: rejected NoLaunch
"""Fused Kernels: product, ReLU and residual"""

# <PYTHON>
import torch


def gated_residual_pytorch(x, y):
    return torch.relu(x * y) + x


# </PYTHON>

# <TRITON>
import types

import torch
import triton
import triton.language as tl


@triton.jit
def gated_residual_kernel(x_ptr, y_ptr, out_ptr, n, BLOCK: tl.constexpr):
    i = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    mask = i < n
    x = tl.load(x_ptr + i, mask=mask, other=0.0)
    y = tl.load(y_ptr + i, mask=mask, other=0.0)
    tl.store(out_ptr + i, tl.maximum(x * y, 0.0) + x, mask=mask)


def template(x, y):
    return x


def other(x, y):
    return torch.relu(x * y) + x


_made = types.FunctionType(other.__code__, globals())


def gated_residual_triton_wrapper(x, y):
    return _made(x, y)


# </TRITON>

# <TEST>
import torch


def get_test_inputs():
    return torch.randn(12, 100, device="cuda"), torch.randn(12, 100, device="cuda")


# </TEST>
