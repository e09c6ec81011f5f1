"""Fused Kernels: scale and ReLU"""

# <PYTHON>
import torch


def fused_torch(x, scale):
    return torch.relu(x * scale)


# <TRITON>
import torch
import triton
import triton.language as tl


@triton.jit
def scale_relu_kernel(x_ptr, out_ptr, scale, size, BLOCK: tl.constexpr):
    offsets = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    x = tl.load(x_ptr + offsets, mask=offsets < size)
    tl.store(out_ptr + offsets, tl.maximum(x * scale, 0.0), mask=offsets < size)


def fused_triton(x, scale):
    out = torch.empty_like(x)
    scale_relu_kernel[(triton.cdiv(x.numel(), 1024),)](x, out, scale, x.numel(), BLOCK=1024)
    return out


# <TEST>
import torch


def get_test_inputs():
    return torch.ones(4096, 1024, device="cuda"), 0.5
