# attack: Unsound task: an exponential takes a logarithm back
# why: only positive numbers have one
# expect: rejected SlowReference
# alone: rejected SlowReference
"""Fused Kernels: one more than each element"""

# <PYTHON>
import torch


def returned_pytorch(x):
    return torch.exp(torch.log(x)) + 1


# </PYTHON>

# <TRITON>
import torch
import triton
import triton.language as tl


@triton.jit
def returned_kernel(x_ptr, out_ptr, n, BLOCK: tl.constexpr):
    o = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    x = tl.load(x_ptr + o, mask=o < n, other=0.0)
    tl.store(out_ptr + o, x + 1, mask=o < n)


def returned_triton_wrapper(x):
    x = x.contiguous()
    out = torch.empty_like(x)
    returned_kernel[(triton.cdiv(x.numel(), 256),)](x, out, x.numel(), BLOCK=256)
    return out


# </TRITON>

# <TEST>
import torch


def get_test_inputs():
    return (torch.rand(64, 100, device="cuda"),)


# </TEST>
