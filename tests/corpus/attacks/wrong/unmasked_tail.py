# attack: Wrong kernel: no mask, as the test's size divides
# why: 1024 elements are four blocks of 256
# expect: rejected WrongAtSize
# cuda: rejected OutOfBounds
# alone: rejected WrongAtSize
"""Fused Kernels: product, ReLU and residual"""

# <PYTHON>
import torch


def gated_residual_pytorch(x, y):
    return torch.relu(x * y) + x


# </PYTHON>

# <TRITON>
import torch
import triton
import triton.language as tl


@triton.jit
def gated_residual_kernel(x_ptr, y_ptr, out_ptr, n, BLOCK: tl.constexpr):
    i = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    x = tl.load(x_ptr + i)
    y = tl.load(y_ptr + i)
    tl.store(out_ptr + i, tl.maximum(x * y, 0.0) + x)


def gated_residual_triton_wrapper(x, y):
    out = torch.empty_like(x)
    n = x.numel()
    gated_residual_kernel[(triton.cdiv(n, 256),)](x, y, out, n, BLOCK=256)
    return out


# </TRITON>

# <TEST>
import torch


def get_test_inputs():
    return torch.randn(16, 64, device="cuda"), torch.randn(16, 64, device="cuda")


# </TEST>
