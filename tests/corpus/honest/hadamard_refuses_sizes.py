# kinds: transform, refuses other sizes, power of two, float32, reshape in the kernel
"""Fused Kernels: Walsh-Hadamard transform of rows whose width is a power of two"""

# <PYTHON>
import torch


def hadamard_pytorch(x, scale):
    n_rows, width = x.shape
    if width & (width - 1):
        raise ValueError(f"a row of {width} is no power of two")
    step = 1
    while step < width:
        pairs = x.view(n_rows, width // (2 * step), 2, step)
        first, second = pairs[:, :, 0], pairs[:, :, 1]
        x = torch.stack((first + second, first - second), dim=2).view(n_rows, width)
        step *= 2
    return x * scale


# </PYTHON>

# <TRITON>
import torch
import triton
import triton.language as tl


@triton.jit
def hadamard_kernel(
    x_ptr, out_ptr, scale, n_rows, ROWS: tl.constexpr, WIDTH: tl.constexpr, STEPS: tl.constexpr
):
    """Each step takes pairs apart by a reshape, so that no value leaves its registers for memory."""
    rows = tl.program_id(0) * ROWS + tl.arange(0, ROWS)
    columns = tl.arange(0, WIDTH)
    mask = rows[:, None] < n_rows
    x = tl.load(x_ptr + rows[:, None] * WIDTH + columns[None, :], mask=mask, other=0.0)
    for step in tl.static_range(STEPS):
        pairs = tl.reshape(x, (ROWS, WIDTH >> (step + 1), 2, 1 << step))
        first, second = tl.split(tl.permute(pairs, (0, 1, 3, 2)))
        joined = tl.join(first + second, first - second)
        x = tl.reshape(tl.permute(joined, (0, 1, 3, 2)), (ROWS, WIDTH))
    tl.store(out_ptr + rows[:, None] * WIDTH + columns[None, :], x * scale, mask=mask)


def hadamard_triton_wrapper(x, scale):
    x = x.contiguous()
    n_rows, width = x.shape
    if width & (width - 1) or not 2 <= width <= 4096:
        raise ValueError(f"a row must have a power of two of columns between 2 and 4096, not {width}")
    out = torch.empty_like(x)
    hadamard_kernel[(triton.cdiv(n_rows, 4),)](
        x, out, scale, n_rows, ROWS=4, WIDTH=width, STEPS=width.bit_length() - 1
    )
    return out


# </TRITON>

# <TEST>
import torch


def get_test_inputs():
    return torch.randn(50, 64, device="cuda"), 0.125


# </TEST>
