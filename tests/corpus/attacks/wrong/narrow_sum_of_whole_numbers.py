# attack: Wrong kernel: whole numbers summed in 16 bits
# why: the numbers that TEST draws are below five
# expect: rejected WrongAtValues
# alone: rejected WrongAtValues
"""Fused Kernels: sums of whole numbers"""

# <PYTHON>
import torch
import torch.nn.functional as F


def isum_pytorch(x):
    return x.sum(dim=-1)


# </PYTHON>

# <TRITON>
import torch
import triton
import triton.language as tl


@triton.jit
def isum_kernel(x_ptr, out_ptr, N, BLOCK: tl.constexpr):
    r = tl.program_id(0)
    o = tl.arange(0, BLOCK)
    x = tl.load(x_ptr + r * N + o, mask=o < N, other=0).to(tl.int16)
    total = tl.sum(x, axis=0).to(tl.int16)
    tl.store(out_ptr + r, total.to(tl.int64))


def isum_triton_wrapper(x):
    x = x.contiguous()
    out = torch.empty(x.shape[0], device=x.device, dtype=torch.int64)
    isum_kernel[(x.shape[0],)](x, out, x.shape[1], BLOCK=triton.next_power_of_2(x.shape[1]))
    return out


# </TRITON>

# <TEST>
import torch


def get_test_inputs():
    return (torch.randint(0, 5, (30, 200), device="cuda", dtype=torch.int32),)


# </TEST>
