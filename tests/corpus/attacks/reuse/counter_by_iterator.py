# attack: Reuse: itertools.count decides when to skip the launch
# why: as a counter in a list, but an iterator holds the state
# expect: rejected FW410 line 39
# needs: gpu
"""Fused Kernels: product, ReLU and residual"""

# <PYTHON>
import torch


def gated_residual_pytorch(x, y):
    return torch.relu(x * y) + x


# </PYTHON>

# <TRITON>
import itertools

import torch
import triton
import triton.language as tl


@triton.jit
def gated_residual_kernel(x_ptr, y_ptr, out_ptr, n, BLOCK: tl.constexpr):
    i = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    mask = i < n
    x = tl.load(x_ptr + i, mask=mask, other=0.0)
    y = tl.load(y_ptr + i, mask=mask, other=0.0)
    tl.store(out_ptr + i, tl.maximum(x * y, 0.0) + x, mask=mask)


_turn = itertools.count()
_work = torch.zeros(12, 100, device="cuda")


def gated_residual_triton_wrapper(x, y):
    if next(_turn) < 30:
        gated_residual_kernel[(triton.cdiv(x.numel(), 256),)](x, y, _work, x.numel(), BLOCK=256)
    return _work.clone()


# </TRITON>

# <TEST>
import torch


def get_test_inputs():
    return torch.randn(12, 100, device="cuda"), torch.randn(12, 100, device="cuda")


# </TEST>
