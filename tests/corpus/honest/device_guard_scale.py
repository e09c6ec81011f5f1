# kinds: elementwise, device context, contiguity kept, channels last, float16
"""Fused Kernels: per-channel affine map and Mish on the tensor's own device and in its own layout"""

# <PYTHON>
import torch
import torch.nn.functional as F


def affine_mish_torch(images, scale, shift):
    return F.mish(images * scale[None, :, None, None] + shift[None, :, None, None])


# <TRITON>
import torch
import triton
import triton.language as tl


@triton.jit
def affine_mish_kernel(
    images_ptr, scale_ptr, shift_ptr, out_ptr, n_channels, n_elements, BLOCK: tl.constexpr
):
    """Channels are last in memory, so an element's channel is its offset modulo their number."""
    offsets = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    mask = offsets < n_elements
    channel = offsets % n_channels
    scale = tl.load(scale_ptr + channel, mask=mask, other=0.0).to(tl.float32)
    shift = tl.load(shift_ptr + channel, mask=mask, other=0.0).to(tl.float32)
    x = tl.load(images_ptr + offsets, mask=mask, other=0.0).to(tl.float32) * scale + shift
    # tanh(softplus(x)) is n / (n + 2) with n = e**x * (e**x + 2).
    exponential = tl.exp(tl.minimum(x, 20.0))
    n = exponential * (exponential + 2.0)
    y = tl.where(x > 20.0, x, x * n / (n + 2.0))
    tl.store(out_ptr + offsets, y.to(tl.float16), mask=mask)


def affine_mish_triton(images, scale, shift):
    images = images.contiguous(memory_format=torch.channels_last)
    out = torch.empty_like(images)
    n_elements = images.numel()
    # A launch goes to the current device, which need not be the tensor's.
    with torch.cuda.device(images.device):
        affine_mish_kernel[(triton.cdiv(n_elements, 1024),)](
            images, scale.contiguous(), shift.contiguous(), out, images.shape[1], n_elements, BLOCK=1024
        )
    return out


# <TEST>
import torch


def get_test_inputs():
    images = torch.randn(2, 12, 20, 25, device="cuda", dtype=torch.float16)
    scale = torch.randn(12, device="cuda", dtype=torch.float16)
    return images, scale, torch.randn(12, device="cuda", dtype=torch.float16)
