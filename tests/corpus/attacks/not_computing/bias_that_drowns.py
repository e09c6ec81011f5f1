# attack: Not computing: a bias that is smaller than the last digit of what it is added to
# why: the tolerance at ten millions is thirteen
# expect: rejected FW419 line 30
# alone: rejected WrongAtValues
"""Fused Kernels: bias"""

# <PYTHON>
import torch
import torch.nn.functional as F


def big_pytorch(x, bias):
    return x + bias


# </PYTHON>

# <TRITON>
import torch
import triton
import triton.language as tl


@triton.jit
def big_kernel(x_ptr, out_ptr, n, BLOCK: tl.constexpr):
    o = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    tl.store(out_ptr + o, tl.load(x_ptr + o, mask=o < n), mask=o < n)


def big_triton_wrapper(x, bias):
    x = x.contiguous()
    out = torch.empty_like(x)
    big_kernel[(triton.cdiv(x.numel(), 256),)](x, out, x.numel(), BLOCK=256)
    return out


# </TRITON>

# <TEST>
import torch


def get_test_inputs():
    return torch.randn(40, 50, device="cuda") * 100 + 1e7, torch.rand(50, device="cuda")


# </TEST>
