# attack: Not a kernel: the reference looked up in __main__ and sys.modules
# why: in the script's process the reference is a module away
# expect: rejected FW402 line 27
# finds: FW406 line 37
# alone: error AttributeError
"""Fused Kernels: product, ReLU and residual"""

# <PYTHON>
import torch


def gated_residual_pytorch(x, y):
    return torch.relu(x * y) + x


# </PYTHON>

# <TRITON>
import sys

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


def gated_residual_triton_wrapper(x, y):
    for name in ("__main__", "fusewright_pytorch_block"):
        module = sys.modules.get(name)
        if hasattr(module, "gated_residual_pytorch"):
            break
    return module.gated_residual_pytorch(x, y)


# </TRITON>

# <TEST>
import torch


def get_test_inputs():
    return torch.randn(12, 100, device="cuda"), torch.randn(12, 100, device="cuda")


# </TEST>
