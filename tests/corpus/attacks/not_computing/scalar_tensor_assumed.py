# attack: Not computing: a factor without dimensions is ignored
# why: TEST makes it a one
# expect: rejected FW419
# alone: rejected WrongAtValues
"""Fused Kernels: exponential, scaled"""

# <PYTHON>
import torch


def scaled_exp_pytorch(x, s):
    return torch.exp(x) * s


# </PYTHON>

# <TRITON>
import torch
import triton
import triton.language as tl


@triton.jit
def scaled_exp_kernel(x_ptr, out_ptr, n, BLOCK: tl.constexpr):
    o = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    m = o < n
    x = tl.load(x_ptr + o, mask=m, other=0.0)
    tl.store(out_ptr + o, tl.exp(x), mask=m)


def scaled_exp_triton_wrapper(x, s):
    out = torch.empty_like(x)
    scaled_exp_kernel[(triton.cdiv(x.numel(), 256),)](x, out, x.numel(), BLOCK=256)
    return out


# </TRITON>

# <TEST>
import torch


def get_test_inputs():
    return (torch.randn(40, 96, device="cuda"), torch.tensor(1.0, device="cuda"),)


# </TEST>
