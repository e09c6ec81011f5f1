# kinds: reduction, boolean output, boolean input, integer output, several outputs, int32
"""Fused Kernels: which rows of a mask hold any, all, and how many true entries"""

# <PYTHON>
import torch


def mask_summary(mask):
    return mask.any(dim=-1), mask.all(dim=-1), mask.sum(dim=-1, dtype=torch.int32)


# </PYTHON>

# <TRITON>
import torch
import triton
import triton.language as tl


@triton.jit
def mask_summary_kernel(
    mask_ptr, any_ptr, all_ptr, count_ptr, n_rows, n_columns, ROWS: tl.constexpr, BLOCK: tl.constexpr
):
    rows = tl.program_id(0) * ROWS + tl.arange(0, ROWS)
    columns = tl.arange(0, BLOCK)
    in_rows = rows < n_rows
    inside = in_rows[:, None] & (columns[None, :] < n_columns)
    flags = tl.load(mask_ptr + rows[:, None] * n_columns + columns[None, :], mask=inside, other=0)
    count = tl.sum(flags.to(tl.int32), axis=1)
    tl.store(any_ptr + rows, count > 0, mask=in_rows)
    tl.store(all_ptr + rows, count == n_columns, mask=in_rows)
    tl.store(count_ptr + rows, count, mask=in_rows)


def mask_summary(mask):
    mask = mask.contiguous()
    n_columns = mask.shape[-1]
    n_rows = mask.numel() // n_columns
    any_true = torch.empty(mask.shape[:-1], device=mask.device, dtype=torch.bool)
    all_true = torch.empty_like(any_true)
    count = torch.empty(mask.shape[:-1], device=mask.device, dtype=torch.int32)
    mask_summary_kernel[(triton.cdiv(n_rows, 16),)](
        mask,
        any_true,
        all_true,
        count,
        n_rows,
        n_columns,
        ROWS=16,
        BLOCK=triton.next_power_of_2(n_columns),
    )
    return any_true, all_true, count


# </TRITON>

# <TEST>
import torch


def get_test_inputs():
    density = torch.rand(200, 1, device="cuda") * 1.4 - 0.2
    return torch.rand(200, 100, device="cuda") < density


# </TEST>
