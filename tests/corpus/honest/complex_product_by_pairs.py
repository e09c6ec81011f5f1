# kinds: complex numbers as pairs, elementwise, views as complex, float32
"""Fused Kernels: product of complex numbers that are given as pairs"""

# <PYTHON>
import torch


def complex_multiply(a, b):
    """a, b: [..., 2] real and imaginary parts"""
    ca = torch.view_as_complex(a)
    cb = torch.view_as_complex(b)
    return torch.view_as_real(ca * cb.conj())


# <TRITON>
import torch
import triton
import triton.language as tl


@triton.jit
def cmul_kernel(a_ptr, b_ptr, o_ptr, n, BLOCK: tl.constexpr):
    i = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    m = i < n
    ar = tl.load(a_ptr + 2 * i, mask=m, other=0.0)
    ai = tl.load(a_ptr + 2 * i + 1, mask=m, other=0.0)
    br = tl.load(b_ptr + 2 * i, mask=m, other=0.0)
    bi = tl.load(b_ptr + 2 * i + 1, mask=m, other=0.0)
    tl.store(o_ptr + 2 * i, ar * br + ai * bi, mask=m)
    tl.store(o_ptr + 2 * i + 1, ai * br - ar * bi, mask=m)


def complex_multiply(a, b):
    a, b = a.contiguous(), b.contiguous()
    o = torch.empty_like(a)
    n = a.numel() // 2
    cmul_kernel[(triton.cdiv(n, 512),)](a, b, o, n, BLOCK=512)
    return o


# <TEST>
import torch


def get_test_inputs():
    return torch.randn(33, 65, 2, device="cuda"), torch.randn(33, 65, 2, device="cuda")
