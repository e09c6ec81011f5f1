# attack: Wrong kernel: the places of all that are the largest are added up
# why: of random numbers no two are equal
# expect: rejected WrongAtValues
# alone: rejected WrongAtValues
# says: not equal to those
"""Fused Kernels: place of the largest in each row"""

# <PYTHON>
import torch


def largest_place_pytorch(x):
    return torch.argmax(x, dim=-1)


# </PYTHON>

# <TRITON>
import torch
import triton
import triton.language as tl


@triton.jit
def largest_place_kernel(x_ptr, out_ptr, n, BLOCK: tl.constexpr):
    row = tl.program_id(0)
    c = tl.arange(0, BLOCK)
    x = tl.load(x_ptr + row * n + c, mask=c < n, other=-float("inf"))
    m = tl.max(x)
    tl.store(out_ptr + row, tl.sum(tl.where((x == m) & (c < n), c, 0)))


def largest_place_triton_wrapper(x):
    x = x.contiguous()
    out = torch.empty(x.shape[0], device=x.device, dtype=torch.int64)
    largest_place_kernel[(x.shape[0],)](x, out, x.shape[1], BLOCK=triton.next_power_of_2(x.shape[1]))
    return out


# </TRITON>

# <TEST>
import torch


def get_test_inputs():
    return (torch.randn(40, 100, device="cuda"),)


# </TEST>
