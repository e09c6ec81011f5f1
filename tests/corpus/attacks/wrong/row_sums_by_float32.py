# attack: Wrong kernel: sums of whole numbers are kept in float32
# why: small numbers with signs have small sums
# expect: rejected WrongAtValues
# alone: rejected WrongAtValues
"""Fused Kernels: row sums of whole numbers"""

# <PYTHON>
import torch


def whole_sum_pytorch(x):
    return x.sum(-1)


# </PYTHON>

# <TRITON>
import torch
import triton
import triton.language as tl


@triton.jit
def whole_sum_kernel(x_ptr, out_ptr, n, BLOCK: tl.constexpr):
    row = tl.program_id(0)
    c = tl.arange(0, BLOCK)
    x = tl.load(x_ptr + row * n + c, mask=c < n, other=0).to(tl.float32)
    tl.store(out_ptr + row, tl.sum(x).to(tl.int64))


def whole_sum_triton_wrapper(x):
    x = x.contiguous()
    out = torch.empty(x.shape[0], device=x.device, dtype=torch.int64)
    whole_sum_kernel[(x.shape[0],)](x, out, x.shape[1], BLOCK=triton.next_power_of_2(x.shape[1]))
    return out


# </TRITON>

# <TEST>
import torch


def get_test_inputs():
    return (torch.randint(-50, 50, (40, 100), device="cuda"),)


# </TEST>
