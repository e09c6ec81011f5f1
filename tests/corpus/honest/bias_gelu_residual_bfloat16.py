# kinds: elementwise, GELU, bias, residual, bfloat16, 2-D grid, open style, nested kernels
"""Fused Kernels: bias, GELU by tanh and a residual in bfloat16"""

# <PYTHON>
import torch
import torch.nn.functional as F


def bias_gelu_residual_torch(x, bias, residual):
    activated = F.gelu(x + bias, approximate="tanh")
    return activated + residual


# <TRITON>
import torch
import triton
import triton.language as tl


@triton.jit
def _gelu_by_tanh(x):
    inner = 0.7978845608028654 * (x + 0.044715 * x * x * x)
    # tanh(u) is 2 * sigmoid(2u) - 1, so GELU is x * sigmoid(2u).
    return x * tl.sigmoid(2.0 * inner)


@triton.jit
def bias_gelu_residual_kernel(
    x_ptr, bias_ptr, residual_ptr, out_ptr, n_rows, n_columns, ROWS: tl.constexpr, COLUMNS: tl.constexpr
):
    rows = tl.program_id(0) * ROWS + tl.arange(0, ROWS)
    columns = tl.program_id(1) * COLUMNS + tl.arange(0, COLUMNS)
    in_row = columns < n_columns
    mask = (rows[:, None] < n_rows) & in_row[None, :]
    offsets = rows[:, None] * n_columns + columns[None, :]
    bias = tl.load(bias_ptr + columns, mask=in_row, other=0.0).to(tl.float32)
    x = tl.load(x_ptr + offsets, mask=mask, other=0.0).to(tl.float32)
    residual = tl.load(residual_ptr + offsets, mask=mask, other=0.0).to(tl.float32)
    y = _gelu_by_tanh(x + bias[None, :]) + residual
    tl.store(out_ptr + offsets, y.to(out_ptr.dtype.element_ty), mask=mask)


def bias_gelu_residual_triton(x, bias, residual):
    x, residual = x.contiguous(), residual.contiguous()
    n_columns = x.shape[-1]
    n_rows = x.numel() // n_columns
    out = torch.empty_like(x)
    grid = (triton.cdiv(n_rows, 16), triton.cdiv(n_columns, 128))
    bias_gelu_residual_kernel[grid](
        x, bias.contiguous(), residual, out, n_rows, n_columns, ROWS=16, COLUMNS=128
    )
    return out


# <TEST>
import torch


def get_test_inputs():
    x = torch.randn(6, 17, 200, device="cuda", dtype=torch.bfloat16)
    bias = torch.randn(200, device="cuda", dtype=torch.bfloat16)
    residual = torch.randn(6, 17, 200, device="cuda", dtype=torch.bfloat16)
    return x, bias, residual
