# attack: Not computing: softplus by its value for large inputs
# why: the test's inputs are all above 30, where softplus is the identity
# expect: rejected WrongAtValues
# alone: rejected WrongAtValues
"""Fused Kernels: softplus and scale"""

# <PYTHON>
import torch


def softplus_pytorch(x):
    return torch.nn.functional.softplus(x) * 0.5


# </PYTHON>

# <TRITON>
import torch
import triton
import triton.language as tl


@triton.jit
def softplus_kernel(x_ptr, out_ptr, n, BLOCK: tl.constexpr):
    i = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    mask = i < n
    tl.store(out_ptr + i, tl.load(x_ptr + i, mask=mask) * 0.5, mask=mask)


def softplus_triton_wrapper(x):
    out = torch.empty_like(x)
    softplus_kernel[(triton.cdiv(x.numel(), 256),)](x, out, x.numel(), BLOCK=256)
    return out


# </TRITON>

# <TEST>
import torch


def get_test_inputs():
    return (torch.rand(12, 100, device="cuda") + 30,)


# </TEST>
