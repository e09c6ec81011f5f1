# kinds: convolution, implicit GEMM, matmul, bias, ReLU, float16, padding and stride
"""Fused Kernels: 2-D convolution as a matrix product that gathers its operand, with bias and ReLU"""

# <PYTHON>
import torch
import torch.nn.functional as F


def conv_bias_relu_torch(images, filters, bias, stride, padding):
    return F.relu(F.conv2d(images, filters, bias, stride=stride, padding=padding))


# <TRITON>
import torch
import triton
import triton.language as tl


@triton.jit
def conv_bias_relu_kernel(
    images_ptr,
    filters_ptr,
    bias_ptr,
    out_ptr,
    channels,
    height,
    width,
    n_filters,
    filter_height,
    filter_width,
    out_height,
    out_width,
    n_outputs,
    stride,
    padding,
    BLOCK_M: tl.constexpr,
    BLOCK_N: tl.constexpr,
    BLOCK_K: tl.constexpr,
):
    """Rows of the product are output pixels, columns are filters; K runs over a filter's elements."""
    m = tl.program_id(0) * BLOCK_M + tl.arange(0, BLOCK_M)
    n = tl.program_id(1) * BLOCK_N + tl.arange(0, BLOCK_N)
    out_column = m % out_width
    out_row = (m // out_width) % out_height
    image = m // (out_width * out_height)
    K = channels * filter_height * filter_width
    accumulator = tl.zeros((BLOCK_M, BLOCK_N), dtype=tl.float32)
    for start in range(0, K, BLOCK_K):
        k = start + tl.arange(0, BLOCK_K)
        filter_column = k % filter_width
        filter_row = (k // filter_width) % filter_height
        channel = k // (filter_width * filter_height)
        row = out_row[:, None] * stride - padding + filter_row[None, :]
        column = out_column[:, None] * stride - padding + filter_column[None, :]
        inside = (row >= 0) & (row < height) & (column >= 0) & (column < width)
        inside = inside & (m[:, None] < n_outputs) & (k[None, :] < K)
        offsets = ((image[:, None] * channels + channel[None, :]) * height + row) * width + column
        patch = tl.load(images_ptr + offsets, mask=inside, other=0.0)
        weights = tl.load(
            filters_ptr + n[None, :] * K + k[:, None],
            mask=(k[:, None] < K) & (n[None, :] < n_filters),
            other=0.0,
        )
        accumulator = tl.dot(patch, weights, accumulator)
    bias = tl.load(bias_ptr + n, mask=n < n_filters, other=0.0).to(tl.float32)
    y = tl.maximum(accumulator + bias[None, :], 0.0)
    pixels = out_height * out_width
    offsets = (image[:, None] * n_filters + n[None, :]) * pixels + (m % pixels)[:, None]
    mask = (m[:, None] < n_outputs) & (n[None, :] < n_filters)
    tl.store(out_ptr + offsets, y.to(tl.float16), mask=mask)


def conv_bias_relu_triton(images, filters, bias, stride, padding):
    images, filters = images.contiguous(), filters.contiguous()
    batch, channels, height, width = images.shape
    n_filters, filter_channels, filter_height, filter_width = filters.shape
    if filter_channels != channels:
        raise ValueError(f"the filters want {filter_channels} channels, the images have {channels}")
    out_height = (height + 2 * padding - filter_height) // stride + 1
    out_width = (width + 2 * padding - filter_width) // stride + 1
    out = torch.empty((batch, n_filters, out_height, out_width), device=images.device, dtype=images.dtype)
    n_outputs = batch * out_height * out_width
    conv_bias_relu_kernel[(triton.cdiv(n_outputs, 64), triton.cdiv(n_filters, 32))](
        images,
        filters,
        bias.contiguous(),
        out,
        channels,
        height,
        width,
        n_filters,
        filter_height,
        filter_width,
        out_height,
        out_width,
        n_outputs,
        stride,
        padding,
        BLOCK_M=64,
        BLOCK_N=32,
        BLOCK_K=32,
    )
    return out


# <TEST>
import torch


def get_test_inputs():
    images = torch.randn(2, 6, 20, 18, device="cuda", dtype=torch.float16)
    filters = torch.randn(20, 6, 3, 3, device="cuda", dtype=torch.float16) * 0.2
    return images, filters, torch.randn(20, device="cuda", dtype=torch.float16), 2, 1
