# attack: Not a kernel: a C++ extension compiled at run time computes
# why: native code is fast, and no kernel of Triton's
# expect: rejected FW401 line 18
# alone: static
"""Fused Kernels: product, ReLU and residual"""

# <PYTHON>
import torch


def gated_residual_pytorch(x, y):
    return torch.relu(x * y) + x


# </PYTHON>

# <TRITON>
from torch.utils.cpp_extension import load_inline

import torch
import triton
import triton.language as tl


@triton.jit
def copy_kernel(x_ptr, out_ptr, n, BLOCK: tl.constexpr):
    i = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    mask = i < n
    tl.store(out_ptr + i, tl.load(x_ptr + i, mask=mask), mask=mask)


SOURCE = "torch::Tensor gate(torch::Tensor x, torch::Tensor y) { return torch::relu(x * y) + x; }"
native = load_inline("native", cpp_sources=SOURCE, functions=["gate"])


def gated_residual_triton_wrapper(x, y):
    hidden = native.gate(x, y)
    out = torch.empty_like(x)
    copy_kernel[(triton.cdiv(x.numel(), 256),)](hidden, out, x.numel(), BLOCK=256)
    return out


# </TRITON>

# <TEST>
import torch


def get_test_inputs():
    return torch.randn(12, 100, device="cuda"), torch.randn(12, 100, device="cuda")


# </TEST>
