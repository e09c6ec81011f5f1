# attack: Harness: a module written to a temporary file and imported
# why: the computing stands in another file
# expect: rejected FW402 line 28
# finds: FW408 line 37
# alone: rejected FileAccess
"""Fused Kernels: product, ReLU and residual"""

# <PYTHON>
import torch


def gated_residual_pytorch(x, y):
    return torch.relu(x * y) + x


# </PYTHON>

# <TRITON>
import importlib.util
import tempfile

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
    with tempfile.NamedTemporaryFile("w", suffix=".py") as file:
        file.write("def run(x, y):\n    return (x * y).relu() + x\n")
        file.flush()
        spec = importlib.util.spec_from_file_location("helper", file.name)
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
    return module.run(x, y)


# </TRITON>

# <TEST>
import torch


def get_test_inputs():
    return torch.randn(12, 100, device="cuda"), torch.randn(12, 100, device="cuda")


# </TEST>
