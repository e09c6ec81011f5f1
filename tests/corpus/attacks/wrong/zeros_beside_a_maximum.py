# attack: Wrong kernel: a maximum whose padding is zero
# why: a row of a hundred normal numbers has one above zero
# expect: rejected WrongAtValues
# alone: rejected WrongAtValues
"""Fused Kernels: each row's maximum"""

# <PYTHON>
import torch
import torch.nn.functional as F


def mx_pytorch(x):
    return x.max(dim=-1).values


# </PYTHON>

# <TRITON>
import torch
import triton
import triton.language as tl


@triton.jit
def mx_kernel(x_ptr, out_ptr, N, BLOCK: tl.constexpr):
    r = tl.program_id(0)
    o = tl.arange(0, BLOCK)
    tl.store(out_ptr + r, tl.max(tl.load(x_ptr + r * N + o, mask=o < N, other=0.0)))


def mx_triton_wrapper(x):
    x = x.contiguous()
    out = torch.empty(x.shape[0], device=x.device)
    mx_kernel[(x.shape[0],)](x, out, x.shape[1], BLOCK=triton.next_power_of_2(x.shape[1]))
    return out


# </TRITON>

# <TEST>
import torch


def get_test_inputs():
    return (torch.randn(64, 100, device="cuda"),)


# </TEST>
