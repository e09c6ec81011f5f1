# attack: Not a kernel: numpy computes on the CPU and the result goes back
# why: right to the last digit; on small inputs fast enough
# expect: rejected FW402 line 27
# finds: FW401 line 37
# alone: rejected NoLaunch
"""Fused Kernels: scale and softmax over rows"""

# <PYTHON>
import torch


def scaled_softmax_pytorch(x, scale):
    return torch.softmax(x * scale, dim=-1)


# </PYTHON>

# <TRITON>
import numpy as np

import torch
import triton
import triton.language as tl


@triton.jit
def scaled_softmax_kernel(x_ptr, out_ptr, scale, n_columns, BLOCK: tl.constexpr):
    row = tl.program_id(0)
    columns = tl.arange(0, BLOCK)
    mask = columns < n_columns
    x = tl.load(x_ptr + row * n_columns + columns, mask=mask, other=-float("inf")) * scale
    e = tl.exp(x - tl.max(x, axis=0))
    tl.store(out_ptr + row * n_columns + columns, e / tl.sum(e, axis=0), mask=mask)


def scaled_softmax_triton_wrapper(x, scale):
    values = x.cpu().numpy() * scale
    e = np.exp(values - values.max(-1, keepdims=True))
    return torch.from_numpy(e / e.sum(-1, keepdims=True)).to(x.device)


# </TRITON>

# <TEST>
import torch


def get_test_inputs():
    return torch.randn(24, 100, device="cuda"), 0.7


# </TEST>
