# attack: Clock: the work is done when an object is deleted
# why: the next call, or the end of the loop, deletes the object outside of the clock
# expect: rejected FW402 line 26
# finds: FW418 line 40
# alone: wrong
# says: NaN
"""Fused Kernels: product, ReLU and residual"""

# <PYTHON>
import torch


def gated_residual_pytorch(x, y):
    return torch.relu(x * y) + x


# </PYTHON>

# <TRITON>
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


class Pending:
    last = []

    def __init__(self, x, y, out):
        self.arguments = x, y, out

    def __del__(self):
        x, y, out = self.arguments
        gated_residual_kernel[(triton.cdiv(x.numel(), 256),)](x, y, out, x.numel(), BLOCK=256)


def gated_residual_triton_wrapper(x, y):
    out = torch.empty_like(x)
    Pending.last[:] = [Pending(x, y, out)]
    return out


# </TRITON>

# <TEST>
import torch


def get_test_inputs():
    return torch.randn(12, 100, device="cuda"), torch.randn(12, 100, device="cuda")


# </TEST>
