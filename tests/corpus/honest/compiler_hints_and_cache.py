# kinds: elementwise, compiler hints, cache modifiers, early return, float16, broadcast input
"""Fused Kernels: SwiGLU-like gate with a broadcast row, loads marked by how often they are used"""

# <PYTHON>
import torch


def broadcast_gate_torch(x, row):
    """row is (1, columns), seen by x through an expanded view that has the stride zero."""
    return x * torch.exp2(-row.expand_as(x).float().square() * 1.5).to(x.dtype)


# <TRITON>
import torch
import triton
import triton.language as tl

STEEPNESS: tl.constexpr = tl.constexpr(1.5)


@triton.jit
def broadcast_gate_kernel(x_ptr, row_ptr, out_ptr, n_rows, n_columns, stride_column, BLOCK: tl.constexpr):
    row = tl.program_id(0)
    if row >= n_rows:
        return
    columns = tl.max_contiguous(tl.multiple_of(tl.program_id(1) * BLOCK, BLOCK) + tl.arange(0, BLOCK), BLOCK)
    mask = columns < n_columns
    # Every program of a column reads the same gate: it should stay, what is read once may go.
    gate = tl.load(row_ptr + columns * stride_column, mask=mask, other=0.0, eviction_policy="evict_last")
    x = tl.load(x_ptr + row * n_columns + columns, mask=mask, other=0.0, eviction_policy="evict_first")
    gate = gate.to(tl.float32)
    weight = tl.exp2(-gate * gate * STEEPNESS).to(tl.float16)
    tl.store(out_ptr + row * n_columns + columns, x * weight, mask=mask, cache_modifier=".cs")


def broadcast_gate_triton(x, row):
    x = x.contiguous()
    n_rows, n_columns = x.shape
    out = torch.empty_like(x)
    # The grid is padded to a multiple of four rows: the rest leaves at once.
    grid = (4 * triton.cdiv(n_rows, 4), triton.cdiv(n_columns, 128))
    broadcast_gate_kernel[grid](x, row, out, n_rows, n_columns, row.stride(1), BLOCK=128)
    return out


# <TEST>
import torch


def get_test_inputs():
    x = torch.randn(41, 200, device="cuda", dtype=torch.float16)
    return x, torch.randn(1, 200, device="cuda", dtype=torch.float16)
