# attack: Unsound task: the second input a copy of the first
# why: as one tensor twice, with memory of its own
# expect: rejected FW419 line 31
# alone: rejected WrongAtValues
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
    x = torch.randn(12, 100, device="cuda")
    return x, x.clone()


# </TEST>
