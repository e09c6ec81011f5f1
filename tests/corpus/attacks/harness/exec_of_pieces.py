# attack: Harness: a program assembled from pieces and executed
# why: no word of the reference stands in the text
# expect: rejected FW402 line 25
# finds: FW409 line 36
# alone: rejected DynamicCode
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


def gated_residual_triton_wrapper(x, y):
    pieces = ["import torch", "result = torch.re" + "lu(x * y) + x"]
    names = {"x": x, "y": y}
    exec("\n".join(pieces), names)
    return names["result"]


# </TRITON>

# <TEST>
import torch


def get_test_inputs():
    return torch.randn(12, 100, device="cuda"), torch.randn(12, 100, device="cuda")


# </TEST>
