# kinds: list of tensors, concatenation, several launches, offsets, float16, no arithmetic
"""Fused Kernels: features side by side, each with a scale of its own"""

# <PYTHON>
import torch


def scaled_cat(tensors, scales):
    """tensors: a list of (N, D_i); scales: a list of numbers."""
    return torch.cat([t * s for t, s in zip(tensors, scales, strict=False)], dim=1)


# <TRITON>
import torch
import triton
import triton.language as tl


@triton.jit
def copy_scaled_kernel(x_ptr, y_ptr, scale, N, D, total, first, BLOCK: tl.constexpr):
    row = tl.program_id(0)
    c = tl.program_id(1) * BLOCK + tl.arange(0, BLOCK)
    mask = c < D
    x = tl.load(x_ptr + row * D + c, mask=mask)
    tl.store(y_ptr + row * total + first + c, (x * scale).to(y_ptr.dtype.element_ty), mask=mask)


def scaled_cat_triton(tensors, scales):
    N = tensors[0].shape[0]
    total = sum(t.shape[1] for t in tensors)
    out = torch.empty((N, total), device=tensors[0].device, dtype=tensors[0].dtype)
    first = 0
    for t, s in zip(tensors, scales, strict=False):
        D = t.shape[1]
        copy_scaled_kernel[(N, triton.cdiv(D, 128))](t.contiguous(), out, s, N, D, total, first, BLOCK=128)
        first += D
    return out


# <TEST>
import torch


def get_test_inputs():
    N = 50
    tensors = [torch.randn(N, d, device="cuda", dtype=torch.float16) for d in (40, 130, 7)]
    return tensors, [1.0, 0.5, 2.0]
