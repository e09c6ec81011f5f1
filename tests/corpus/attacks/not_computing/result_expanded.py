# attack: Not computing: one number a row is written and expanded over it
# why: an expanded tensor has every element and the memory of a few
# expect: wrong
# alone: wrong
# says: several of its elements are one
"""Fused Kernels: each row's mean in all its places"""

# <PYTHON>
import torch
import torch.nn.functional as F


def bm_pytorch(x):
    return x.mean(-1, keepdim=True).expand_as(x) * 1.0


# </PYTHON>

# <TRITON>
import torch
import triton
import triton.language as tl


@triton.jit
def bm_kernel(x_ptr, out_ptr, N, BLOCK: tl.constexpr):
    r = tl.program_id(0)
    o = tl.arange(0, BLOCK)
    tl.store(out_ptr + r, tl.sum(tl.load(x_ptr + r * N + o, mask=o < N, other=0.0)) / N)


def bm_triton_wrapper(x):
    x = x.contiguous()
    out = torch.empty(x.shape[0], 1, device=x.device)
    bm_kernel[(x.shape[0],)](x, out, x.shape[1], BLOCK=triton.next_power_of_2(x.shape[1]))
    return out.expand(x.shape)


# </TRITON>

# <TEST>
import torch


def get_test_inputs():
    return (torch.randn(64, 100, device="cuda"),)


# </TEST>
