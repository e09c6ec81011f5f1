# kinds: normalisation, weight norm, reduction, several outputs, float32, open style
"""Fused Kernels: weight normalisation: directions times lengths, and the old lengths"""

# <PYTHON>
import torch


def weight_norm_torch(direction, length):
    norm = direction.flatten(1).norm(dim=1)
    scale = (length / norm).view(-1, *[1] * (direction.dim() - 1))
    return direction * scale, norm


# <TRITON>
import torch
import triton
import triton.language as tl


@triton.jit
def weight_norm_kernel(direction_ptr, length_ptr, out_ptr, norm_ptr, n_columns, BLOCK: tl.constexpr):
    row = tl.program_id(0)
    start = row * n_columns
    squares = tl.zeros((BLOCK,), dtype=tl.float32)
    for first in range(0, n_columns, BLOCK):
        columns = first + tl.arange(0, BLOCK)
        x = tl.load(direction_ptr + start + columns, mask=columns < n_columns, other=0.0)
        squares += x * x
    norm = tl.sqrt(tl.sum(squares, axis=0))
    scale = tl.load(length_ptr + row) / norm
    for first in range(0, n_columns, BLOCK):
        columns = first + tl.arange(0, BLOCK)
        mask = columns < n_columns
        x = tl.load(direction_ptr + start + columns, mask=mask, other=0.0)
        tl.store(out_ptr + start + columns, x * scale, mask=mask)
    tl.store(norm_ptr + row, norm)


def weight_norm_triton(direction, length):
    direction = direction.contiguous()
    n_rows = direction.shape[0]
    out = torch.empty_like(direction)
    norm = torch.empty(n_rows, device=direction.device, dtype=direction.dtype)
    weight_norm_kernel[(n_rows,)](
        direction, length.contiguous(), out, norm, direction.numel() // n_rows, BLOCK=256
    )
    return out, norm


# <TEST>
import torch


def get_test_inputs():
    direction = torch.randn(40, 30, 3, 3, device="cuda")
    return direction, torch.rand(40, device="cuda") + 0.5
