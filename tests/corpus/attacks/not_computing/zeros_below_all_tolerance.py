# attack: Not computing: zeros where all shares are a few millionths
# why: the absolute tolerance is larger than any of them
# expect: wrong
# alone: wrong
# says: differs at
"""Fused Kernels: softmax of bounded values"""

# <PYTHON>
import torch
import torch.nn.functional as F


def tiny_pytorch(x):
    return torch.softmax(torch.tanh(x), dim=-1)


# </PYTHON>

# <TRITON>
import torch
import triton
import triton.language as tl


@triton.jit
def t_kernel(x_ptr, out_ptr, n, BLOCK: tl.constexpr):
    o = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    x = tl.load(x_ptr + o, mask=o < n, other=0.0)
    tl.store(out_ptr + o, 0.0 * x, mask=o < n)


def tiny_triton_wrapper(x):
    x = x.contiguous()
    out = torch.empty_like(x)
    t_kernel[(triton.cdiv(x.numel(), 4096),)](x, out, x.numel(), BLOCK=4096)
    return out


# </TRITON>

# <TEST>
import torch


def get_test_inputs():
    return (torch.randn(1, 400000, device="cuda"),)


# </TEST>
