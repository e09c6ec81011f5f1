# kinds: normalisation, instance norm, channels last, strided inputs, float32
"""Fused Kernels: instance norm of images that lie in memory with the channels last"""

# <PYTHON>
import torch
import torch.nn.functional as F


def instance_norm_pytorch(images, eps):
    return F.instance_norm(images, eps=eps)


# </PYTHON>

# <TRITON>
import torch
import triton
import triton.language as tl


@triton.jit
def instance_norm_kernel(
    images_ptr,
    out_ptr,
    n_channels,
    n_pixels,
    width,
    stride_image,
    stride_channel,
    stride_row,
    stride_column,
    eps,
    CHANNELS: tl.constexpr,
    PIXELS: tl.constexpr,
):
    """Neighbouring channels are neighbours in memory, so a program takes CHANNELS of them at once."""
    image = tl.program_id(0)
    channels = tl.program_id(1) * CHANNELS + tl.arange(0, CHANNELS)
    in_channels = channels < n_channels
    base = image * stride_image + channels * stride_channel
    total = tl.zeros((CHANNELS,), dtype=tl.float32)
    squares = tl.zeros((CHANNELS,), dtype=tl.float32)
    # Sums of distances from the first pixel, so that a large mean does not swallow the variance.
    origin = tl.load(images_ptr + base, mask=in_channels, other=0.0)
    for start in range(0, n_pixels, PIXELS):
        pixels = start + tl.arange(0, PIXELS)
        mask = (pixels[:, None] < n_pixels) & in_channels[None, :]
        place = (pixels // width) * stride_row + (pixels % width) * stride_column
        x = tl.load(images_ptr + place[:, None] + base[None, :], mask=mask, other=0.0)
        distance = tl.where(mask, x - origin[None, :], 0.0)
        total += tl.sum(distance, axis=0)
        squares += tl.sum(distance * distance, axis=0)
    distance = total / n_pixels
    mean = origin + distance
    rstd = tl.rsqrt(squares / n_pixels - distance * distance + eps)
    for start in range(0, n_pixels, PIXELS):
        pixels = start + tl.arange(0, PIXELS)
        mask = (pixels[:, None] < n_pixels) & in_channels[None, :]
        place = (pixels // width) * stride_row + (pixels % width) * stride_column
        offsets = place[:, None] + base[None, :]
        x = tl.load(images_ptr + offsets, mask=mask, other=0.0)
        tl.store(out_ptr + offsets, (x - mean[None, :]) * rstd[None, :], mask=mask)


def instance_norm_triton_wrapper(images, eps):
    batch, n_channels, height, width = images.shape
    # The output lies as the input does: one set of strides serves both.
    images = images.contiguous(memory_format=torch.channels_last)
    out = torch.empty_like(images)
    instance_norm_kernel[(batch, triton.cdiv(n_channels, 16))](
        images, out, n_channels, height * width, width, *images.stride(), eps, CHANNELS=16, PIXELS=64
    )
    return out


# </TRITON>

# <TEST>
import torch


def get_test_inputs():
    images = torch.randn(3, 20, 12, 14, device="cuda") + 1.0
    return images.to(memory_format=torch.channels_last), 1e-5


# </TEST>
