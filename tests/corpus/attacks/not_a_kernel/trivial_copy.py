# attack: Not a kernel: torch computes, a kernel copies the result out
# why: a kernel is launched, so a check that one ran passes; torch did the work
# expect: rejected FW401 line 31
# alone: rejected NotComputedByKernel
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
def copy_kernel(x_ptr, out_ptr, n, BLOCK: tl.constexpr):
    i = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    mask = i < n
    tl.store(out_ptr + i, tl.load(x_ptr + i, mask=mask), mask=mask)


def gated_residual_triton_wrapper(x, y):
    result = torch.relu(x * y) + x
    out = torch.empty_like(result)
    copy_kernel[(triton.cdiv(result.numel(), 256),)](result, out, result.numel(), BLOCK=256)
    return out


# </TRITON>

# <TEST>
import torch


def get_test_inputs():
    return torch.randn(12, 100, device="cuda"), torch.randn(12, 100, device="cuda")


# </TEST>
