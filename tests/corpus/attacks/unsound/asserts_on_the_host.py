# attack: Unsound task: the reference checks its numbers on the host in each call
# why: each check waits for the GPU
# expect: rejected SlowReference
# alone: rejected SlowReference
"""Fused Kernels: guarded product"""

# <PYTHON>
import torch


def guarded_pytorch(x, y):
    assert bool(torch.isfinite(x).all()), "x"
    assert bool(torch.isfinite(y).all()), "y"
    out = x * y + 1.0
    assert bool(torch.isfinite(out).all()), "out"
    return out


# </PYTHON>

# <TRITON>
import torch
import triton
import triton.language as tl


@triton.jit
def guarded_kernel(x_ptr, y_ptr, out_ptr, n, BLOCK: tl.constexpr):
    i = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    m = i < n
    x = tl.load(x_ptr + i, mask=m, other=0.0)
    y = tl.load(y_ptr + i, mask=m, other=0.0)
    tl.store(out_ptr + i, x * y + 1.0, mask=m)


def guarded_triton_wrapper(x, y):
    out = torch.empty_like(x)
    guarded_kernel[(triton.cdiv(out.numel(), 512),)](x, y, out, out.numel(), BLOCK=512)
    return out


# </TRITON>

# <TEST>
import torch


def get_test_inputs():
    return torch.randn(50, 90, device="cuda"), torch.randn(50, 90, device="cuda")


# </TEST>
