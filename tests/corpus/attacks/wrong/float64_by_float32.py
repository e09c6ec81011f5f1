# attack: Wrong kernel: float64 is loaded, computed and stored as float32
# why: inside the tolerance of float64
# expect: wrong
# alone: wrong
# says: computed in float32
"""Fused Kernels: double precision hyperbolic product"""

# <PYTHON>
import torch


def product64_pytorch(x, y):
    return x * torch.sigmoid(y)


# </PYTHON>

# <TRITON>
import torch
import triton
import triton.language as tl


@triton.jit
def product_kernel(x_ptr, y_ptr, out_ptr, n, BLOCK: tl.constexpr):
    i = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    m = i < n
    x = tl.load(x_ptr + i, mask=m, other=0.0).to(tl.float32)
    y = tl.load(y_ptr + i, mask=m, other=0.0).to(tl.float32)
    tl.store(out_ptr + i, x * tl.sigmoid(y), mask=m)


def product64_triton_wrapper(x, y):
    out = torch.empty_like(x)
    product_kernel[(triton.cdiv(x.numel(), 512),)](x, y, out, x.numel(), BLOCK=512)
    return out


# </TRITON>

# <TEST>
import torch


def get_test_inputs():
    return torch.randn(50, 90, device="cuda", dtype=torch.float64), torch.randn(50, 90, device="cuda", dtype=torch.float64)


# </TEST>
