# kinds: elementwise, nearly constant result, sigmoid, float32, open style
"""Fused Kernels: confidence of a detector whose background scores are far below zero"""

# <PYTHON>
import torch


def background_confidence_torch(logits, bias):
    """Trained detectors give nearly every anchor a probability close to zero."""
    return torch.sigmoid(logits + bias)


# <TRITON>
import torch
import triton
import triton.language as tl


@triton.jit
def background_confidence_kernel(
    logits_ptr, bias_ptr, out_ptr, n_rows, n_columns, ROWS: tl.constexpr, COLUMNS: tl.constexpr
):
    rows = tl.program_id(0) * ROWS + tl.arange(0, ROWS)
    columns = tl.program_id(1) * COLUMNS + tl.arange(0, COLUMNS)
    mask = (rows[:, None] < n_rows) & (columns[None, :] < n_columns)
    offsets = rows[:, None] * n_columns + columns[None, :]
    logits = tl.load(logits_ptr + offsets, mask=mask, other=0.0)
    bias = tl.load(bias_ptr + columns, mask=columns < n_columns, other=0.0)
    tl.store(out_ptr + offsets, tl.sigmoid(logits + bias[None, :]), mask=mask)


def background_confidence_triton(logits, bias):
    logits = logits.contiguous()
    n_rows, n_columns = logits.shape
    out = torch.empty_like(logits)
    grid = (triton.cdiv(n_rows, 32), triton.cdiv(n_columns, 64))
    background_confidence_kernel[grid](logits, bias.contiguous(), out, n_rows, n_columns, ROWS=32, COLUMNS=64)
    return out


# <TEST>
import torch


def get_test_inputs():
    return torch.randn(200, 80, device="cuda"), torch.randn(80, device="cuda") * 0.5 - 5.0
