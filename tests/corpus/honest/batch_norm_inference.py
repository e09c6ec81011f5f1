# kinds: normalisation, batch norm, inference, float32, four parameters, keyword arguments
"""Fused Kernels: batch norm with running statistics and a leaky rectifier"""

# <PYTHON>
import torch
import torch.nn.functional as F


def batch_norm_inference_torch(images, running_mean, running_var, weight, bias, eps=1e-5, slope=0.1):
    normed = F.batch_norm(images, running_mean, running_var, weight, bias, training=False, eps=eps)
    return F.leaky_relu(normed, slope)


# <TRITON>
import torch
import triton
import triton.language as tl


@triton.jit
def batch_norm_inference_kernel(
    images_ptr,
    mean_ptr,
    variance_ptr,
    weight_ptr,
    bias_ptr,
    out_ptr,
    n_channels,
    n_pixels,
    eps,
    slope,
    BLOCK: tl.constexpr,
):
    """The first axis of the grid counts planes, one for each channel of each image."""
    plane = tl.program_id(0)
    channel = plane % n_channels
    pixels = tl.program_id(1) * BLOCK + tl.arange(0, BLOCK)
    mask = pixels < n_pixels
    scale = tl.load(weight_ptr + channel) / tl.sqrt(tl.load(variance_ptr + channel) + eps)
    shift = tl.load(bias_ptr + channel)
    x = tl.load(images_ptr + plane * n_pixels + pixels, mask=mask, other=0.0)
    y = (x - tl.load(mean_ptr + channel)) * scale + shift
    tl.store(out_ptr + plane * n_pixels + pixels, tl.where(y < 0.0, y * slope, y), mask=mask)


def batch_norm_inference_triton(images, running_mean, running_var, weight, bias, eps=1e-5, slope=0.1):
    images = images.contiguous()
    batch, n_channels, height, width = images.shape
    n_pixels = height * width
    out = torch.empty_like(images)
    batch_norm_inference_kernel[(batch * n_channels, triton.cdiv(n_pixels, 512))](
        images,
        running_mean.contiguous(),
        running_var.contiguous(),
        weight.contiguous(),
        bias.contiguous(),
        out,
        n_channels,
        n_pixels,
        eps,
        slope,
        BLOCK=512,
    )
    return out


# <TEST>
import torch


def get_test_inputs():
    return {
        "images": torch.randn(3, 10, 20, 30, device="cuda"),
        "running_mean": torch.randn(10, device="cuda"),
        "running_var": torch.rand(10, device="cuda") + 0.5,
        "weight": torch.rand(10, device="cuda") + 0.5,
        "bias": torch.randn(10, device="cuda"),
        "slope": 0.2,
    }
