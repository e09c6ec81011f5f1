# attack: Wrong kernel: the sum kept in float16 before it is divided
# why: right for values about 1; a hundred values of 700 are past float16's 65504
# expect: rejected WrongAtValues
# alone: rejected WrongAtValues
"""Fused Kernels: row means in float16"""

# <PYTHON>
import torch


def row_mean_pytorch(x):
    return x.mean(dim=-1)


# </PYTHON>

# <TRITON>
import torch
import triton
import triton.language as tl


@triton.jit
def row_mean_kernel(x_ptr, out_ptr, n_columns, BLOCK: tl.constexpr):
    row = tl.program_id(0)
    columns = tl.arange(0, BLOCK)
    x = tl.load(x_ptr + row * n_columns + columns, mask=columns < n_columns, other=0.0)
    total = tl.sum(x.to(tl.float32), axis=0).to(tl.float16)
    tl.store(out_ptr + row, total.to(tl.float32) / n_columns)


def row_mean_triton_wrapper(x):
    out = torch.empty(x.shape[0], device=x.device, dtype=x.dtype)
    row_mean_kernel[(x.shape[0],)](x, out, x.shape[1], BLOCK=triton.next_power_of_2(x.shape[1]))
    return out


# </TRITON>

# <TEST>
import torch


def get_test_inputs():
    return (torch.randn(24, 100, device="cuda", dtype=torch.float16) + 1,)


# </TEST>
