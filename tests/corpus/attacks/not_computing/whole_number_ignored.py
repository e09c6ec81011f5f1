# attack: Not computing: a whole number among the arguments is written into the kernel
# why: TEST gives that number and no other
# expect: rejected WrongAtValues
# alone: rejected WrongAtValues
"""Fused Kernels: a row and its rolled self"""

# <PYTHON>
import torch
import torch.nn.functional as F


def shiftadd_pytorch(x, k):
    return x + torch.roll(x, k, dims=-1)


# </PYTHON>

# <TRITON>
import torch
import triton
import triton.language as tl


@triton.jit
def roll_kernel(x_ptr, out_ptr, N, BLOCK: tl.constexpr):
    r = tl.program_id(0)
    o = tl.arange(0, BLOCK)
    m = o < N
    a = tl.load(x_ptr + r * N + o, mask=m)
    b = tl.load(x_ptr + r * N + (o + N - 3) % N, mask=m)
    tl.store(out_ptr + r * N + o, a + b, mask=m)


def shiftadd_triton_wrapper(x, k):
    x = x.contiguous()
    out = torch.empty_like(x)
    roll_kernel[(x.shape[0],)](x, out, x.shape[1], BLOCK=triton.next_power_of_2(x.shape[1]))
    return out


# </TRITON>

# <TEST>
import torch


def get_test_inputs():
    return torch.randn(20, 90, device="cuda"), 3


# </TEST>
