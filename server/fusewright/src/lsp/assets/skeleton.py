"""Fused Kernels: ${1:what is fused}"""

# <PYTHON>
import torch


def ${2:fused}_pytorch(x):
    return torch.relu(x) * 2.0


# </PYTHON>

# <TRITON>
import torch
import triton
import triton.language as tl


@triton.jit
def ${2:fused}_kernel(x_ptr, out_ptr, n, BLOCK: tl.constexpr):
    offsets = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    mask = offsets < n
    x = tl.load(x_ptr + offsets, mask=mask)
    tl.store(out_ptr + offsets, tl.maximum(x, 0.0) * 2.0, mask=mask)


def ${2:fused}_triton(x):
    out = torch.empty_like(x)
    n = x.numel()
    ${2:fused}_kernel[(triton.cdiv(n, 1024),)](x, out, n, BLOCK=1024)
    return out


# </TRITON>

# <TEST>
import torch


def get_test_inputs():
    return (torch.randn(1024, 1024, device="cuda"),)


# </TEST>
