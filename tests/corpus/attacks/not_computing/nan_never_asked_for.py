# attack: Not computing: what the reference does for NaN and infinity is left out
# why: TEST draws neither
# expect: rejected WrongAtValues
# alone: rejected WrongAtValues
"""Fused Kernels: numbers in place of NaN, doubled"""

# <PYTHON>
import torch
import torch.nn.functional as F


def clean_pytorch(x):
    return torch.nan_to_num(x, nan=0.0, posinf=1.0, neginf=-1.0) * 2.0


# </PYTHON>

# <TRITON>
import torch
import triton
import triton.language as tl


@triton.jit
def clean_kernel(x_ptr, out_ptr, n, BLOCK: tl.constexpr):
    o = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    tl.store(out_ptr + o, tl.load(x_ptr + o, mask=o < n, other=0.0) * 2.0, mask=o < n)


def clean_triton_wrapper(x):
    x = x.contiguous()
    out = torch.empty_like(x)
    clean_kernel[(triton.cdiv(x.numel(), 256),)](x, out, x.numel(), BLOCK=256)
    return out


# </TRITON>

# <TEST>
import torch


def get_test_inputs():
    return (torch.randn(3000, device="cuda"),)


# </TEST>
