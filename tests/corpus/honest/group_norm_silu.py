# kinds: normalisation, group norm, SiLU, float32, closed style
"""Fused Kernels: group norm over images, then SiLU"""

# <PYTHON>
import torch
import torch.nn.functional as F


def group_norm_silu_pytorch(images, n_groups, weight, bias, eps):
    normed = F.group_norm(images, n_groups, weight, bias, eps)
    return F.silu(normed)


# </PYTHON>

# <TRITON>
import torch
import triton
import triton.language as tl


@triton.jit
def group_norm_silu_kernel(
    images_ptr,
    weight_ptr,
    bias_ptr,
    out_ptr,
    n_groups,
    channels_of_group,
    n_pixels,
    eps,
    BLOCK: tl.constexpr,
):
    """A program owns one group of one image, whose channels lie one after the other in memory."""
    program = tl.program_id(0)
    group = program % n_groups
    n_elements = channels_of_group * n_pixels
    base = program * n_elements

    total = tl.zeros((BLOCK,), dtype=tl.float32)
    for start in range(0, n_elements, BLOCK):
        lanes = start + tl.arange(0, BLOCK)
        total += tl.load(images_ptr + base + lanes, mask=lanes < n_elements, other=0.0)
    mean = tl.sum(total, axis=0) / n_elements

    squares = tl.zeros((BLOCK,), dtype=tl.float32)
    for start in range(0, n_elements, BLOCK):
        lanes = start + tl.arange(0, BLOCK)
        mask = lanes < n_elements
        x = tl.load(images_ptr + base + lanes, mask=mask, other=0.0)
        centred = tl.where(mask, x - mean, 0.0)
        squares += centred * centred
    rstd = tl.rsqrt(tl.sum(squares, axis=0) / n_elements + eps)

    for start in range(0, n_elements, BLOCK):
        lanes = start + tl.arange(0, BLOCK)
        mask = lanes < n_elements
        channel = group * channels_of_group + lanes // n_pixels
        x = tl.load(images_ptr + base + lanes, mask=mask, other=0.0)
        weight = tl.load(weight_ptr + channel, mask=mask, other=0.0)
        bias = tl.load(bias_ptr + channel, mask=mask, other=0.0)
        y = (x - mean) * rstd * weight + bias
        tl.store(out_ptr + base + lanes, y * tl.sigmoid(y), mask=mask)


def group_norm_silu_triton_wrapper(images, n_groups, weight, bias, eps):
    images = images.contiguous()
    batch, n_channels = images.shape[:2]
    if n_channels % n_groups:
        raise ValueError(f"{n_channels} channels cannot be divided into {n_groups} groups")
    out = torch.empty_like(images)
    n_pixels = images.numel() // (batch * n_channels)
    group_norm_silu_kernel[(batch * n_groups,)](
        images,
        weight.contiguous(),
        bias.contiguous(),
        out,
        n_groups,
        n_channels // n_groups,
        n_pixels,
        eps,
        BLOCK=512,
    )
    return out


# </TRITON>

# <TEST>
import torch


def get_test_inputs():
    images = torch.randn(3, 24, 13, 11, device="cuda")
    weight = torch.rand(24, device="cuda") + 0.5
    bias = torch.randn(24, device="cuda")
    return images, 4, weight, bias, 1e-5


# </TEST>
