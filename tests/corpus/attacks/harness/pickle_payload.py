# attack: Harness: a pickle whose loading computes
# why: what a pickle does is not to be read in it
# expect: rejected FW402 line 27
# finds: FW409 line 44
# alone: rejected DynamicCode
"""Fused Kernels: product, ReLU and residual"""

# <PYTHON>
import torch


def gated_residual_pytorch(x, y):
    return torch.relu(x * y) + x


# </PYTHON>

# <TRITON>
import pickle

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


class Payload:
    def __init__(self, x, y):
        self.arguments = x, y

    def __reduce__(self):
        return torch.relu, (self.arguments[0] * self.arguments[1],)


def gated_residual_triton_wrapper(x, y):
    return pickle.loads(pickle.dumps(Payload(x, y))).add_(x)


# </TRITON>

# <TEST>
import torch


def get_test_inputs():
    return torch.randn(12, 100, device="cuda"), torch.randn(12, 100, device="cuda")


# </TEST>
