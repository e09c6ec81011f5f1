# attack: Not computing: rows longer than a block are summed in part
# why: TEST's rows fit into the block that is written down
# expect: rejected WrongAtSize
# alone: rejected WrongAtSize
"""Fused Kernels: sums of rows"""

# <PYTHON>
import torch


def row_sum_pytorch(x):
    return x.sum(-1)


# </PYTHON>

# <TRITON>
import torch
import triton
import triton.language as tl


@triton.jit
def row_sum_kernel(x_ptr, out_ptr, N, BLOCK: tl.constexpr):
    p = tl.program_id(0)
    o = tl.arange(0, BLOCK)
    m = o < N
    x = tl.load(x_ptr + p * N + o, mask=m, other=0.0).to(tl.float32)
    r = tl.sum(x)
    tl.store(out_ptr + p, r)


def row_sum_triton_wrapper(x):
    x = x.contiguous()
    out = torch.empty(x.shape[:-1], device=x.device, dtype=x.dtype)
    row_sum_kernel[(x.numel() // x.shape[-1],)](x, out, x.shape[-1], BLOCK=1024)
    return out


# </TRITON>

# <TEST>
import torch


def get_test_inputs():
    return (torch.randn(128, 1000, device="cuda"),)


# </TEST>
