# attack: Reuse: outputs kept by the inputs' data_ptr
# why: the script calls with one input again and again, so all calls but the first cost nothing
# expect: rejected FW410 line 37
# alone: rejected OutputReused
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


class Plans:
    def __init__(self):
        self.by_address = {}

    def find(self, *tensors):
        return self.by_address.setdefault(tuple(tensor.data_ptr() for tensor in tensors), [])


_plans = Plans()


def gated_residual_triton_wrapper(x, y):
    plan = _plans.find(x, y)
    if not plan:
        out = torch.empty_like(x)
        gated_residual_kernel[(triton.cdiv(x.numel(), 256),)](x, y, out, x.numel(), BLOCK=256)
        plan.append(out)
    return plan[0]


# </TRITON>

# <TEST>
import torch


def get_test_inputs():
    return torch.randn(12, 100, device="cuda"), torch.randn(12, 100, device="cuda")


# </TEST>
