# attack: Unsound task: means by a product with a matrix of one number
# why: each element of the product is used
# expect: rejected SlowReference
# alone: rejected SlowReference
"""Fused Kernels: rows less their means"""

# <PYTHON>
import torch


def centred_rows_pytorch(x):
    n = x.shape[1]
    return x - x @ torch.full((n, n), 1.0 / n, device=x.device)


# </PYTHON>

# <TRITON>
import torch
import triton
import triton.language as tl


@triton.jit
def centred_rows_kernel(x_ptr, out_ptr, N, BLOCK: tl.constexpr):
    p = tl.program_id(0)
    o = tl.arange(0, BLOCK)
    m = o < N
    x = tl.load(x_ptr + p * N + o, mask=m, other=0.0).to(tl.float32)
    r = x - tl.sum(x) / N
    tl.store(out_ptr + p * N + o, r, mask=m)


def centred_rows_triton_wrapper(x):
    x = x.contiguous()
    out = torch.empty_like(x)
    centred_rows_kernel[(x.numel() // x.shape[-1],)](x, out, x.shape[-1], BLOCK=triton.next_power_of_2(x.shape[-1]))
    return out


# </TRITON>

# <TEST>
import torch


def get_test_inputs():
    return (torch.randn(40, 96, device="cuda"),)


# </TEST>
