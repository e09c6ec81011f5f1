# attack: Wrong kernel: GELU by the tanh formula where the reference is exact
# why: differs by 5e-4 at most
# expect: wrong
# alone: wrong
# says: differs at
"""Fused Kernels: exact GELU"""

# <PYTHON>
import torch


def gelu_pytorch(x):
    return torch.nn.functional.gelu(x)


# </PYTHON>

# <TRITON>
import torch
import triton
import triton.language as tl


@triton.jit
def gelu_kernel(x_ptr, out_ptr, n, BLOCK: tl.constexpr):
    i = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    mask = i < n
    x = tl.load(x_ptr + i, mask=mask)
    inner = 0.7978845608 * (x + 0.044715 * x * x * x)
    tl.store(out_ptr + i, x * tl.sigmoid(2 * inner), mask=mask)


def gelu_triton_wrapper(x):
    out = torch.empty_like(x)
    gelu_kernel[(triton.cdiv(x.numel(), 256),)](x, out, x.numel(), BLOCK=256)
    return out


# </TRITON>

# <TEST>
import torch


def get_test_inputs():
    return (torch.randn(12, 100, device="cuda"),)


# </TEST>
