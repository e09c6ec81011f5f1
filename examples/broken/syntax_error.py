"""Fused Kernels: exponential and addition, with a comma left out

What is wrong: nothing stands between the arguments of the second load.
# expect: verdict=error implementation=triton stage=parse line=28
"""

# <PYTHON>
import torch


def exp_add_torch(x, y):
    return torch.exp(x) + y


# </PYTHON>

# <TRITON>
import torch
import triton
import triton.language as tl


@triton.jit
def exp_add_kernel(x_ptr, y_ptr, out_ptr, n_elements, BLOCK: tl.constexpr):
    offsets = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    mask = offsets < n_elements
    x = tl.load(x_ptr + offsets, mask=mask)
    y = tl.load(y_ptr + offsets mask=mask)
    tl.store(out_ptr + offsets, tl.exp(x) + y, mask=mask)


def exp_add_triton(x, y):
    out = torch.empty_like(x)
    exp_add_kernel[(triton.cdiv(x.numel(), 4096),)](x, y, out, x.numel(), BLOCK=4096)
    return out


# </TRITON>

# <TEST>
import torch


def get_test_inputs():
    return torch.randn(1024, 1024, device="cuda"), torch.randn(1024, 1024, device="cuda")


# </TEST>
