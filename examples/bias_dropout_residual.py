"""Fused Kernels: bias, dropout with a given mask, and residual addition"""

# <PYTHON>
import torch


def bias_dropout_residual_torch(x, bias, keep, residual, probability):
    # The mask is an input: a dropout that draws its own numbers has no single right answer.
    shifted = x + bias
    dropped = shifted * keep
    scaled = dropped / (1.0 - probability)
    return residual + scaled


# <TRITON>
import torch
import triton
import triton.language as tl


@triton.jit
def bias_dropout_residual_kernel(
    x_ptr,
    bias_ptr,
    keep_ptr,
    residual_ptr,
    out_ptr,
    scale,
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

    x = tl.load(x_ptr + offsets, mask=mask, other=0.0).to(tl.float32)
    bias = tl.load(bias_ptr + columns, mask=in_row, other=0.0).to(tl.float32)
    keep = tl.load(keep_ptr + offsets, mask=mask, other=0).to(tl.float32)
    residual = tl.load(residual_ptr + offsets, mask=mask, other=0.0).to(tl.float32)
    tl.store(out_ptr + offsets, residual + (x + bias[None, :]) * keep * scale, mask=mask)


def bias_dropout_residual_triton_wrapper(x, bias, keep, residual, probability):
    x, keep, residual = x.contiguous(), keep.contiguous(), residual.contiguous()
    out = torch.empty_like(x)
    n_columns = x.shape[-1]
    n_rows = x.numel() // n_columns
    grid = (triton.cdiv(n_rows, 8), triton.cdiv(n_columns, 1024))
    bias_dropout_residual_kernel[grid](
        x,
        bias.contiguous(),
        keep,
        residual,
        out,
        1.0 / (1.0 - probability),
        n_rows,
        n_columns,
        ROWS=8,
        COLUMNS=1024,
        num_warps=8,
    )
    return out


# <TEST>
import torch


def get_test_inputs():
    probability = 0.1
    x = torch.randn(1024, 2048, device="cuda", dtype=torch.bfloat16)
    bias = torch.randn(2048, device="cuda", dtype=torch.bfloat16)
    keep = torch.rand(1024, 2048, device="cuda") >= probability
    residual = torch.randn(1024, 2048, device="cuda", dtype=torch.bfloat16)
    return x, bias, keep, residual, probability
