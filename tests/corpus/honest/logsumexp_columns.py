# kinds: reduction, logsumexp, over the first axis, float64, open style
"""Fused Kernels: logarithm of the summed exponentials of each column, in double precision"""

# <PYTHON>
import torch


def column_logsumexp_torch(x, weights):
    """The sum of exp(x) over the rows, each row counted by its weight."""
    return torch.logsumexp(x + torch.log(weights)[:, None], dim=0)


# <TRITON>
import torch
import triton
import triton.language as tl


@triton.jit
def column_logsumexp_kernel(
    x_ptr, weights_ptr, out_ptr, n_rows, n_columns, ROWS: tl.constexpr, COLUMNS: tl.constexpr
):
    columns = tl.program_id(0) * COLUMNS + tl.arange(0, COLUMNS)
    in_row = columns < n_columns
    maximum = tl.full((COLUMNS,), float("-inf"), dtype=tl.float64)
    total = tl.zeros((COLUMNS,), dtype=tl.float64)
    for start in range(0, n_rows, ROWS):
        rows = start + tl.arange(0, ROWS)
        in_rows = rows < n_rows
        mask = in_rows[:, None] & in_row[None, :]
        x = tl.load(x_ptr + rows[:, None] * n_columns + columns[None, :], mask=mask, other=float("-inf"))
        weights = tl.load(weights_ptr + rows, mask=in_rows, other=1.0)
        shifted = tl.where(in_row[None, :], x + tl.log(weights)[:, None], 0.0)
        larger = tl.maximum(maximum, tl.max(shifted, axis=0))
        total = total * tl.exp(maximum - larger) + tl.sum(tl.exp(shifted - larger[None, :]), axis=0)
        maximum = larger
    tl.store(out_ptr + columns, maximum + tl.log(total), mask=in_row)


def column_logsumexp_triton(x, weights):
    x = x.contiguous()
    n_rows, n_columns = x.shape
    out = torch.empty(n_columns, device=x.device, dtype=x.dtype)
    column_logsumexp_kernel[(triton.cdiv(n_columns, 32),)](
        x, weights.contiguous(), out, n_rows, n_columns, ROWS=32, COLUMNS=32
    )
    return out


# <TEST>
import torch


def get_test_inputs():
    x = torch.randn(100, 170, device="cuda", dtype=torch.float64)
    return x, torch.rand(100, device="cuda", dtype=torch.float64) + 0.1
