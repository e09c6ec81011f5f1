"""Fused Kernels: folded batch normalisation, ReLU and 2x2 maximum pooling over images"""

# <PYTHON>
import torch
import torch.nn.functional as F


def batchnorm_relu_maxpool_torch(images, scale, shift):
    scaled = images * scale[None, :, None, None]
    shifted = scaled + shift[None, :, None, None]
    rectified = F.relu(shifted)
    return F.max_pool2d(rectified, kernel_size=2)


# <TRITON>
import torch
import triton
import triton.language as tl


@triton.jit
def batchnorm_relu_maxpool_kernel(
    images_ptr,
    scale_ptr,
    shift_ptr,
    out_ptr,
    n_outputs,
    n_channels,
    height,
    width,
    out_height,
    out_width,
    BLOCK: tl.constexpr,
):
    # A lane makes one output: it reads its four inputs, and none of the three intermediate images exists.
    outputs = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    mask = outputs < n_outputs
    column = outputs % out_width
    row = (outputs // out_width) % out_height
    plane = outputs // (out_width * out_height)
    scale = tl.load(scale_ptr + plane % n_channels, mask=mask, other=0.0).to(tl.float32)
    shift = tl.load(shift_ptr + plane % n_channels, mask=mask, other=0.0).to(tl.float32)

    corner = images_ptr + plane * (height * width) + 2 * row * width + 2 * column
    a = tl.load(corner, mask=mask, other=0.0).to(tl.float32) * scale + shift
    b = tl.load(corner + 1, mask=mask, other=0.0).to(tl.float32) * scale + shift
    c = tl.load(corner + width, mask=mask, other=0.0).to(tl.float32) * scale + shift
    d = tl.load(corner + width + 1, mask=mask, other=0.0).to(tl.float32) * scale + shift
    # The scale may be negative, so the maximum is taken after it; ReLU and maximum commute.
    maximum = tl.maximum(tl.maximum(a, b), tl.maximum(c, d))
    tl.store(out_ptr + outputs, tl.maximum(maximum, 0.0), mask=mask)


def batchnorm_relu_maxpool_triton(images, scale, shift):
    images = images.contiguous()
    batch, n_channels, height, width = images.shape
    out_height, out_width = height // 2, width // 2
    out = torch.empty((batch, n_channels, out_height, out_width), device=images.device, dtype=images.dtype)
    n_outputs = out.numel()
    batchnorm_relu_maxpool_kernel[(triton.cdiv(n_outputs, 2048),)](
        images,
        scale.contiguous(),
        shift.contiguous(),
        out,
        n_outputs,
        n_channels,
        height,
        width,
        out_height,
        out_width,
        BLOCK=2048,
        num_warps=8,
    )
    return out


# <TEST>
import torch


def get_test_inputs():
    images = torch.randn(16, 64, 64, 64, device="cuda", dtype=torch.float16)
    scale = torch.randn(64, device="cuda", dtype=torch.float16)
    shift = torch.randn(64, device="cuda", dtype=torch.float16)
    return images, scale, shift
