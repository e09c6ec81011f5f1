# kinds: elementwise, strided inputs, stride arguments, float32, 2-D grid
"""Fused Kernels: tanh of a transposed tensor times a column slice, each read where it lies"""

# <PYTHON>
import torch


def strided_gate_torch(x, gate):
    """`x` is a transposed view and `gate` every second column of a wider tensor."""
    return torch.tanh(x) * torch.sigmoid(gate) + x


# <TRITON>
import torch
import triton
import triton.language as tl


@triton.jit
def strided_gate_kernel(
    x_ptr,
    gate_ptr,
    out_ptr,
    n_rows,
    n_columns,
    stride_x_row,
    stride_x_column,
    stride_gate_row,
    stride_gate_column,
    stride_out_row,
    stride_out_column,
    ROWS: tl.constexpr,
    COLUMNS: tl.constexpr,
):
    rows = tl.program_id(0) * ROWS + tl.arange(0, ROWS)[:, None]
    columns = tl.program_id(1) * COLUMNS + tl.arange(0, COLUMNS)[None, :]
    mask = (rows < n_rows) & (columns < n_columns)
    x = tl.load(x_ptr + rows * stride_x_row + columns * stride_x_column, mask=mask, other=0.0)
    gate = tl.load(gate_ptr + rows * stride_gate_row + columns * stride_gate_column, mask=mask, other=0.0)
    tanh = 2.0 * tl.sigmoid(2.0 * x) - 1.0
    y = tanh * tl.sigmoid(gate) + x
    tl.store(out_ptr + rows * stride_out_row + columns * stride_out_column, y, mask=mask)


def strided_gate_triton(x, gate):
    assert x.shape == gate.shape and x.dim() == 2, "x and gate must be matrices of one shape"
    n_rows, n_columns = x.shape
    out = torch.empty((n_rows, n_columns), device=x.device, dtype=x.dtype)
    grid = (triton.cdiv(n_rows, 32), triton.cdiv(n_columns, 64))
    strided_gate_kernel[grid](
        x,
        gate,
        out,
        n_rows,
        n_columns,
        x.stride(0),
        x.stride(1),
        gate.stride(0),
        gate.stride(1),
        out.stride(0),
        out.stride(1),
        ROWS=32,
        COLUMNS=64,
    )
    return out


# <TEST>
import torch


def get_test_inputs():
    x = torch.randn(150, 90, device="cuda").t()
    gate = torch.randn(90, 300, device="cuda")[:, ::2]
    return x, gate
