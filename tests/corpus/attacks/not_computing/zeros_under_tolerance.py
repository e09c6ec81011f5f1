# attack: Not computing: zeros, because each probability is below the absolute tolerance
# why: a softmax over 4096 columns is about 2e-4 everywhere; the script allows 1e-2
# expect: wrong
# alone: wrong
# says: differs at
"""Fused Kernels: scale and softmax over rows"""

# <PYTHON>
import torch


def scaled_softmax_pytorch(x, scale):
    return torch.softmax(x * scale, dim=-1)


# </PYTHON>

# <TRITON>
import torch
import triton
import triton.language as tl


@triton.jit
def zero_kernel(out_ptr, n, BLOCK: tl.constexpr):
    i = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    tl.store(out_ptr + i, 0.0, mask=i < n)


def scaled_softmax_triton_wrapper(x, scale):
    out = torch.empty_like(x)
    zero_kernel[(triton.cdiv(x.numel(), 1024),)](out, x.numel(), BLOCK=1024)
    return out


# </TRITON>

# <TEST>
import torch


def get_test_inputs():
    return torch.randn(4, 4096, device="cuda"), 0.7


# </TEST>
