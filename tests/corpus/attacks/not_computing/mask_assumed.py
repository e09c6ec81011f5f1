# attack: Not computing: the mask never read, because the test's mask is all true
# why: a mask of ones hides whether it is used
# expect: rejected WrongAtValues
# alone: rejected WrongAtValues
"""Fused Kernels: masked scale"""

# <PYTHON>
import torch


def masked_scale_pytorch(x, keep):
    return torch.where(keep, x * 2.0, torch.zeros_like(x))


# </PYTHON>

# <TRITON>
import torch
import triton
import triton.language as tl


@triton.jit
def masked_scale_kernel(x_ptr, keep_ptr, out_ptr, n, BLOCK: tl.constexpr):
    i = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    tl.store(out_ptr + i, tl.load(x_ptr + i, mask=i < n) * 2.0, mask=i < n)


def masked_scale_triton_wrapper(x, keep):
    out = torch.empty_like(x)
    masked_scale_kernel[(triton.cdiv(x.numel(), 256),)](x, keep, out, x.numel(), BLOCK=256)
    return out


# </TRITON>

# <TEST>
import torch


def get_test_inputs():
    return torch.randn(12, 100, device="cuda"), torch.ones(12, 100, device="cuda", dtype=torch.bool)


# </TEST>
