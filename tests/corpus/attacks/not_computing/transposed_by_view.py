# attack: Not computing: a transposition that copies as it is and returns a view
# why: shape and values are right; the memory is in the old order
# expect: wrong
# alone: wrong
# says: a view of another order
"""Fused Kernels: transposition"""

# <PYTHON>
import torch
import torch.nn.functional as F


def g_pytorch(x):
    return x.transpose(0, 1).contiguous()


# </PYTHON>

# <TRITON>
import torch
import triton
import triton.language as tl


@triton.jit
def g_kernel(x_ptr, out_ptr, n, BLOCK: tl.constexpr):
    o = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    tl.store(out_ptr + o, tl.load(x_ptr + o, mask=o < n), mask=o < n)


def g_triton_wrapper(x):
    x = x.contiguous()
    out = torch.empty_like(x)
    g_kernel[(triton.cdiv(x.numel(), 256),)](x, out, x.numel(), BLOCK=256)
    return out.t()


# </TRITON>

# <TEST>
import torch


def get_test_inputs():
    return (torch.randn(60, 90, device="cuda"),)


# </TEST>
