# kinds: elementwise, layout, a transposed view is returned, strided output, float16
"""Fused Kernels: split heads, scale by head and return them in the order that attention wants"""

# <PYTHON>
import torch


def split_heads_torch(x, scale):
    """(batch, length, heads * width) becomes (batch, heads, length, width), a view that is not contiguous."""
    batch, length, _ = x.shape
    n_heads = scale.shape[0]
    heads = x.view(batch, length, n_heads, -1) * scale[:, None]
    return heads.transpose(1, 2)


# <TRITON>
import torch
import triton
import triton.language as tl


@triton.jit
def split_heads_kernel(
    x_ptr, scale_ptr, out_ptr, n_rows, n_heads, width, ROWS: tl.constexpr, WIDTH: tl.constexpr
):
    rows = tl.program_id(0) * ROWS + tl.arange(0, ROWS)
    head = tl.program_id(1)
    columns = tl.arange(0, WIDTH)
    mask = (rows[:, None] < n_rows) & (columns[None, :] < width)
    offsets = (rows[:, None] * n_heads + head) * width + columns[None, :]
    scale = tl.load(scale_ptr + head)
    tl.store(out_ptr + offsets, tl.load(x_ptr + offsets, mask=mask, other=0.0) * scale, mask=mask)


def split_heads_triton(x, scale):
    x = x.contiguous()
    batch, length, features = x.shape
    n_heads = scale.shape[0]
    width = features // n_heads
    out = torch.empty((batch, length, n_heads, width), device=x.device, dtype=x.dtype)
    n_rows = batch * length
    split_heads_kernel[(triton.cdiv(n_rows, 16), n_heads)](
        x,
        scale.contiguous(),
        out,
        n_rows,
        n_heads,
        width,
        ROWS=16,
        WIDTH=triton.next_power_of_2(width),
    )
    # The reference's result is the same view of the same layout.
    return out.transpose(1, 2)


# <TEST>
import torch


def get_test_inputs():
    x = torch.randn(3, 35, 240, device="cuda", dtype=torch.float16)
    return x, torch.rand(6, device="cuda", dtype=torch.float16) + 0.5
