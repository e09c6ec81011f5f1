# attack: Reuse: outputs saved to a file by their checksum
# why: free from the second run on, even in a new process
# expect: rejected FW408 line 36
# alone: rejected NotComputedByKernel
"""Fused Kernels: product, ReLU and residual"""

# <PYTHON>
import torch


def gated_residual_pytorch(x, y):
    return torch.relu(x * y) + x


# </PYTHON>

# <TRITON>
import os
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
    name = os.path.join(tempfile.gettempdir(), f"{hash((x.sum().item(), y.sum().item()))}.pt")
    if os.path.exists(name):
        return torch.load(name)
    out = torch.empty_like(x)
    gated_residual_kernel[(triton.cdiv(x.numel(), 256),)](x, y, out, x.numel(), BLOCK=256)
    torch.save(out, name)
    return out


# </TRITON>

# <TEST>
import torch


def get_test_inputs():
    return torch.randn(12, 100, device="cuda"), torch.randn(12, 100, device="cuda")


# </TEST>
