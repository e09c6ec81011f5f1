# kinds: normalisation, L2 norm, a class holds the launch configuration, float32, elementwise scale
"""Fused Kernels: rows brought to unit length and scaled, by an object that holds the launch settings"""

# <PYTHON>
import torch
import torch.nn.functional as F


@torch.no_grad()
def unit_rows(x, scale):
    return F.normalize(x, dim=-1) * scale


# <TRITON>
from dataclasses import dataclass

import torch
import triton
import triton.language as tl


@triton.jit
def unit_rows_kernel(x_ptr, scale_ptr, out_ptr, n_rows, n_columns, ROWS: tl.constexpr, BLOCK: tl.constexpr):
    rows = tl.program_id(0) * ROWS + tl.arange(0, ROWS)
    columns = tl.arange(0, BLOCK)
    in_row = columns < n_columns
    mask = (rows[:, None] < n_rows) & in_row[None, :]
    offsets = rows[:, None] * n_columns + columns[None, :]
    x = tl.load(x_ptr + offsets, mask=mask, other=0.0)
    norm = tl.maximum(tl.sqrt(tl.sum(x * x, axis=1)), 1e-12)
    scale = tl.load(scale_ptr + columns, mask=in_row, other=0.0)
    tl.store(out_ptr + offsets, x / norm[:, None] * scale[None, :], mask=mask)


@dataclass(frozen=True)
class UnitRows:
    """How the kernel is launched; nothing of a call is kept."""

    rows: int = 4
    num_warps: int = 4

    def __call__(self, x, scale):
        x = x.contiguous()
        n_rows, n_columns = x.shape
        out = torch.empty_like(x)
        unit_rows_kernel[(triton.cdiv(n_rows, self.rows),)](
            x,
            scale.contiguous(),
            out,
            n_rows,
            n_columns,
            ROWS=self.rows,
            BLOCK=triton.next_power_of_2(n_columns),
            num_warps=self.num_warps,
        )
        return out


_operator = UnitRows()


@torch.no_grad()
def unit_rows(x, scale):
    return _operator(x, scale)


# <TEST>
import torch


def get_test_inputs():
    return torch.randn(60, 200, device="cuda"), torch.randn(200, device="cuda")
