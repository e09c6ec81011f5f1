# attack: Wrong kernel: rows and columns swapped, which a square input hides
# why: the test's matrix is square
# expect: rejected WrongAtSize
# alone: rejected WrongAtSize
"""Fused Kernels: matrix plus row vector"""

# <PYTHON>
import torch


def add_row_pytorch(x, row):
    return x + row


# </PYTHON>

# <TRITON>
import torch
import triton
import triton.language as tl


@triton.jit
def add_row_kernel(x_ptr, row_ptr, out_ptr, n, columns, BLOCK: tl.constexpr):
    i = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    mask = i < n
    tl.store(
        out_ptr + i, tl.load(x_ptr + i, mask=mask) + tl.load(row_ptr + i % columns, mask=mask), mask=mask
    )


def add_row_triton_wrapper(x, row):
    out = torch.empty_like(x)
    n = x.numel()
    add_row_kernel[(triton.cdiv(n, 256),)](x, row, out, n, x.shape[0], BLOCK=256)
    return out


# </TRITON>

# <TEST>
import torch


def get_test_inputs():
    return torch.randn(40, 40, device="cuda"), torch.randn(40, device="cuda")


# </TEST>
