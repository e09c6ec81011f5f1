"""Fused Kernels: split, SiLU and multiply, the gate of a SwiGLU layer"""

# <PYTHON>
import torch
import torch.nn.functional as F


def _halves(packed):
    return packed.chunk(2, dim=-1)


def gated_activation(packed):
    gate, value = _halves(packed)
    return F.silu(gate) * value


# <TRITON>
import torch
import triton
import triton.language as tl


@triton.jit
def _silu(x):
    return x * tl.sigmoid(x)


@triton.jit
def swiglu_kernel(packed_ptr, out_ptr, n_rows, n_columns, ROWS: tl.constexpr, COLUMNS: tl.constexpr):
    rows = tl.program_id(0) * ROWS + tl.arange(0, ROWS)
    columns = tl.program_id(1) * COLUMNS + tl.arange(0, COLUMNS)
    mask = (rows[:, None] < n_rows) & (columns[None, :] < n_columns)
    # Both halves of a row lie one after the other, so the split is an offset and moves nothing.
    gate_ptrs = packed_ptr + rows[:, None] * (2 * n_columns) + columns[None, :]
    gate = tl.load(gate_ptrs, mask=mask, other=0.0).to(tl.float32)
    value = tl.load(gate_ptrs + n_columns, mask=mask, other=0.0).to(tl.float32)
    tl.store(out_ptr + rows[:, None] * n_columns + columns[None, :], _silu(gate) * value, mask=mask)


def launch_swiglu(packed):
    packed = packed.contiguous()
    n_columns = packed.shape[-1] // 2
    n_rows = packed.numel() // packed.shape[-1]
    out = torch.empty((*packed.shape[:-1], n_columns), device=packed.device, dtype=packed.dtype)
    grid = (triton.cdiv(n_rows, 4), triton.cdiv(n_columns, 2048))
    swiglu_kernel[grid](packed, out, n_rows, n_columns, ROWS=4, COLUMNS=2048, num_warps=8)
    return out


# <TEST>
import torch


def get_test_inputs():
    return (torch.randn(512, 8192, device="cuda", dtype=torch.bfloat16),)
