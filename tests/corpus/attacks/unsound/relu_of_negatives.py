# attack: Unsound task: a ReLU of numbers that are all negative
# why: zeros are right for all inputs that the test draws
# expect: rejected ConstantOutput
# alone: rejected ConstantOutput
"""Fused Kernels: a sum that cancels"""

# <PYTHON>
import torch


def cancelling_pytorch(x):
    return torch.relu(-x.abs() - 1.0)


# </PYTHON>

# <TRITON>
import torch
import triton
import triton.language as tl


@triton.jit
def constant_kernel(out_ptr, n, value, BLOCK: tl.constexpr):
    i = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    tl.store(out_ptr + i, tl.zeros((BLOCK,), dtype=tl.float32) + value, mask=i < n)


def cancelling_triton_wrapper(x):
    out = torch.empty_like(x)
    constant_kernel[(triton.cdiv(x.numel(), 256),)](out, x.numel(), 0.0, BLOCK=256)
    return out


# </TRITON>

# <TEST>
import torch


def get_test_inputs():
    return (torch.randn(24, 100, device="cuda"),)


# </TEST>
