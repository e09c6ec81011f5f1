# attack: Wrong kernel: the program with the largest number finishes what all added up
# why: in Triton's interpreter it is the last one; the sum is an atomic's
# expect: rejected DependsOnOrder
# cuda: wrong
# alone: rejected DependsOnOrder
"""Fused Kernels: a vector brought to unit length"""

# <PYTHON>
import torch
import torch.nn.functional as F


def nrm_pytorch(x):
    return x / x.square().sum().sqrt()


# </PYTHON>

# <TRITON>
import torch
import triton
import triton.language as tl


@triton.jit
def nrm_kernel(x_ptr, s_ptr, out_ptr, n, P, BLOCK: tl.constexpr, WHOLE: tl.constexpr):
    p = tl.program_id(0)
    o = p * BLOCK + tl.arange(0, BLOCK)
    x = tl.load(x_ptr + o, mask=o < n, other=0.0)
    tl.atomic_add(s_ptr, tl.sum(x * x))
    if p == P - 1:
        total = tl.load(s_ptr)
        w = tl.arange(0, WHOLE)
        tl.store(out_ptr + w, tl.load(x_ptr + w, mask=w < n) / tl.sqrt(total), mask=w < n)


def nrm_triton_wrapper(x):
    x = x.contiguous()
    s = torch.zeros(1, device=x.device)
    out = torch.empty_like(x)
    P = triton.cdiv(x.numel(), 256)
    nrm_kernel[(P,)](x, s, out, x.numel(), P, BLOCK=256, WHOLE=triton.next_power_of_2(x.numel()))
    return out


# </TRITON>

# <TEST>
import torch


def get_test_inputs():
    return (torch.randn(1000, device="cuda"),)


# </TEST>
