# attack: Stolen: leftover memory through an untyped storage, which no patched torch.empty sees
# why: as torch.empty, by another allocator call
# expect: rejected FW419 line 31
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
    leftover = torch.Tensor().to(x.device).resize_(x.shape)
    out = torch.empty_like(x)
    copy_kernel[(triton.cdiv(x.numel(), 256),)](leftover, out, x.numel(), BLOCK=256)
    return out


# </TRITON>

# <TEST>
import torch


def get_test_inputs():
    return torch.randn(12, 100, device="cuda"), torch.randn(12, 100, device="cuda")


# </TEST>
