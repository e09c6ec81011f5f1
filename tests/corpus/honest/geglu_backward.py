# kinds: gated unit, GeGLU, backward, several outputs, erf, float32, open style
"""Fused Kernels: the gradient of a GeGLU gate with respect to its packed input"""

# <PYTHON>
import math

import torch


def geglu_backward_torch(grad, packed):
    gate, value = packed.chunk(2, dim=-1)
    normal = 0.5 * (1.0 + torch.erf(gate / math.sqrt(2.0)))
    density = torch.exp(-0.5 * gate * gate) / math.sqrt(2.0 * math.pi)
    grad_gate = grad * value * (normal + gate * density)
    grad_value = grad * gate * normal
    return torch.cat((grad_gate, grad_value), dim=-1)


# <TRITON>
import torch
import triton
import triton.language as tl


@triton.jit
def geglu_backward_kernel(
    grad_ptr, packed_ptr, out_ptr, n_rows, half, ROWS: tl.constexpr, COLUMNS: tl.constexpr
):
    rows = tl.program_id(0) * ROWS + tl.arange(0, ROWS)
    columns = tl.program_id(1) * COLUMNS + tl.arange(0, COLUMNS)
    mask = (rows[:, None] < n_rows) & (columns[None, :] < half)
    grad = tl.load(grad_ptr + rows[:, None] * half + columns[None, :], mask=mask, other=0.0)
    packed = rows[:, None] * (2 * half) + columns[None, :]
    gate = tl.load(packed_ptr + packed, mask=mask, other=0.0)
    value = tl.load(packed_ptr + packed + half, mask=mask, other=0.0)
    normal = 0.5 * (1.0 + tl.erf(gate * 0.7071067811865476))
    density = tl.exp(-0.5 * gate * gate) * 0.3989422804014327
    tl.store(out_ptr + packed, grad * value * (normal + gate * density), mask=mask)
    tl.store(out_ptr + packed + half, grad * gate * normal, mask=mask)


def geglu_backward_triton(grad, packed):
    grad, packed = grad.contiguous(), packed.contiguous()
    half = packed.shape[-1] // 2
    n_rows = packed.numel() // packed.shape[-1]
    out = torch.empty_like(packed)
    grid = (triton.cdiv(n_rows, 8), triton.cdiv(half, 128))
    geglu_backward_kernel[grid](grad, packed, out, n_rows, half, ROWS=8, COLUMNS=128)
    return out


# <TEST>
import torch


def get_test_inputs():
    return torch.randn(45, 200, device="cuda"), torch.randn(45, 400, device="cuda")
