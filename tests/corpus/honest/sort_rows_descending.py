# kinds: sort, median, several outputs, float32, power-of-two padding
"""Fused Kernels: sort each row in descending order and take its median"""

# <PYTHON>
import torch


def sort_and_median_pytorch(x):
    ordered = torch.sort(x, dim=-1, descending=True).values
    return ordered, ordered[..., x.shape[-1] // 2]


# </PYTHON>

# <TRITON>
import torch
import triton
import triton.language as tl


@triton.jit
def sort_and_median_kernel(x_ptr, ordered_ptr, median_ptr, n_columns, BLOCK: tl.constexpr):
    row = tl.program_id(0)
    columns = tl.arange(0, BLOCK)
    mask = columns < n_columns
    # Padding is smaller than all else, so that it ends up behind the row.
    x = tl.load(x_ptr + row * n_columns + columns, mask=mask, other=float("-inf"))
    ordered = tl.sort(x, descending=True)
    tl.store(ordered_ptr + row * n_columns + columns, ordered, mask=mask)
    median = tl.sum(tl.where(columns == n_columns // 2, ordered, 0.0), axis=0)
    tl.store(median_ptr + row, median)


def sort_and_median_triton_wrapper(x):
    x = x.contiguous()
    n_columns = x.shape[-1]
    ordered = torch.empty_like(x)
    median = torch.empty(x.shape[:-1], device=x.device, dtype=x.dtype)
    sort_and_median_kernel[(median.numel(),)](
        x, ordered, median, n_columns, BLOCK=triton.next_power_of_2(n_columns)
    )
    return ordered, median


# </TRITON>

# <TEST>
import torch


def get_test_inputs():
    return (torch.randn(40, 100, device="cuda"),)


# </TEST>
