# attack: Not a kernel: a property of a helper class
# why: a kernel is launched and writes the output; torch did the work
# expect: rejected FW401 line 36
# alone: rejected NotComputedByKernel
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
def copy_kernel(x_ptr, out_ptr, n, BLOCK: tl.constexpr):
    i = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    mask = i < n
    tl.store(out_ptr + i, tl.load(x_ptr + i, mask=mask), mask=mask)


class Scaled:
    def __init__(self, x, scale):
        self.x, self.scale = x, scale

    @property
    def normalised(self):
        return (self.x * self.scale).softmax(-1)


def scaled_softmax_triton_wrapper(x, scale):
    hidden = Scaled(x, scale).normalised
    out = torch.empty_like(x)
    copy_kernel[(triton.cdiv(x.numel(), 256),)](hidden, out, x.numel(), BLOCK=256)
    return out


# </TRITON>

# <TEST>
import torch


def get_test_inputs():
    return torch.randn(24, 100, device="cuda"), 0.7


# </TEST>
