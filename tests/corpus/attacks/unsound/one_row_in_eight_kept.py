# attack: Unsound task: a Kronecker product of which one row in eight is kept
# why: the product is nowhere named a copy
# expect: rejected SlowReference
# alone: rejected SlowReference
"""Fused Kernels: sigmoid"""

# <PYTHON>
import torch


def kept_rows_pytorch(x):
    return torch.sigmoid(torch.kron(x, torch.ones(8, 1, device=x.device))[::8])


# </PYTHON>

# <TRITON>
import torch
import triton
import triton.language as tl


@triton.jit
def kept_rows_kernel(x_ptr, out_ptr, n, BLOCK: tl.constexpr):
    o = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    x = tl.load(x_ptr + o, mask=o < n, other=0.0)
    tl.store(out_ptr + o, tl.sigmoid(x), mask=o < n)


def kept_rows_triton_wrapper(x):
    x = x.contiguous()
    out = torch.empty_like(x)
    kept_rows_kernel[(triton.cdiv(x.numel(), 256),)](x, out, x.numel(), BLOCK=256)
    return out


# </TRITON>

# <TEST>
import torch


def get_test_inputs():
    return (torch.randn(64, 100, device="cuda"),)


# </TEST>
