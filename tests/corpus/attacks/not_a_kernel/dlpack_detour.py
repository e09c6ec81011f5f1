# attack: Not a kernel: numpy computes on memory shared through DLPack
# why: no copy, no operator of torch, no method that a watcher knows
# expect: rejected FW406 line 37
# alone: rejected HiddenWork
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
def copy_kernel(x_ptr, out_ptr, n, BLOCK: tl.constexpr):
    i = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    mask = i < n
    tl.store(out_ptr + i, tl.load(x_ptr + i, mask=mask), mask=mask)


class Shared:
    def __init__(self, tensor):
        self.tensor = tensor

    def __dlpack__(self, **_named):
        return torch.utils.dlpack.to_dlpack(self.tensor)

    def __dlpack_device__(self):
        return 1, 0


def scaled_softmax_triton_wrapper(x, scale):
    values = np.from_dlpack(Shared(x)) * np.float32(scale)
    e = np.exp(values - values.max(-1, keepdims=True))
    hidden = torch.from_dlpack(e / e.sum(-1, keepdims=True))
    out = torch.empty_like(x)
    copy_kernel[(triton.cdiv(x.numel(), 256),)](hidden, out, x.numel(), BLOCK=256)
    return out


# </TRITON>

# <TEST>
import torch


def get_test_inputs():
    return torch.randn(24, 100, device="cuda"), 0.7


# </TEST>
