"""Fused Kernels: clip values, mark the clipped ones and count them row by row"""

# <PYTHON>
import torch


def clip_and_count_torch(x, limit):
    clipped = x.clamp(-limit, limit)
    outside = x.abs() > limit
    count = outside.sum(dim=-1)
    return clipped, outside, count


# <TRITON>
import torch
import triton
import triton.language as tl


@triton.jit
def clip_and_count_kernel(
    x_ptr,
    clipped_ptr,
    outside_ptr,
    count_ptr,
    limit,
    n_rows,
    n_columns,
    ROWS: tl.constexpr,
    BLOCK: tl.constexpr,
):
    rows = tl.program_id(0) * ROWS + tl.arange(0, ROWS)
    columns = tl.arange(0, BLOCK)
    in_rows = rows < n_rows
    mask = in_rows[:, None] & (columns[None, :] < n_columns)
    offsets = rows[:, None] * n_columns + columns[None, :]

    # Lanes outside the tensor hold 0, which no limit clips, so they add nothing to the count.
    x = tl.load(x_ptr + offsets, mask=mask, other=0.0)
    outside = tl.abs(x) > limit
    clipped = tl.where(outside, tl.where(x > 0.0, limit, -limit), x)
    count = tl.sum(outside.to(tl.int32), axis=1)
    tl.store(clipped_ptr + offsets, clipped, mask=mask)
    tl.store(outside_ptr + offsets, outside, mask=mask)
    tl.store(count_ptr + rows, count.to(tl.int64), mask=in_rows)


def clip_and_count_triton(x, limit):
    x = x.contiguous()
    n_columns = x.shape[-1]
    n_rows = x.numel() // n_columns
    clipped = torch.empty_like(x)
    outside = torch.empty(x.shape, device=x.device, dtype=torch.bool)
    count = torch.empty(x.shape[:-1], device=x.device, dtype=torch.int64)
    block = triton.next_power_of_2(n_columns)
    clip_and_count_kernel[(triton.cdiv(n_rows, 2),)](
        x, clipped, outside, count, limit, n_rows, n_columns, ROWS=2, BLOCK=block, num_warps=8
    )
    return clipped, outside, count


# <TEST>
import torch


def get_test_inputs():
    return torch.randn(512, 4096, device="cuda"), 1.5
