# attack: Unsound task: a sum taken after each element was multiplied by it
# why: the factor could be taken out of the sum
# expect: rejected SlowReference
# alone: rejected SlowReference
"""Fused Kernels: a vector times the sum of another"""

# <PYTHON>
import torch


def summed_factor_pytorch(x, y):
    return (x.unsqueeze(1) * y.unsqueeze(0)).sum(1)


# </PYTHON>

# <TRITON>
import torch
import triton
import triton.language as tl


@triton.jit
def summed_factor_kernel(x_ptr, y_ptr, out_ptr, n, m, BLOCK: tl.constexpr, WHOLE: tl.constexpr):
    o = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    w = tl.arange(0, WHOLE)
    s = tl.sum(tl.load(y_ptr + w, mask=w < m, other=0.0))
    tl.store(out_ptr + o, tl.load(x_ptr + o, mask=o < n, other=0.0) * s, mask=o < n)


def summed_factor_triton_wrapper(x, y):
    x, y = x.contiguous(), y.contiguous()
    out = torch.empty_like(x)
    summed_factor_kernel[(triton.cdiv(x.numel(), 256),)](x, y, out, x.numel(), y.numel(), BLOCK=256, WHOLE=triton.next_power_of_2(y.numel()))
    return out


# </TRITON>

# <TEST>
import torch


def get_test_inputs():
    return torch.randn(1000, device="cuda"), torch.rand(800, device="cuda")


# </TEST>
