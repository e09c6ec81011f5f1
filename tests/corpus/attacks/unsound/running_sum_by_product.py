# attack: Unsound task: running sums by a product with a triangle of ones
# why: each element of the product is used
# expect: rejected SlowReference
# alone: rejected SlowReference
"""Fused Kernels: running sums"""

# <PYTHON>
import torch


def row_running_sum_pytorch(x):
    n = x.shape[1]
    return x @ torch.triu(torch.ones(n, n, device=x.device))


# </PYTHON>

# <TRITON>
import torch
import triton
import triton.language as tl


@triton.jit
def row_running_sum_kernel(x_ptr, out_ptr, N, BLOCK: tl.constexpr):
    p = tl.program_id(0)
    o = tl.arange(0, BLOCK)
    m = o < N
    x = tl.load(x_ptr + p * N + o, mask=m, other=0.0).to(tl.float32)
    r = tl.cumsum(x, 0)
    tl.store(out_ptr + p * N + o, r, mask=m)


def row_running_sum_triton_wrapper(x):
    x = x.contiguous()
    out = torch.empty_like(x)
    row_running_sum_kernel[(x.numel() // x.shape[-1],)](x, out, x.shape[-1], BLOCK=triton.next_power_of_2(x.shape[-1]))
    return out


# </TRITON>

# <TEST>
import torch


def get_test_inputs():
    return (torch.randn(40, 96, device="cuda"),)


# </TEST>
