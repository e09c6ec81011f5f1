# attack: Unsound task: an input that is read and multiplied by zero
# why: it looks used, and no value of it matters
# expect: rejected FW419 line 31
# alone: rejected UnusedInput
"""Fused Kernels: product, ReLU and residual"""

# <PYTHON>
import torch


def gated_residual_pytorch(x, y):
    return torch.relu(x * x) + x + 0.0 * y


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
    tl.store(out_ptr + i, tl.maximum(x * x, 0.0) + x, mask=mask)


def gated_residual_triton_wrapper(x, y):
    out = torch.empty_like(x)
    n = x.numel()
    gated_residual_kernel[(triton.cdiv(n, 256),)](x, y, out, n, BLOCK=256)
    return out


# </TRITON>

# <TEST>
import torch


def get_test_inputs():
    return torch.randn(12, 100, device="cuda"), torch.randn(12, 100, device="cuda")


# </TEST>
