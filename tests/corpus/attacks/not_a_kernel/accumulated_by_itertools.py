# attack: Not a kernel: itertools calls an operator on a tensor and a dimension
# why: no call of torch stands in the text
# expect: rejected FW401
# alone: rejected NotComputedByKernel
"""Fused Kernels: softmax of rows"""

# <PYTHON>
import torch


def folded_softmax_pytorch(x):
    return torch.softmax(x, -1)


# </PYTHON>

# <TRITON>
import torch
import triton
import triton.language as tl


@triton.jit
def folded_softmax_kernel(x_ptr, out_ptr, n, BLOCK: tl.constexpr):
    o = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    x = tl.load(x_ptr + o, mask=o < n, other=0.0)
    tl.store(out_ptr + o, x, mask=o < n)


from itertools import accumulate


def folded_softmax_triton_wrapper(x):
    x = list(accumulate([x, -1], torch.softmax))[-1]
    out = torch.empty_like(x)
    folded_softmax_kernel[(triton.cdiv(x.numel(), 256),)](x, out, x.numel(), BLOCK=256)
    return out


# </TRITON>

# <TEST>
import torch


def get_test_inputs():
    return (torch.randn(64, 100, device="cuda"),)


# </TEST>
