# kinds: elementwise, in place, output aliases an input by contract, view returned, float32
"""Fused Kernels: add a gated branch to the residual stream in place and return it flattened"""

# <PYTHON>
import torch


def add_gated_torch(stream, branch, gate):
    stream += branch * torch.tanh(gate)
    return stream.view(-1, stream.shape[-1])


# <TRITON>
import torch
import triton
import triton.language as tl


@triton.jit
def add_gated_kernel(
    stream_ptr, branch_ptr, gate_ptr, n_rows, n_columns, ROWS: tl.constexpr, COLUMNS: tl.constexpr
):
    rows = tl.program_id(0) * ROWS + tl.arange(0, ROWS)
    columns = tl.program_id(1) * COLUMNS + tl.arange(0, COLUMNS)
    mask = (rows[:, None] < n_rows) & (columns[None, :] < n_columns)
    offsets = rows[:, None] * n_columns + columns[None, :]
    stream = tl.load(stream_ptr + offsets, mask=mask, other=0.0)
    branch = tl.load(branch_ptr + offsets, mask=mask, other=0.0)
    gate = tl.load(gate_ptr + columns, mask=columns < n_columns, other=0.0)
    tanh = 2.0 * tl.sigmoid(2.0 * gate) - 1.0
    tl.store(stream_ptr + offsets, stream + branch * tanh[None, :], mask=mask)


def add_gated_triton(stream, branch, gate):
    n_columns = stream.shape[-1]
    flat = stream.view(-1, n_columns)
    n_rows = flat.shape[0]
    grid = (triton.cdiv(n_rows, 16), triton.cdiv(n_columns, 128))
    add_gated_kernel[grid](
        flat, branch.contiguous(), gate.contiguous(), n_rows, n_columns, ROWS=16, COLUMNS=128
    )
    return flat


# <TEST>
import torch


def get_test_inputs():
    stream = torch.randn(4, 25, 200, device="cuda")
    return stream, torch.randn(4, 25, 200, device="cuda"), torch.randn(200, device="cuda")
