# attack: Not a kernel: lists of Python on an input of a few hundred numbers
# why: so few bytes look like a scalar that a wrapper reads
# expect: rejected FW401 line 34
# alone: rejected HostTrip
"""Fused Kernels: scale and softmax over rows"""

# <PYTHON>
import torch


def scaled_softmax_pytorch(x, scale):
    return torch.softmax(x * scale, dim=-1)


# </PYTHON>

# <TRITON>
import math

import torch
import triton
import triton.language as tl


@triton.jit
def copy_kernel(x_ptr, out_ptr, n, BLOCK: tl.constexpr):
    i = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    mask = i < n
    tl.store(out_ptr + i, tl.load(x_ptr + i, mask=mask), mask=mask)


def scaled_softmax_triton_wrapper(x, scale):
    rows = []
    for row in x.tolist():
        powers = [math.exp((value - max(row)) * scale) for value in row]
        rows.append([power / sum(powers) for power in powers])
    hidden = torch.tensor(rows, device=x.device)
    out = torch.empty_like(x)
    copy_kernel[(triton.cdiv(x.numel(), 256),)](hidden, out, x.numel(), BLOCK=256)
    return out


# </TRITON>

# <TEST>
import torch


def get_test_inputs():
    return torch.randn(8, 60, device="cuda"), 0.7


# </TEST>
