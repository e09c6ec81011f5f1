# kinds: elementwise, CRLF line endings, float16, open style
"""Fused Kernels: scale, hard tanh and square, in a file with Windows line endings"""

# <PYTHON>
import torch
import torch.nn.functional as F


def hardtanh_square_torch(x, scale):
    return F.hardtanh(x * scale).square()


# <TRITON>
import torch
import triton
import triton.language as tl


@triton.jit
def hardtanh_square_kernel(x_ptr, out_ptr, scale, n_elements, BLOCK: tl.constexpr):
    offsets = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    mask = offsets < n_elements
    x = tl.load(x_ptr + offsets, mask=mask, other=0.0).to(tl.float32) * scale
    x = tl.minimum(tl.maximum(x, -1.0), 1.0)
    tl.store(out_ptr + offsets, x * x, mask=mask)


def hardtanh_square_triton(x, scale):
    x = x.contiguous()
    out = torch.empty_like(x)
    n_elements = x.numel()
    hardtanh_square_kernel[(triton.cdiv(n_elements, 1024),)](x, out, scale, n_elements, BLOCK=1024)
    return out


# <TEST>
import torch


def get_test_inputs():
    return torch.randn(5000, device="cuda", dtype=torch.float16), 0.8
