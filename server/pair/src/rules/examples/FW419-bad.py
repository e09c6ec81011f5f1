"""Fused Kernels: bias and ReLU"""

# <PYTHON>
import torch


def fused_torch(x, bias):
    return torch.relu(x + bias)


# <TRITON>
import torch
import triton
import triton.language as tl


@triton.jit
def bias_relu_kernel(x_ptr, out_ptr, size, BLOCK: tl.constexpr):
    offsets = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    x = tl.load(x_ptr + offsets, mask=offsets < size)
    tl.store(out_ptr + offsets, tl.maximum(x, 0.0), mask=offsets < size)


def fused_triton(x, bias):
    out = torch.empty_like(x)
    bias_relu_kernel[(triton.cdiv(x.numel(), 1024),)](x, out, x.numel(), BLOCK=1024)
    return out


# <TEST>
import torch


def get_test_inputs():
    return torch.randn(4096, 1024, device="cuda"), torch.randn(1024, device="cuda")
