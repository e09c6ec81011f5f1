# kinds: normalisation, RMSNorm, nn.Module, weights that happen to be ones, bfloat16
"""Fused Kernels: RMSNorm as a module, its weight fresh from initialisation"""

# <PYTHON>
import torch
from torch import nn


class Model(nn.Module):
    """Root mean square normalisation as the LLaMA models have it."""

    def __init__(self, features, eps=1e-6):
        super().__init__()
        self.weight = nn.Parameter(torch.ones(features))
        self.eps = eps

    def forward(self, x):
        wide = x.float()
        normed = wide * torch.rsqrt(wide.pow(2).mean(dim=-1, keepdim=True) + self.eps)
        return (normed * self.weight).to(x.dtype)


# </PYTHON>

# <TRITON>
import torch
import triton
import triton.language as tl
from torch import nn


@triton.jit
def rmsnorm_kernel(
    x_ptr, weight_ptr, out_ptr, n_rows, n_columns, eps, ROWS: tl.constexpr, BLOCK: tl.constexpr
):
    rows = tl.program_id(0) * ROWS + tl.arange(0, ROWS)
    columns = tl.arange(0, BLOCK)
    in_row = columns < n_columns
    mask = (rows[:, None] < n_rows) & in_row[None, :]
    offsets = rows[:, None] * n_columns + columns[None, :]
    x = tl.load(x_ptr + offsets, mask=mask, other=0.0).to(tl.float32)
    scale = tl.rsqrt(tl.sum(x * x, axis=1) / n_columns + eps)
    weight = tl.load(weight_ptr + columns, mask=in_row, other=0.0)
    y = x * scale[:, None] * weight[None, :]
    tl.store(out_ptr + offsets, y.to(out_ptr.dtype.element_ty), mask=mask)


class ModelNew(nn.Module):
    """The same module over one launch."""

    def __init__(self, features, eps=1e-6):
        super().__init__()
        self.weight = nn.Parameter(torch.ones(features))
        self.eps = eps

    def forward(self, x):
        x = x.contiguous()
        n_columns = x.shape[-1]
        n_rows = x.numel() // n_columns
        out = torch.empty_like(x)
        rmsnorm_kernel[(triton.cdiv(n_rows, 4),)](
            x,
            self.weight,
            out,
            n_rows,
            n_columns,
            self.eps,
            ROWS=4,
            BLOCK=triton.next_power_of_2(n_columns),
        )
        return out


# </TRITON>

# <TEST>
import torch


def get_inputs():
    return [torch.randn(3, 30, 448, device="cuda", dtype=torch.bfloat16)]


def get_init_inputs():
    return [448]


# </TEST>
