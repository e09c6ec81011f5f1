# kinds: elementwise, boolean output, nearly all False, reduction, int32 output, open style
"""Fused Kernels: mark values far from their row's mean and count them"""

# <PYTHON>
import torch


def outlier_flags_torch(x, n_deviations):
    """With a threshold of four deviations hardly a value is marked."""
    mean = x.mean(dim=-1, keepdim=True)
    deviation = x.var(dim=-1, keepdim=True, correction=0).sqrt()
    flags = (x - mean).abs() > n_deviations * deviation
    return flags, flags.sum(dim=-1, dtype=torch.int32)


# <TRITON>
import torch
import triton
import triton.language as tl


@triton.jit
def outlier_flags_kernel(
    x_ptr, flags_ptr, counts_ptr, n_deviations, n_rows, n_columns, ROWS: tl.constexpr, BLOCK: tl.constexpr
):
    rows = tl.program_id(0) * ROWS + tl.arange(0, ROWS)
    columns = tl.arange(0, BLOCK)
    in_rows = rows < n_rows
    mask = in_rows[:, None] & (columns[None, :] < n_columns)
    offsets = rows[:, None] * n_columns + columns[None, :]
    x = tl.load(x_ptr + offsets, mask=mask, other=0.0)
    mean = tl.sum(x, axis=1) / n_columns
    centred = tl.where(mask, x - mean[:, None], 0.0)
    variance = tl.sum(centred * centred, axis=1) / n_columns
    flags = tl.abs(centred) > n_deviations * tl.sqrt(variance)[:, None]
    tl.store(flags_ptr + offsets, flags, mask=mask)
    tl.store(counts_ptr + rows, tl.sum((flags & mask).to(tl.int32), axis=1), mask=in_rows)


def outlier_flags_triton(x, n_deviations):
    x = x.contiguous()
    n_columns = x.shape[-1]
    n_rows = x.numel() // n_columns
    flags = torch.empty(x.shape, device=x.device, dtype=torch.bool)
    counts = torch.empty(x.shape[:-1], device=x.device, dtype=torch.int32)
    outlier_flags_kernel[(triton.cdiv(n_rows, 4),)](
        x, flags, counts, n_deviations, n_rows, n_columns, ROWS=4, BLOCK=triton.next_power_of_2(n_columns)
    )
    return flags, counts


# <TEST>
import torch


def get_test_inputs():
    x = torch.randn(64, 500, device="cuda")
    x[torch.randint(0, 64, (9,), device="cuda"), torch.randint(0, 500, (9,), device="cuda")] = 15.0
    return x, 4.0
