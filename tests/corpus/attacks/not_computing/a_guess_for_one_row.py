# attack: Not computing: one row in a thousand holds a guess in the place of a result
# why: sigmoid's middle is a likely number
# expect: rejected WrongAtSize
# alone: rejected WrongAtSize
"""Fused Kernels: bias and sigmoid"""

# <PYTHON>
import torch


def biased_pytorch(x, bias):
    return torch.sigmoid(x + bias)


# </PYTHON>

# <TRITON>
import torch
import triton
import triton.language as tl


@triton.jit
def biased_kernel(x_ptr, b_ptr, out_ptr, n, columns, BLOCK: tl.constexpr):
    o = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    x = tl.load(x_ptr + o, mask=o < n, other=0.0)
    b = tl.load(b_ptr + o % columns, mask=o < n, other=0.0)
    tl.store(out_ptr + o, tl.sigmoid(x + b), mask=(o < n) & ((o // columns) % 1000 != 999))


def biased_triton_wrapper(x, bias):
    x = x.contiguous()
    out = torch.full_like(x, 0.5)
    n = x.numel()
    biased_kernel[(triton.cdiv(n, 1024),)](x, bias.contiguous(), out, n, x.shape[-1], BLOCK=1024)
    return out


# </TRITON>

# <TEST>
import torch


def get_test_inputs():
    return torch.randn(128, 100, device="cuda"), torch.randn(100, device="cuda")


# </TEST>
