# kinds: pooling, maximum, integer output, int64, several outputs, float32, static loop
"""Fused Kernels: 3x3 maximum pooling that also tells where each maximum was"""

# <PYTHON>
import torch
import torch.nn.functional as F


def max_pool_indices_torch(images):
    return F.max_pool2d(images, kernel_size=3, stride=2, padding=1, return_indices=True)


# <TRITON>
import torch
import triton
import triton.language as tl


@triton.jit
def max_pool_indices_kernel(
    images_ptr,
    out_ptr,
    index_ptr,
    height,
    width,
    out_height,
    out_width,
    n_outputs,
    BLOCK: tl.constexpr,
):
    lanes = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    mask = lanes < n_outputs
    out_column = lanes % out_width
    out_row = (lanes // out_width) % out_height
    plane = lanes // (out_width * out_height)
    best = tl.full((BLOCK,), float("-inf"), dtype=tl.float32)
    place = tl.zeros((BLOCK,), dtype=tl.int64)
    for step in tl.static_range(9):
        row = out_row * 2 - 1 + step // 3
        column = out_column * 2 - 1 + step % 3
        inside = mask & (row >= 0) & (row < height) & (column >= 0) & (column < width)
        index = row * width + column
        x = tl.load(images_ptr + plane * height * width + index, mask=inside, other=float("-inf"))
        # Of equal values torch names the first.
        larger = inside & (x > best)
        place = tl.where(larger, index.to(tl.int64), place)
        best = tl.where(larger, x, best)
    tl.store(out_ptr + lanes, best, mask=mask)
    tl.store(index_ptr + lanes, place, mask=mask)


def max_pool_indices_triton(images):
    images = images.contiguous()
    batch, channels, height, width = images.shape
    out_height, out_width = (height - 1) // 2 + 1, (width - 1) // 2 + 1
    out = torch.empty((batch, channels, out_height, out_width), device=images.device, dtype=images.dtype)
    index = torch.empty(out.shape, device=images.device, dtype=torch.int64)
    n_outputs = out.numel()
    max_pool_indices_kernel[(triton.cdiv(n_outputs, 256),)](
        images, out, index, height, width, out_height, out_width, n_outputs, BLOCK=256
    )
    return out, index


# <TEST>
import torch


def get_test_inputs():
    return (torch.randn(2, 5, 23, 30, device="cuda"),)
