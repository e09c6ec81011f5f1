# attack: Wrong kernel: division that truncates where the reference rounds down
# why: TEST draws no negative number
# expect: rejected WrongAtValues
# alone: rejected WrongAtValues
"""Fused Kernels: quotient and remainder"""

# <PYTHON>
import torch
import torch.nn.functional as F


def fd_pytorch(a, b):
    return torch.div(a, b, rounding_mode="floor") + a % b


# </PYTHON>

# <TRITON>
import torch
import triton
import triton.language as tl


@triton.jit
def fd_kernel(a_ptr, b_ptr, out_ptr, n, BLOCK: tl.constexpr):
    o = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    a = tl.load(a_ptr + o, mask=o < n, other=0)
    b = tl.load(b_ptr + o, mask=o < n, other=1)
    tl.store(out_ptr + o, a // b + a % b, mask=o < n)


def fd_triton_wrapper(a, b):
    a, b = a.contiguous(), b.contiguous()
    out = torch.empty_like(a)
    fd_kernel[(triton.cdiv(a.numel(), 256),)](a, b, out, a.numel(), BLOCK=256)
    return out


# </TRITON>

# <TEST>
import torch


def get_test_inputs():
    return torch.randint(0, 1000, (3000,), device="cuda"), torch.randint(1, 9, (3000,), device="cuda")


# </TEST>
