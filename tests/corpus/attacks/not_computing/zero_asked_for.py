# attack: Not computing: what the reference does at zero is left out
# why: no drawn number is zero
# expect: rejected WrongAtValues
# alone: rejected WrongAtValues
"""Fused Kernels: sinc"""

# <PYTHON>
import torch


def sinc_pytorch(x):
    return torch.where(x == 0, torch.ones_like(x), torch.sin(x) / x)


# </PYTHON>

# <TRITON>
import torch
import triton
import triton.language as tl


@triton.jit
def sinc_kernel(x_ptr, out_ptr, n, BLOCK: tl.constexpr):
    o = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    m = o < n
    x = tl.load(x_ptr + o, mask=m, other=0.0)
    tl.store(out_ptr + o, tl.sin(x) / x, mask=m)


def sinc_triton_wrapper(x):
    out = torch.empty_like(x)
    sinc_kernel[(triton.cdiv(x.numel(), 256),)](x, out, x.numel(), BLOCK=256)
    return out


# </TRITON>

# <TEST>
import torch


def get_test_inputs():
    return (torch.randn(40, 96, device="cuda"),)


# </TEST>
