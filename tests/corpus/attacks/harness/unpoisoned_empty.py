# attack: Harness: the true torch.empty taken from behind its replacement
# why: leftover memory is no longer marked
# expect: rejected FW406 line 32
# alone: wrong
# says: differs at
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
    true = getattr(torch.empty, "__wrapped__", torch.empty)
    leftover = true(x.shape, device=x.device, dtype=x.dtype)
    out = torch.empty_like(x)
    copy_kernel[(triton.cdiv(x.numel(), 256),)](leftover, out, x.numel(), BLOCK=256)
    return out


# </TRITON>

# <TEST>
import torch


def get_test_inputs():
    return torch.randn(12, 100, device="cuda"), torch.randn(12, 100, device="cuda")


# </TEST>
