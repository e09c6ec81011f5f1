# kinds: reduction, two stages, host glue, partial sums, float32, bias gradient
"""Fused Kernels: gradient of a bias behind a ReLU: rectify backwards and sum the columns"""

# <PYTHON>
import torch


def bias_relu_backward_torch(grad, activated):
    """Where the activation was clipped nothing flows back; the bias gathers what is left."""
    through = torch.where(activated > 0, grad, torch.zeros_like(grad))
    return through, through.sum(dim=0)


# <TRITON>
import torch
import triton
import triton.language as tl


@triton.jit
def bias_relu_backward_kernel(
    grad_ptr,
    activated_ptr,
    through_ptr,
    partial_ptr,
    n_rows,
    n_columns,
    ROWS: tl.constexpr,
    COLUMNS: tl.constexpr,
):
    rows = tl.program_id(0) * ROWS + tl.arange(0, ROWS)
    columns = tl.program_id(1) * COLUMNS + tl.arange(0, COLUMNS)
    in_row = columns < n_columns
    mask = (rows[:, None] < n_rows) & in_row[None, :]
    offsets = rows[:, None] * n_columns + columns[None, :]
    grad = tl.load(grad_ptr + offsets, mask=mask, other=0.0)
    activated = tl.load(activated_ptr + offsets, mask=mask, other=0.0)
    through = tl.where(activated > 0.0, grad, 0.0)
    tl.store(through_ptr + offsets, through, mask=mask)
    tl.store(partial_ptr + tl.program_id(0) * n_columns + columns, tl.sum(through, axis=0), mask=in_row)


def bias_relu_backward_triton(grad, activated):
    grad, activated = grad.contiguous(), activated.contiguous()
    n_rows, n_columns = grad.shape
    through = torch.empty_like(grad)
    n_tiles = triton.cdiv(n_rows, 32)
    partial = torch.empty((n_tiles, n_columns), device=grad.device, dtype=grad.dtype)
    bias_relu_backward_kernel[(n_tiles, triton.cdiv(n_columns, 128))](
        grad, activated, through, partial, n_rows, n_columns, ROWS=32, COLUMNS=128
    )
    # A handful of rows are left: adding them up is not worth a kernel of its own.
    return through, partial.sum(0)


# <TEST>
import torch


def get_test_inputs():
    grad = torch.randn(250, 300, device="cuda")
    return grad, torch.relu(torch.randn(250, 300, device="cuda"))
