# attack: Unsound task: running sums of which the last is taken
# why: a scan is slower than a sum on any card
# expect: rejected SlowReference
# alone: rejected SlowReference
"""Fused Kernels: sums of rows"""

# <PYTHON>
import torch


def row_total_pytorch(x):
    return torch.cumsum(x, -1)[:, -1]


# </PYTHON>

# <TRITON>
import torch
import triton
import triton.language as tl


@triton.jit
def row_total_kernel(x_ptr, out_ptr, N, BLOCK: tl.constexpr):
    p = tl.program_id(0)
    o = tl.arange(0, BLOCK)
    m = o < N
    x = tl.load(x_ptr + p * N + o, mask=m, other=0.0).to(tl.float32)
    r = tl.sum(x)
    tl.store(out_ptr + p, r)


def row_total_triton_wrapper(x):
    x = x.contiguous()
    out = torch.empty(x.shape[:-1], device=x.device, dtype=x.dtype)
    row_total_kernel[(x.numel() // x.shape[-1],)](x, out, x.shape[-1], BLOCK=triton.next_power_of_2(x.shape[-1]))
    return out


# </TRITON>

# <TEST>
import torch


def get_test_inputs():
    return (torch.randn(40, 96, device="cuda"),)


# </TEST>
