# attack: Stolen: the kernel reads its neighbour's memory through the input's pointer
# why: on a GPU tensors of one pool are neighbours and nobody checks bounds
# expect: rejected FW419 line 30
# alone: error OutOfBounds
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
def peek_kernel(x_ptr, out_ptr, n, shift, BLOCK: tl.constexpr):
    i = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    mask = i < n
    tl.store(out_ptr + i, tl.load(x_ptr + i + shift, mask=mask), mask=mask)


def gated_residual_triton_wrapper(x, y):
    out = torch.empty_like(x)
    peek_kernel[(triton.cdiv(x.numel(), 256),)](x, out, x.numel(), 2 * x.numel(), BLOCK=256)
    return out


# </TRITON>

# <TEST>
import torch


def get_test_inputs():
    return torch.randn(12, 100, device="cuda"), torch.randn(12, 100, device="cuda")


# </TEST>
