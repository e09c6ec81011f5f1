# attack: Wrong kernel: int64 sums kept in int32
# why: sums of a few small numbers fit, and nobody looks at the large ones
# expect: wrong
# alone: wrong
# says: differs at
"""Fused Kernels: sum of integers"""

# <PYTHON>
import torch


def integer_sums_pytorch(x):
    return x.sum(dim=-1)


# </PYTHON>

# <TRITON>
import torch
import triton
import triton.language as tl


@triton.jit
def integer_sums_kernel(x_ptr, out_ptr, n_columns, BLOCK: tl.constexpr):
    row = tl.program_id(0)
    columns = tl.arange(0, BLOCK)
    x = tl.load(x_ptr + row * n_columns + columns, mask=columns < n_columns, other=0)
    tl.store(out_ptr + row, tl.sum(x.to(tl.int32), axis=0).to(tl.int64))


def integer_sums_triton_wrapper(x):
    out = torch.empty(x.shape[0], device=x.device, dtype=torch.int64)
    integer_sums_kernel[(x.shape[0],)](x, out, x.shape[1], BLOCK=triton.next_power_of_2(x.shape[1]))
    return out


# </TRITON>

# <TEST>
import torch


def get_test_inputs():
    return (torch.randint(0, 2**30, (24, 100), device="cuda"),)


# </TEST>
