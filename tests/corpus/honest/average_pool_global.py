# kinds: pooling, average, flatten, float16, reduction
"""Fused Kernels: rectify and average each channel over the whole image"""

# <PYTHON>
import torch
import torch.nn.functional as F


def rectified_global_pool(images):
    return F.adaptive_avg_pool2d(F.relu(images), 1).flatten(1)


# </PYTHON>

# <TRITON>
import torch
import triton
import triton.language as tl


@triton.jit
def rectified_global_pool_kernel(
    images_ptr, out_ptr, n_planes, n_pixels, PLANES: tl.constexpr, PIXELS: tl.constexpr
):
    planes = tl.program_id(0) * PLANES + tl.arange(0, PLANES)
    total = tl.zeros((PLANES,), dtype=tl.float32)
    for start in range(0, n_pixels, PIXELS):
        pixels = start + tl.arange(0, PIXELS)
        mask = (planes[:, None] < n_planes) & (pixels[None, :] < n_pixels)
        x = tl.load(images_ptr + planes[:, None] * n_pixels + pixels[None, :], mask=mask, other=0.0)
        total += tl.sum(tl.maximum(x.to(tl.float32), 0.0), axis=1)
    tl.store(out_ptr + planes, (total / n_pixels).to(tl.float16), mask=planes < n_planes)


def rectified_global_pool(images):
    images = images.contiguous()
    batch, channels, height, width = images.shape
    out = torch.empty((batch, channels), device=images.device, dtype=images.dtype)
    n_planes = batch * channels
    rectified_global_pool_kernel[(triton.cdiv(n_planes, 16),)](
        images, out, n_planes, height * width, PLANES=16, PIXELS=128
    )
    return out


# </TRITON>

# <TEST>
import torch


def get_test_inputs():
    return torch.randn(3, 50, 19, 21, device="cuda", dtype=torch.float16)


# </TEST>
