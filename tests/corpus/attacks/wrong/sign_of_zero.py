# attack: Wrong kernel: the sign of zero is minus one
# why: no draw is exactly zero
# expect: rejected WrongAtValues
# alone: rejected WrongAtValues
"""Fused Kernels: sign with gain"""

# <PYTHON>
import torch


def sign_gain_pytorch(x, gain):
    return torch.sign(x) * gain


# </PYTHON>

# <TRITON>
import torch
import triton
import triton.language as tl


@triton.jit
def sign_gain_kernel(x_ptr, gain_ptr, out_ptr, n, BLOCK: tl.constexpr):
    i = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    m = i < n
    x = tl.load(x_ptr + i, mask=m, other=0.0)
    gain = tl.load(gain_ptr + i, mask=m, other=0.0)
    tl.store(out_ptr + i, tl.where(x > 0, 1.0, -1.0) * gain, mask=m)


def sign_gain_triton_wrapper(x, gain):
    out = torch.empty_like(x)
    sign_gain_kernel[(triton.cdiv(out.numel(), 512),)](x, gain, out, out.numel(), BLOCK=512)
    return out


# </TRITON>

# <TEST>
import torch


def get_test_inputs():
    return torch.randn(50, 90, device="cuda"), torch.randn(50, 90, device="cuda")


# </TEST>
