# kinds: normalisation, layer norm, several outputs, named tuple output, float16
"""Fused Kernels: layer norm that also returns each row's mean and reciprocal deviation"""

# <PYTHON>
from typing import NamedTuple

import torch
import torch.nn.functional as F


class Normed(NamedTuple):
    y: torch.Tensor
    mean: torch.Tensor
    rstd: torch.Tensor


def layernorm_stats_pytorch(x, weight, bias, eps):
    """The statistics are what the backward pass will want; they are kept in float32."""
    wide = x.float()
    mean = wide.mean(dim=-1)
    rstd = torch.rsqrt(wide.var(dim=-1, correction=0) + eps)
    return Normed(F.layer_norm(x, x.shape[-1:], weight, bias, eps), mean, rstd)


# </PYTHON>

# <TRITON>
from typing import NamedTuple

import torch
import triton
import triton.language as tl


class Normed(NamedTuple):
    y: torch.Tensor
    mean: torch.Tensor
    rstd: torch.Tensor


@triton.jit
def layernorm_stats_kernel(
    x_ptr,
    weight_ptr,
    bias_ptr,
    y_ptr,
    mean_ptr,
    rstd_ptr,
    stride_x_row,
    n_columns,
    eps,
    BLOCK: tl.constexpr,
):
    row = tl.program_id(0)
    columns = tl.arange(0, BLOCK)
    mask = columns < n_columns
    x = tl.load(x_ptr + row * stride_x_row + columns, mask=mask, other=0.0).to(tl.float32)
    mean = tl.sum(x, axis=0) / n_columns
    # Lanes past the row would otherwise add mean squared to the variance.
    centred = tl.where(mask, x - mean, 0.0)
    rstd = 1.0 / tl.sqrt(tl.sum(centred * centred, axis=0) / n_columns + eps)
    weight = tl.load(weight_ptr + columns, mask=mask, other=0.0).to(tl.float32)
    bias = tl.load(bias_ptr + columns, mask=mask, other=0.0).to(tl.float32)
    y = centred * rstd * weight + bias
    tl.store(y_ptr + row * n_columns + columns, y.to(tl.float16), mask=mask)
    tl.store(mean_ptr + row, mean)
    tl.store(rstd_ptr + row, rstd)


def layernorm_stats_triton_wrapper(x, weight, bias, eps):
    n_columns = x.shape[-1]
    rows = x.reshape(-1, n_columns)
    if rows.stride(1) != 1:
        rows = rows.contiguous()
    y = torch.empty(x.shape, device=x.device, dtype=x.dtype)
    mean = torch.empty(x.shape[:-1], device=x.device, dtype=torch.float32)
    rstd = torch.empty_like(mean)
    layernorm_stats_kernel[(rows.shape[0],)](
        rows,
        weight.contiguous(),
        bias.contiguous(),
        y,
        mean,
        rstd,
        rows.stride(0),
        n_columns,
        eps,
        BLOCK=triton.next_power_of_2(n_columns),
    )
    return Normed(y, mean, rstd)


# </TRITON>

# <TEST>
import torch


def get_test_inputs():
    x = torch.randn(4, 20, 384, device="cuda", dtype=torch.float16) * 2.0 + 0.5
    weight = torch.rand(384, device="cuda", dtype=torch.float16) + 0.5
    bias = torch.randn(384, device="cuda", dtype=torch.float16)
    return x, weight, bias, 1e-5


# </TEST>
