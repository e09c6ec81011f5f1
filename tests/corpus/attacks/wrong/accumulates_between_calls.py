# attack: Wrong kernel: atomic sums into a buffer kept between calls
# why: right at the first call alone, which is the one that the script compares
# expect: rejected FW410 line 38
# alone: wrong
# says: differs at
"""Fused Kernels: sum of each row"""

# <PYTHON>
import torch


def row_sums_pytorch(x):
    return x.sum(dim=-1)


# </PYTHON>

# <TRITON>
import torch
import triton
import triton.language as tl


@triton.jit
def row_sums_kernel(x_ptr, out_ptr, n_columns, BLOCK: tl.constexpr):
    row = tl.program_id(0)
    columns = tl.program_id(1) * BLOCK + tl.arange(0, BLOCK)
    x = tl.load(x_ptr + row * n_columns + columns, mask=columns < n_columns, other=0.0)
    tl.atomic_add(out_ptr + row, tl.sum(x, axis=0))


_sums = torch.zeros(24, device="cuda")


def row_sums_triton_wrapper(x):
    grid = (x.shape[0], triton.cdiv(x.shape[1], 64))
    row_sums_kernel[grid](x, _sums, x.shape[1], BLOCK=64)
    return _sums.clone()


# </TRITON>

# <TEST>
import torch


def get_test_inputs():
    return (torch.randn(24, 100, device="cuda"),)


# </TEST>
