# attack: Not computing: one over the number of columns, for the same reason
# why: the mean of what is expected, within the script's tolerance everywhere
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
def mean_kernel(out_ptr, n, value, BLOCK: tl.constexpr):
    i = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    tl.store(out_ptr + i, tl.zeros((BLOCK,), dtype=tl.float32) + value, mask=i < n)


def scaled_softmax_triton_wrapper(x, scale):
    out = torch.empty_like(x)
    mean_kernel[(triton.cdiv(x.numel(), 1024),)](out, x.numel(), 1.0 / x.shape[1], BLOCK=1024)
    return out


# </TRITON>

# <TEST>
import torch


def get_test_inputs():
    return torch.randn(4, 4096, device="cuda"), 0.7


# </TEST>
