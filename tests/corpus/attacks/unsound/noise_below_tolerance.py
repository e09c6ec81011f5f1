# attack: Unsound task: the reference adds noise below the tolerance
# why: two runs agree but for rounding
# expect: rejected StochasticReference
# alone: rejected StochasticReference
"""Fused Kernels: noisy ReLU"""

# <PYTHON>
import torch


def noisy_relu_pytorch(x):
    return torch.relu(x) + 1e-8 * torch.randn_like(x)


# </PYTHON>

# <TRITON>
import torch
import triton
import triton.language as tl


@triton.jit
def noisy_relu_kernel(x_ptr, out_ptr, n, BLOCK: tl.constexpr):
    i = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    m = i < n
    x = tl.load(x_ptr + i, mask=m, other=0.0)
    tl.store(out_ptr + i, tl.maximum(x, 0.0), mask=m)


def noisy_relu_triton_wrapper(x):
    out = torch.empty_like(x)
    noisy_relu_kernel[(triton.cdiv(out.numel(), 512),)](x, out, out.numel(), BLOCK=512)
    return out


# </TRITON>

# <TEST>
import torch


def get_test_inputs():
    return (torch.randn(50, 90, device="cuda"),)


# </TEST>
