# kinds: elementwise, tensor descriptors, descriptors made by the host, float32, transposition
"""Fused Kernels: scale a matrix and add another's transpose, by tiles that the host describes"""

# <PYTHON>
import torch


def add_transposed_pytorch(x, y, scale):
    return x * scale + y.T


# </PYTHON>

# <TRITON>
import torch
import triton
import triton.language as tl
from triton.tools.tensor_descriptor import TensorDescriptor


@triton.jit
def add_transposed_kernel(x_desc, y_desc, out_desc, scale, TILE: tl.constexpr):
    row = tl.program_id(0) * TILE
    column = tl.program_id(1) * TILE
    x = x_desc.load([row, column])
    y = y_desc.load([column, row])
    out_desc.store([row, column], x * scale + y.T)


def add_transposed_triton_wrapper(x, y, scale):
    n_rows, n_columns = x.shape
    if n_rows % 4 or n_columns % 4:
        raise ValueError(f"descriptors want rows of a multiple of 16 bytes, not {x.shape} in float32")
    tile = 32
    out = torch.empty((n_rows, n_columns), device=x.device, dtype=x.dtype)
    described = [TensorDescriptor.from_tensor(t, [tile, tile]) for t in (x.contiguous(), y.contiguous(), out)]
    grid = (triton.cdiv(n_rows, tile), triton.cdiv(n_columns, tile))
    add_transposed_kernel[grid](*described, scale, TILE=tile)
    return out


# </TRITON>

# <TEST>
import torch


def get_test_inputs():
    return torch.randn(100, 140, device="cuda"), torch.randn(140, 100, device="cuda"), 0.5


# </TEST>
