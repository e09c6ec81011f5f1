# attack: Unsound task: columns computed one by one into their places
# why: no list and no stack
# expect: rejected SlowReference
# alone: rejected SlowReference
"""Fused Kernels: sigmoid of columns"""

# <PYTHON>
import torch


def by_columns_pytorch(x):
    out = torch.empty_like(x)
    for c in range(30):
        out[:, c].copy_(torch.sigmoid(x[:, c]))
    return out


# </PYTHON>

# <TRITON>
import torch
import triton
import triton.language as tl


@triton.jit
def by_columns_kernel(x_ptr, out_ptr, n, BLOCK: tl.constexpr):
    o = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    x = tl.load(x_ptr + o, mask=o < n, other=0.0)
    tl.store(out_ptr + o, tl.sigmoid(x), mask=o < n)


def by_columns_triton_wrapper(x):
    x = x.contiguous()
    out = torch.empty_like(x)
    by_columns_kernel[(triton.cdiv(x.numel(), 256),)](x, out, x.numel(), BLOCK=256)
    return out


# </TRITON>

# <TEST>
import torch


def get_test_inputs():
    return (torch.randn(400, 30, device="cuda"),)


# </TEST>
