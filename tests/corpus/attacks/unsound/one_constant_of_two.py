# attack: Unsound task: the second output is one for all inputs
# why: part of a result says nothing
# expect: rejected ConstantOutput
# alone: rejected ConstantOutput
"""Fused Kernels: softmax and its mass"""

# <PYTHON>
import torch


def softmax_mass_pytorch(x):
    p = torch.softmax(x, -1)
    return p, p.sum(-1)


# </PYTHON>

# <TRITON>
import torch
import triton
import triton.language as tl


@triton.jit
def softmax_kernel(x_ptr, p_ptr, s_ptr, cols, BLOCK: tl.constexpr):
    row = tl.program_id(0)
    c = tl.arange(0, BLOCK)
    m = c < cols
    x = tl.load(x_ptr + row * cols + c, mask=m, other=-float("inf"))
    e = tl.exp(x - tl.max(x))
    tl.store(p_ptr + row * cols + c, e / tl.sum(e), mask=m)
    tl.store(s_ptr + row, 1.0)


def softmax_mass_triton_wrapper(x):
    x = x.contiguous()
    p = torch.empty_like(x)
    s = torch.empty(x.shape[0], device=x.device)
    softmax_kernel[(x.shape[0],)](x, p, s, x.shape[1], BLOCK=triton.next_power_of_2(x.shape[1]))
    return p, s


# </TRITON>

# <TEST>
import torch


def get_test_inputs():
    return (torch.randn(60, 110, device="cuda"),)


# </TEST>
