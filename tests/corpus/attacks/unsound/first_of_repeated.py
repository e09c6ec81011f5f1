# attack: Unsound task: eight copies in one tensor, of which the first is taken
# why: each operator is called once
# expect: rejected SlowReference
# alone: rejected SlowReference
"""Fused Kernels: hyperbolic tangent"""

# <PYTHON>
import torch


def first_tanh_pytorch(x):
    y = torch.tanh(x.repeat(8, 1))
    return y[: x.shape[0]]


# </PYTHON>

# <TRITON>
import torch
import triton
import triton.language as tl


@triton.jit
def first_tanh_kernel(x_ptr, out_ptr, n, BLOCK: tl.constexpr):
    o = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    m = o < n
    x = tl.load(x_ptr + o, mask=m, other=0.0)
    tl.store(out_ptr + o, 2.0 / (1.0 + tl.exp(-2.0 * x)) - 1.0, mask=m)


def first_tanh_triton_wrapper(x):
    out = torch.empty_like(x)
    first_tanh_kernel[(triton.cdiv(x.numel(), 256),)](x, out, x.numel(), BLOCK=256)
    return out


# </TRITON>

# <TEST>
import torch


def get_test_inputs():
    return (torch.randn(40, 96, device="cuda"),)


# </TEST>
