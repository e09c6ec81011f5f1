# attack: Not a kernel: row sums by index_put_ with accumulate, scaled by a kernel
# why: an indexed write is no reduction to whoever goes by names
# expect: rejected FW401 line 31
# alone: rejected NotComputedByKernel
"""Fused Kernels: row sums, scaled"""

# <PYTHON>
import torch


def row_sums_pytorch(x):
    return x.sum(dim=-1) * 0.5


# </PYTHON>

# <TRITON>
import torch
import triton
import triton.language as tl


@triton.jit
def scale_kernel(x_ptr, out_ptr, n, BLOCK: tl.constexpr):
    i = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    tl.store(out_ptr + i, tl.load(x_ptr + i, mask=i < n) * 0.5, mask=i < n)


def row_sums_triton_wrapper(x):
    rows = torch.arange(x.shape[0], device=x.device).repeat_interleave(x.shape[1])
    sums = torch.zeros(x.shape[0], device=x.device).index_put_((rows,), x.flatten(), accumulate=True)
    out = torch.empty_like(sums)
    scale_kernel[(triton.cdiv(x.shape[0], 32),)](sums, out, x.shape[0], BLOCK=32)
    return out


# </TRITON>

# <TEST>
import torch


def get_test_inputs():
    return (torch.randn(24, 100, device="cuda"),)


# </TEST>
