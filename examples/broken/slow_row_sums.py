"""Fused Kernels: squared row sums, right but by one program alone

What is wrong: the grid is (1,), so one of the card's many processors does all the work.
# expect: verdict=slower
"""

# <PYTHON>
import torch


def squared_row_sums_torch(x):
    squared = x * x
    return squared.sum(dim=-1)


# <TRITON>
import torch
import triton
import triton.language as tl


@triton.jit
def squared_row_sums_kernel(x_ptr, out_ptr, n_rows, n_columns, BLOCK: tl.constexpr):
    columns = tl.arange(0, BLOCK)
    mask = columns < n_columns
    for row in range(0, n_rows):
        x = tl.load(x_ptr + row * n_columns + columns, mask=mask, other=0.0)
        tl.store(out_ptr + row, tl.sum(x * x, axis=0))


def squared_row_sums_triton(x):
    x = x.contiguous()
    n_rows, n_columns = x.shape
    out = torch.empty(n_rows, device=x.device, dtype=x.dtype)
    squared_row_sums_kernel[(1,)](x, out, n_rows, n_columns, BLOCK=triton.next_power_of_2(n_columns))
    return out


# <TEST>
import torch


def get_test_inputs():
    return (torch.randn(1024, 4096, device="cuda"),)
