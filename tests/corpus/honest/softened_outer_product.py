# kinds: outer product, reduction, broadcasting
"""Fused Kernels: outer product of two vectors, softened, and its row sums"""

# <PYTHON>
import torch


def soft_outer_pytorch(left, right):
    return torch.tanh(left[:, None] * right[None, :]).sum(dim=1)


# </PYTHON>

# <TRITON>
import torch
import triton
import triton.language as tl


@triton.jit
def soft_outer_kernel(left_ptr, right_ptr, out_ptr, n_right, BLOCK: tl.constexpr):
    row = tl.program_id(0)
    left = tl.load(left_ptr + row)
    total = tl.zeros((BLOCK,), dtype=tl.float32)
    for start in range(0, n_right, BLOCK):
        columns = start + tl.arange(0, BLOCK)
        mask = columns < n_right
        x = left * tl.load(right_ptr + columns, mask=mask, other=0.0)
        fading = tl.exp(-2.0 * tl.abs(x))
        tanh = (1.0 - fading) / (1.0 + fading)
        total += tl.where(x < 0, -tanh, tanh)
    tl.store(out_ptr + row, tl.sum(total, axis=0))


def soft_outer_triton_wrapper(left, right):
    left, right = left.contiguous(), right.contiguous()
    out = torch.empty_like(left)
    soft_outer_kernel[(left.numel(),)](left, right, out, right.numel(), BLOCK=256)
    return out


# </TRITON>

# <TEST>
import torch


def get_test_inputs():
    return torch.randn(300, device="cuda"), torch.randn(500, device="cuda")


# </TEST>
