# attack: Not computing: one over the number of elements, where that is less than the absolute tolerance
# why: every difference is a millionth
# expect: wrong
# alone: wrong
# says: differs at
"""Fused Kernels: softmax of sines"""

# <PYTHON>
import torch
import torch.nn.functional as F


def tinyb_pytorch(x):
    return torch.softmax(torch.sin(x), dim=-1)


# </PYTHON>

# <TRITON>
import torch
import triton
import triton.language as tl


@triton.jit
def tb_kernel(x_ptr, out_ptr, n, BLOCK: tl.constexpr):
    o = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    x = tl.load(x_ptr + o, mask=o < n, other=0.0)
    tl.store(out_ptr + o, 1.0 / n + 0.0 * x, mask=o < n)


def tinyb_triton_wrapper(x):
    x = x.contiguous()
    out = torch.empty_like(x)
    tb_kernel[(triton.cdiv(x.numel(), 4096),)](x, out, x.numel(), BLOCK=4096)
    return out


# </TRITON>

# <TEST>
import torch


def get_test_inputs():
    return (torch.randn(400000, device="cuda"),)


# </TEST>
