# kinds: elementwise, reference with a small loop over layers, static loop, float32, polynomial
"""Fused Kernels: five affine layers with tanh, applied one after the other to each element"""

# <PYTHON>
import torch


def layered_affine_pytorch(x, scales, shifts):
    """scales and shifts are (layers, columns): each layer has its own for every column."""
    for layer in range(scales.shape[0]):
        x = torch.tanh(x * scales[layer] + shifts[layer])
    return x


# </PYTHON>

# <TRITON>
import torch
import triton
import triton.language as tl


@triton.jit
def _tanh(x):
    # The sign is put back at the end: the exponential of a negative number cannot overflow.
    decayed = tl.exp(-2.0 * tl.abs(x))
    magnitude = (1.0 - decayed) / (1.0 + decayed)
    return tl.where(x < 0.0, -magnitude, magnitude)


@triton.jit
def layered_affine_kernel(
    x_ptr,
    scales_ptr,
    shifts_ptr,
    out_ptr,
    n_rows,
    n_columns,
    LAYERS: tl.constexpr,
    ROWS: tl.constexpr,
    COLUMNS: tl.constexpr,
):
    """The element stays in its register through all layers."""
    rows = tl.program_id(0) * ROWS + tl.arange(0, ROWS)
    columns = tl.program_id(1) * COLUMNS + tl.arange(0, COLUMNS)
    in_row = columns < n_columns
    mask = (rows[:, None] < n_rows) & in_row[None, :]
    offsets = rows[:, None] * n_columns + columns[None, :]
    x = tl.load(x_ptr + offsets, mask=mask, other=0.0)
    for layer in tl.static_range(LAYERS):
        scale = tl.load(scales_ptr + layer * n_columns + columns, mask=in_row, other=0.0)
        shift = tl.load(shifts_ptr + layer * n_columns + columns, mask=in_row, other=0.0)
        x = _tanh(x * scale[None, :] + shift[None, :])
    tl.store(out_ptr + offsets, x, mask=mask)


def layered_affine_triton_wrapper(x, scales, shifts):
    x = x.contiguous()
    n_rows, n_columns = x.shape
    out = torch.empty_like(x)
    grid = (triton.cdiv(n_rows, 16), triton.cdiv(n_columns, 64))
    layered_affine_kernel[grid](
        x,
        scales.contiguous(),
        shifts.contiguous(),
        out,
        n_rows,
        n_columns,
        LAYERS=scales.shape[0],
        ROWS=16,
        COLUMNS=64,
    )
    return out


# </TRITON>

# <TEST>
import torch


def get_test_inputs():
    x = torch.randn(60, 150, device="cuda")
    return x, torch.randn(5, 150, device="cuda"), torch.randn(5, 150, device="cuda")


# </TEST>
