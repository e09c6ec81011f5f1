"""Fused Kernels: a module that normalises its input and gates it with the sigmoid of the result"""

# <PYTHON>
import torch
from torch import nn


class Model(nn.Module):
    def __init__(self, features):
        super().__init__()
        self.weight = nn.Parameter(torch.rand(features) + 0.5)
        self.bias = nn.Parameter(torch.randn(features))
        self.eps = 1e-5

    def forward(self, x):
        mean = x.mean(dim=-1, keepdim=True)
        centred = x - mean
        variance = centred.pow(2).mean(dim=-1, keepdim=True)
        normed = centred * torch.rsqrt(variance + self.eps)
        return x * torch.sigmoid(normed * self.weight + self.bias)


# <TRITON>
import torch
import triton
import triton.language as tl
from torch import nn


@triton.jit
def self_gated_norm_kernel(
    x_ptr,
    weight_ptr,
    bias_ptr,
    out_ptr,
    n_rows,
    n_columns,
    eps,
    ROWS: tl.constexpr,
    BLOCK: tl.constexpr,
):
    rows = tl.program_id(0) * ROWS + tl.arange(0, ROWS)
    columns = tl.arange(0, BLOCK)
    in_row = columns < n_columns
    mask = (rows[:, None] < n_rows) & in_row[None, :]
    offsets = rows[:, None] * n_columns + columns[None, :]

    x = tl.load(x_ptr + offsets, mask=mask, other=0.0)
    mean = tl.sum(x, axis=1) / n_columns
    centred = tl.where(in_row[None, :], x - mean[:, None], 0.0)
    variance = tl.sum(centred * centred, axis=1) / n_columns
    weight = tl.load(weight_ptr + columns, mask=in_row, other=0.0)
    bias = tl.load(bias_ptr + columns, mask=in_row, other=0.0)
    gate = centred * tl.rsqrt(variance + eps)[:, None] * weight[None, :] + bias[None, :]
    tl.store(out_ptr + offsets, x * tl.sigmoid(gate), mask=mask)


class ModelNew(nn.Module):
    # The parameters have Model's names, so that its state_dict can be loaded here.
    def __init__(self, features):
        super().__init__()
        self.weight = nn.Parameter(torch.rand(features) + 0.5)
        self.bias = nn.Parameter(torch.randn(features))
        self.eps = 1e-5

    def forward(self, x):
        x = x.contiguous()
        n_columns = x.shape[-1]
        n_rows = x.numel() // n_columns
        out = torch.empty_like(x)
        block = triton.next_power_of_2(n_columns)
        self_gated_norm_kernel[(triton.cdiv(n_rows, 2),)](
            x, self.weight, self.bias, out, n_rows, n_columns, self.eps, ROWS=2, BLOCK=block, num_warps=8
        )
        return out


# <TEST>
import torch


def get_inputs():
    return [torch.randn(1024, 2048, device="cuda")]


def get_init_inputs():
    return [2048]
